"""GET /openapi.json: exactly what is served: every path, every status that it can have, every header."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rest_bridge.browsers import SAFE
from rest_bridge.json import dumps
from rest_bridge.names import CACHE_TYPE, DURATION, HEADERS
from rest_bridge.openapi_schemas import TEXT, exactly, one_of, ref, schemas


async def document(request: Request) -> Response:
    return Response(dumps(describe()), media_type="application/json")


@cache
def describe() -> dict[str, Any]:
    from rest_bridge.app import routes  # the table imports this endpoint

    paths: dict[str, Any] = {}
    for route in routes():
        operation = _operation(route.path)
        if operation is None:
            continue
        path = route.path.replace(":path}", "}")
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {**TEXT, "minLength": 1}}
            for name in route.param_convertors
        ]
        operation = {**operation, "parameters": [*parameters, *operation.get("parameters", ())]}
        method = "post" if "POST" in (route.methods or ()) else "get"
        operation["operationId"] = f"{method}{path}".replace("/", "_").replace("{", "").replace("}", "")
        paths[path] = {method: operation}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "imagegen",
            "version": version("imagegen-gateway"),
            "description": "One image API in front of every image model, as OpenAI's clients speak it.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": {f"Failure{status}": _failure(status) for status in _MEANINGS},
            "headers": {**_ON_EVERY, **_RETRY, **_REPORT},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(path: str) -> dict[str, Any] | None:
    """What a path does; None for the ones that are refused by name because they do not work yet."""
    if path.endswith("/images/generations"):
        schema = "DeploymentGenerationRequest" if "{deployment" in path else "GenerationRequest"
        return {
            "summary": "Create images",
            "description": "Makes images from a prompt, answered whole or as server-sent events.",
            "security": [{}, {"bearer": []}],
            "parameters": [
                *_of_images(),
                *([_query("api-version")] if "{deployment" in path else []),
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref(schema)}}},
            "responses": {
                "200": {
                    "description": "The images, or the stream of events.",
                    "headers": _named(*_ON_EVERY, *_REPORT),
                    "content": {
                        "application/json": {"schema": ref("ImagesResponse")},
                        "text/event-stream": {"schema": ref("SentEvent")},
                    },
                },
                **_failures(400, 401, 402, 403, 404, 405, 413, 415, 422, 429, 500, 502, 503, 504),
            },
        }
    if path == "/v1/images/plan":
        body = {"required": True, "content": {"application/json": {"schema": ref("GenerationRequest")}}}
        told = _read("What a generation would do, and at most cost", "ImagePlan", 402, 403, 404, 413, 415, 502)
        return {**told, "parameters": _of_images(), "requestBody": body}
    if path.endswith("/models"):
        return _read("List models", "ModelList")
    if path.endswith("/models/{model:path}"):
        return _read("One model", "Model", 404)
    if path == "/api/providers":
        return _read("List providers", "ProviderList")
    if path.endswith("/content"):
        return {
            "summary": "A finished picture",
            "parameters": [_query("exp"), _query("kid"), _query("sig"), *_common()],
            "responses": {
                "200": {
                    "description": "The picture.",
                    "headers": {**_named(*_ON_EVERY), "cache-control": _always("How long it may be kept.")},
                    "content": {"image/*": {"schema": {"type": "string", "contentMediaType": "image/*"}}},
                },
                **_failures(400, 403, 404, 405, 500, 503, 504),
            },
        }
    if path in ("/health", "/health/ready"):
        words = ("ready",) if "ready" in path else ("ok",)
        return {
            "summary": path[1:],
            "responses": {
                "200": _is(*words),
                **({"503": _is("not_ready")} if "ready" in path else {}),
                **_failures(405),
            },
        }
    if path in ("/metrics", "/openapi.json"):
        kind = "text/plain" if path == "/metrics" else "application/json"
        page: dict[str, Any] = {kind: {}}
        good = {"description": path[1:], "headers": _named(*_ON_EVERY), "content": page}
        return {"summary": path[1:], "responses": {"200": good, **_failures(405)}}
    return None


def _is(*words: str) -> dict[str, Any]:
    body = exactly({"status": one_of(*words)})
    return {"description": words[0], "headers": _named(*_ON_EVERY), "content": {"application/json": {"schema": body}}}


def _read(summary: str, schema: str, *failures: int) -> dict[str, Any]:
    good = {
        "description": summary,
        "headers": _named(*_ON_EVERY),
        "content": {"application/json": {"schema": ref(schema)}},
    }
    return {
        "summary": summary,
        "security": [{}, {"bearer": []}],
        "parameters": _common(),
        "responses": {"200": good, **_failures(400, 401, 405, 500, 503, 504, *failures)},
    }


def _always(about: str, schema: dict[str, Any] = TEXT) -> dict[str, Any]:
    return {"description": about, "required": True, "schema": schema}


def _optional(about: str, schema: dict[str, Any] = TEXT) -> dict[str, Any]:
    return {"description": about, "required": False, "schema": schema}


_ON_EVERY = {
    "x-request-id": _always("Names the request: the caller's, or ours."),
    **{name.decode(): _always(f"{value.decode()}, unless a path says otherwise.") for name, value in SAFE},
}
_REPORT = {
    "x-imagegen-provider": _optional("Who was asked."),
    "x-imagegen-model": _optional("For which model."),
    "x-imagegen-fallback-index": _optional("0 for the first target."),
    "x-imagegen-upstream-ms": _optional("How long the calls to providers took, added up."),
    "x-imagegen-cost-usd": _optional("What it cost."),
    "x-imagegen-changes": _optional("What became of parameters that were not applied as they came."),
    "x-imagegen-origin": _optional(
        "Whence the answer is, if it was not made for this call.", one_of("repeated", "cached")
    ),
}
_RETRY = {
    "x-should-retry": _always("Whether asking again can help without a second bill.", one_of("true", "false")),
    "retry-after": _optional("In how many seconds.", {"type": "integer", "minimum": 0}),
}
_MEANINGS = {
    400: "The request is at fault, and `error.param` says what of it.",
    401: "The key is unknown.",
    402: "The budget is empty.",
    403: "It is not allowed.",
    404: "There is nothing of that name.",
    405: "The path takes other methods.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
    422: "The idempotency key was used before, for another request.",
    429: "Too much was asked of the gateway or of a provider.",
    500: "The gateway failed.",
    502: "A provider failed, or cannot be reached.",
    503: "The gateway or a provider cannot take more now.",
    504: "Time ran out.",
}


def _named(*headers: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}


def _failures(*statuses: int) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/Failure{status}"} for status in sorted(statuses)}


def _failure(status: int) -> dict[str, Any]:
    headers = _named(*_ON_EVERY, *_RETRY, *_REPORT)
    if status == 405:
        headers = {**_named(*_ON_EVERY, *_RETRY), "allow": _always("The methods that it takes.")}
    content = {"application/json": {"schema": ref("Error")}}
    return {"description": _MEANINGS[status], "headers": headers, "content": content}


def _common() -> list[dict[str, Any]]:
    """What every call that reaches the service takes."""
    seconds = {"type": "number", "minimum": 0.001, "maximum": 3600}
    return [_header("X-Request-Timeout", seconds), _header("X-Request-Id", TEXT)]


_LENGTHS = {"provider_key": 256, "idempotency_key": 255, "cache.key": 255}


def _of_images() -> list[dict[str, Any]]:
    """What calls that make images take besides."""
    schemas = {
        **{name: {"type": "string", "minLength": 1, "maxLength": most} for name, most in _LENGTHS.items()},
        "cache.ttl": {"type": "string", "pattern": f"^{DURATION}$"},
        "cache.no_store": {"type": "string", "enum": ["true", "false"]},
    }
    names = [_header(HEADERS[field], schema) for field, schema in schemas.items()]
    return [*_common(), *names, _header(CACHE_TYPE, {"type": "string", "enum": ["direct"]})]


def _header(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": TEXT}
