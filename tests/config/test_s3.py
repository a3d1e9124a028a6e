"""Where a bucket is, as its URL says."""

from __future__ import annotations

import pytest

from service.config.s3 import S3Location, location, problem


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("s3://pictures", S3Location("pictures")),
        ("s3://pictures/", S3Location("pictures")),
        (
            "s3://pic.tures-1/imagegen/v1.2_a/?region=eu-west-3",
            S3Location("pic.tures-1", "imagegen/v1.2_a", "", "eu-west-3"),
        ),
        ("s3://pictures?endpoint=http://127.0.0.1:9000/", S3Location("pictures", endpoint="http://127.0.0.1:9000")),
        ("s3://pictures?endpoint=https%3A%2F%2F[::1]:9000", S3Location("pictures", endpoint="https://[::1]:9000")),
        ("s3://pictures/a?path_style=false", S3Location("pictures", "a", path_style=False)),
    ],
)
def test_what_a_url_means(url: str, meant: S3Location) -> None:
    """Bucket, prefix and options are read from the URL; what is not there has its default."""
    assert location(url) == meant
    assert problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:hush@pictures/prefix",
        "s3://pictures?endpoint=https://KEY:hush@store.example",
        "s3://pictures?secret=hush",
        "s3://pictures#hush",
        "s3:hush",
    ],
)
def test_no_secret_is_repeated(url: str) -> None:
    """What could be a key, at whatever place it is put by mistake, is refused and not repeated."""
    assert "hush" not in (problem(url) or "hush")


@pytest.mark.parametrize("prefix", ["a//b", "../b", "a/..", ".", "a b", "a%2Fb", "ä", "a\n", "//"])
def test_odd_prefixes(prefix: str) -> None:
    """A prefix consists of plain names between single slashes."""
    assert "expected a prefix" in (problem(f"s3://pictures/{prefix}") or "")
