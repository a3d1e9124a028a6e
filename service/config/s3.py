"""Where a bucket is: `s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION&path_style=false`, read from its URL.

Nothing is asked here, and there are no keys here: those come from the environment, as for every tool that speaks S3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

OPTIONS = ("endpoint", "region", "path_style")


@dataclass(frozen=True, slots=True)
class S3Location:
    """A bucket, and the part of it that is ours."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    """Whose server; empty for Amazon's."""

    region: str = ""
    """Empty for what the environment says, else us-east-1."""

    path_style: bool = True
    """Whether the bucket stands in the path rather than in the host's name."""


def location(url: str) -> S3Location:
    """Raises ValueError with what is wrong; the sentence repeats nothing that could be a secret."""
    match = re.fullmatch(r"s3://([^/?#]+)/?([^?#]*)\??([^#]*)", url)
    if not match:
        raise ValueError("expected s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION&path_style=true")
    bucket, prefix, query = match.groups()
    if "@" in bucket:
        raise ValueError("keys are not part of the URL; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise ValueError(f'expected a bucket of 3 to 63 lowercase letters, digits, "." and "-", got "{bucket}"')
    if not re.fullmatch(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*(?:/|$))*", prefix):
        raise ValueError(f'expected a prefix of letters, digits, "_", "." and "-" between "/", got "{prefix}"')
    options = _options(query)
    return S3Location(
        bucket=bucket,
        prefix=prefix.removesuffix("/"),
        endpoint=_endpoint(options["endpoint"]) if "endpoint" in options else "",
        region=_region(options["region"]) if "region" in options else "",
        path_style=_yes_or_no(options["path_style"]) if "path_style" in options else True,
    )


def problem(url: str) -> str | None:
    """What is wrong with the URL, if anything is."""
    try:
        location(url)
    except ValueError as error:
        return str(error)
    return None


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            raise ValueError(f'there is no option "{name}"; there are: {", ".join(OPTIONS)}')
        if name in options:
            raise ValueError(f'the option "{name}" is there twice')
        options[name] = value
    return options


def _endpoint(value: str) -> str:
    match = re.fullmatch(r"(https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)/?", value)
    if not match:
        raise ValueError("expected the endpoint as https://HOST:PORT or http://HOST:PORT and nothing more")
    return match[1]


def _region(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", value):
        raise ValueError(f'expected a region such as eu-central-1, got "{value}"')
    return value


def _yes_or_no(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f'expected path_style to be true or false, got "{value}"')
    return value == "true"
