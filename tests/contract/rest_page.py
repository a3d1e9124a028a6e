"""docs/rest.md, made from the bridge's table of routes: `python -m tests.contract.rest_page` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import Route

from rest_bridge.app import routes
from tests.contract.sources import HOUSE

PAGE = HOUSE / "docs" / "rest.md"

_INTRODUCTION = """\
# REST

<!-- Made from rest_bridge/app.py by `python -m tests.contract.rest_page`; do not edit. -->

OpenAI's images API, under every path where clients expect it. What a request may say is described, exactly, by
`GET /openapi.json` of a running bridge; what becomes of each parameter in [parameters.md](parameters.md); what an error
looks like in [errors.md](errors.md).

"""

_PURPOSES = {
    "images/generations": "Create images, whole or as server-sent events",
    "images/edits": "Not in this version: refused by name",
    "images/variations": "Not in this version: refused by name",
    "images/plan": "What a generation would do with the same body, and at most cost",
    "api/providers": "The providers, their keys, and what is asked last for the time being",
    "models": "The models that may be asked for",
    "models/{model}": "One of them",
    "health": "Whether the process answers",
    "health/ready": "Whether it may be sent requests: 503 while it stops, or the service does not serve",
    "metrics": "The bridge's metrics, for Prometheus",
    "openapi.json": "This API, as OpenAPI 3.1",
    "content": "A finished picture, by the signed link that an answer named",
}


def page() -> str:
    lines = [*_rows()]
    return _INTRODUCTION + "| path | method | what |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _rows() -> Iterator[str]:
    for route in sorted(routes(), key=lambda each: (_purpose(each), each.path)):
        methods = ", ".join(sorted((route.methods or set()) - {"HEAD"}))
        yield f"| `{_shown(route)}` | {methods} | {_purpose(route)} |"


def _shown(route: Route) -> str:
    return route.path.replace(":path}", "}")


def _purpose(route: Route) -> str:
    """By the longest ending that is known; a route without one stops here."""
    path = _shown(route)
    return _PURPOSES[max((end for end in _PURPOSES if path.endswith(f"/{end}")), key=len)]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
