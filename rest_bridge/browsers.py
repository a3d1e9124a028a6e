"""What browsers are told: to take an answer for nothing but what it is, and which other sites may read it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from starlette.responses import Response

Header = tuple[bytes, bytes]

SAFE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
"""On every answer, unless it says something else under the same name."""

SAFE_OVER_TLS: tuple[Header, ...] = (*SAFE, (b"strict-transport-security", b"max-age=31536000"))

SAFE_NAMES = frozenset(name for name, _ in SAFE)

_LINES = {
    scheme: b"".join(b"%b: %b\r\n" % each for each in headers)
    for scheme, headers in (("http", SAFE), ("https", SAFE_OVER_TLS))
}

EXPOSED = (
    "x-request-id, x-imagegen-provider, x-imagegen-model, x-imagegen-fallback-index, x-imagegen-upstream-ms, "
    "x-imagegen-cost-usd, x-imagegen-changes, x-imagegen-origin, retry-after, x-should-retry, "
    "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, "
    "x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
)
"""What scripts of listed sites may read of an answer's headers."""

_ASKED = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+){0,99}")


def safe_lines(scheme: str, without: Collection[bytes] = ()) -> bytes:
    """The safe headers as they are written, but for those that the answer says itself."""
    if not without:
        return _LINES[scheme]
    headers = SAFE if scheme == "http" else SAFE_OVER_TLS
    return b"".join(b"%b: %b\r\n" % each for each in headers if each[0] not in without)


class Sites:
    """The origins whose scripts may call. Nobody else is told anything, and nobody's cookies are asked for."""

    def __init__(self, origins: Iterable[str]) -> None:
        exposed = (b"access-control-expose-headers", EXPOSED.encode())
        self._listed = {
            origin: ((b"vary", b"origin"), (b"access-control-allow-origin", origin.encode()), exposed)
            for origin in origins
        }
        self._others = ((b"vary", b"origin"),) if self._listed else ()

    def headers(self, asking: Mapping[str, str]) -> Sequence[Header]:
        return self._listed.get(asking.get("origin", ""), self._others)

    def preflight(self, asking: Mapping[str, str], methods: Iterable[str]) -> Response | None:
        """The answer to a browser that asks whether it may ask, where it may."""
        if asking.get("origin") not in self._listed or "access-control-request-method" not in asking:
            return None
        headers = {"access-control-allow-methods": ", ".join(methods), "access-control-max-age": "600"}
        wanted = asking.get("access-control-request-headers", "")
        if _ASKED.fullmatch(wanted):
            headers["access-control-allow-headers"] = wanted
        return Response(None, 204, headers)
