"""GET /openapi.json: exactly what is served, the request's schema taken from the type that reads it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from imagegen import errors, v1
from starlette.requests import Request
from starlette.responses import Response

from rest_bridge.json import dumps
from rest_bridge.openai_json import GenerationBody

# What the service checks, said here so that clients can be made and tested from it.
_BOUNDS: dict[str, dict[str, Any]] = {
    "model": {"minLength": 1, "maxLength": 256, "description": "A name of the configuration, or provider/model."},
    "prompt": {"minLength": 1, "maxLength": 32000, "description": "What to show; less where the model says so."},
    "n": {"minimum": 1, "maximum": 10, "description": "How many images; 1 when absent."},
    "size": {"pattern": "^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$", "description": "auto, or WIDTHxHEIGHT."},
    "quality": {"enum": ["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd", None]},
    "style": {"enum": ["natural", "vivid", None]},
    "response_format": {
        "enum": ["url", "b64_json", None],
        "description": "b64_json by default for gpt-image-… and chatgpt-image-…, else url. Not url in streams.",
    },
    "background": {"enum": ["transparent", "opaque", "auto", None]},
    "moderation": {"enum": ["auto", "low", None]},
    "output_format": {"enum": ["png", "jpeg", "webp", "gif", "svg", None]},
    "output_compression": {"minimum": 0, "maximum": 100},
    "partial_images": {"minimum": 0, "maximum": 3, "description": "How many partial images a stream shows."},
    "stream": {"description": "Answer with server-sent events."},
    "user": {"maxLength": 1024},
    "safety_identifier": {"maxLength": 1024},
    "fallbacks": {"maxItems": 10, "description": "Models to try, in order, when the first cannot be reached or fails."},
    "negative_prompt": {"maxLength": 32000},
    "num_inference_steps": {"minimum": 1, "maximum": 1000},
    "guidance_scale": {"minimum": 0, "maximum": 100},
    "aspect_ratio": {"pattern": "^(auto|[1-9][0-9]{0,3}:[1-9][0-9]{0,3})$"},
    "resolution": {"maxLength": 64},
}


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
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
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
        "components": {"schemas": _schemas(), "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(path: str) -> dict[str, Any] | None:
    """What a path does; None for the ones that are refused by name until their issue."""
    if path.endswith("/images/generations"):
        schema = "DeploymentGenerationRequest" if "{deployment" in path else "GenerationRequest"
        return {
            "summary": "Create images",
            "description": "Makes images from a prompt, answered whole or as server-sent events.",
            "security": [{}, {"bearer": []}],
            "parameters": [
                _header("X-Request-Timeout", {"type": "number", "exclusiveMinimum": 0, "maximum": 3600}),
                _header("X-Request-Id", {"type": "string"}),
                *([_query("api-version")] if "{deployment" in path else []),
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(schema)}}},
            "responses": {
                "200": {
                    "description": "The images, or the stream of events.",
                    "headers": {"x-request-id": {"schema": {"type": "string"}}},
                    "content": {
                        "application/json": {"schema": _ref("ImagesResponse")},
                        "text/event-stream": {"schema": _ref("ImageEvent")},
                    },
                },
                **_failures(400, 403, 404, 413, 415, 429, 500, 502, 503, 504),
            },
        }
    if path.endswith("/models"):
        return _read("List models", "ModelList")
    if path.endswith("/models/{model:path}"):
        return {**_read("One model", "Model", 404)}
    if path.endswith("/content"):
        return {
            "summary": "A finished picture",
            "parameters": [_query("exp"), _query("kid"), _query("sig")],
            "responses": {
                "200": {
                    "description": "The picture.",
                    "content": {"image/*": {"schema": {"type": "string", "contentMediaType": "image/*"}}},
                },
                **_failures(403, 404, 500, 503),
            },
        }
    if path in ("/health", "/health/ready"):
        body = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
        good = {"description": "It is.", "content": {"application/json": {"schema": body}}}
        return {"summary": path[1:], "responses": {"200": good, **({"503": good} if "ready" in path else {})}}
    if path in ("/metrics", "/openapi.json"):
        kind = "text/plain" if path == "/metrics" else "application/json"
        return {"summary": path[1:], "responses": {"200": {"description": path[1:], "content": {kind: {}}}}}
    return None


def _read(summary: str, schema: str, *failures: int) -> dict[str, Any]:
    good = {"description": summary, "content": {"application/json": {"schema": _ref(schema)}}}
    return {
        "summary": summary,
        "security": [{}, {"bearer": []}],
        "responses": {"200": good, **_failures(400, 500, 503, 504, *failures)},
    }


def _failures(*statuses: int) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Error")}}
    return {str(status): {"description": "An error envelope.", "content": content} for status in sorted(statuses)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


def _schemas() -> dict[str, Any]:
    body = msgspec.json.schema(GenerationBody)["$defs"]["GenerationBody"]
    properties: dict[str, Any] = {}
    for name, schema in body["properties"].items():
        properties[name] = _property(schema, _BOUNDS.get(name, {}))
    request = {
        "type": "object",
        "description": "Unknown members go on to providers that take them, and are reported.",
        "properties": properties,
        "required": ["model", "prompt"],
    }
    text, number = {"type": "string"}, {"type": "integer"}
    details = _object({"text_tokens": number, "image_tokens": number})
    usage = _object(
        {
            "input_tokens": number,
            "output_tokens": number,
            "total_tokens": number,
            "input_tokens_details": details,
            "output_tokens_details": details,
        }
    )
    traits = {"background": text, "output_format": text, "quality": text, "size": text}
    image = _object(
        {"url": {"type": "string", "format": "uri"}, "b64_json": text, "revised_prompt": text, "index": number}
    )
    reasons = [errors.name(value) for value in v1.Reason.values() if value]
    return {
        "GenerationRequest": request,
        "DeploymentGenerationRequest": {**request, "required": ["prompt"]},
        "ImagesResponse": _object(
            {
                "created": number,
                "data": {"type": "array", "items": image},
                **traits,
                "usage": usage,
                "extra_fields": _ref("ExtraFields"),
            },
            "created",
            "data",
        ),
        "ImageEvent": _object(
            {
                "type": {
                    "enum": [
                        "image_generation.partial_image",
                        "image_generation.completed",
                        "image_generation.failed",
                        "error",
                    ]
                },
                "b64_json": text,
                "partial_image_index": number,
                "sequence_number": number,
                "created_at": number,
                "index": number,
                **traits,
                "revised_prompt": text,
                "usage": usage,
                "extra_fields": _ref("ExtraFields"),
                "event_id": text,
                "is_bifrost_error": {"type": "boolean"},
                "status_code": number,
                "error": {"type": "object"},
            },
            "type",
            "sequence_number",
        ),
        "ExtraFields": _object(
            {
                "request_type": text,
                "provider": text,
                "provider_name": text,
                "model_requested": text,
                "model": text,
                "fallback_index": number,
                "latency": number,
                "cost_usd": text,
                "changes": {"type": "array", "items": {"type": "object"}},
                "attempts": {"type": "array", "items": {"type": "object"}},
                "skipped": {"type": "array", "items": {"type": "object"}},
                "reason": text,
                "failed_images": {"type": "array", "items": {"type": "object"}},
            }
        ),
        "Error": _object(
            {
                "event_id": text,
                "type": {"enum": reasons},
                "is_bifrost_error": {"type": "boolean"},
                "status_code": number,
                "error": _object(
                    {"type": text, "code": text, "message": text, "param": text, "event_id": text},
                    "type",
                    "code",
                    "message",
                ),
                "extra_fields": _ref("ExtraFields"),
            },
            "event_id",
            "type",
            "is_bifrost_error",
            "status_code",
            "error",
            "extra_fields",
        ),
        "Model": _object(
            {
                "id": text,
                "object": {"const": "model"},
                "created": number,
                "owned_by": text,
                "imagegen": {"type": "object"},
            },
            "id",
            "object",
            "created",
            "owned_by",
        ),
        "ModelList": _object(
            {"object": {"const": "list"}, "data": {"type": "array", "items": _ref("Model")}}, "object", "data"
        ),
    }


def _property(schema: dict[str, Any], bounds: dict[str, Any]) -> dict[str, Any]:
    """A field's own schema, with the service's bounds on the branch that is not null."""
    branches = [
        {**branch, **{name: value for name, value in bounds.items() if name not in ("description", "enum")}}
        if branch.get("type") != "null"
        else branch
        for branch in schema.get("anyOf", [schema])
    ]
    told = {name: bounds[name] for name in ("description", "enum") if name in bounds}
    return {"anyOf": branches, **told}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}
