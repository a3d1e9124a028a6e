"""The schemas of /openapi.json: the request's from the type that reads it, the answers' as they are written."""

from __future__ import annotations

from typing import Any

import msgspec
from imagegen import errors, v1

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
    "after_unknown": {
        "enum": ["fallback", "fail", None],
        "description": "Whether another provider is asked where one may have billed images that did not arrive.",
    },
    "strict": {
        "description": "Refuse what a model does not take as it is asked for, rather than translate or drop it."
    },
    "negative_prompt": {"maxLength": 32000},
    "num_inference_steps": {"minimum": 1, "maximum": 1000},
    "guidance_scale": {"minimum": 0, "maximum": 100},
    "aspect_ratio": {"pattern": "^(auto|[1-9][0-9]{0,3}:[1-9][0-9]{0,3})$"},
    "resolution": {"maxLength": 64},
}


TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
FLAG: dict[str, Any] = {"type": "boolean"}


def schemas() -> dict[str, Any]:
    return {**_request(), **_images(), **_account(), **_error(), **_models()}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def exactly(properties: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members, perhaps those, and no other."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def _request() -> dict[str, Any]:
    body = msgspec.json.schema(GenerationBody)["$defs"]["GenerationBody"]
    properties = {name: _property(schema, _BOUNDS.get(name, {})) for name, schema in body["properties"].items()}
    request = {
        "type": "object",
        "description": "Unknown members go on to providers that take them, and are reported.",
        "properties": properties,
        "required": ["model", "prompt"],
    }
    return {"GenerationRequest": request, "DeploymentGenerationRequest": {**request, "required": ["prompt"]}}


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


_TRAITS: dict[str, Any] = {**dict.fromkeys(("background", "output_format", "quality", "size"), TEXT)}


def _images() -> dict[str, Any]:
    details = exactly({"text_tokens": NUMBER, "image_tokens": NUMBER})
    counted = dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), NUMBER)
    usage = exactly({**counted}, {"input_tokens_details": details, "output_tokens_details": details})
    picture = {"revised_prompt": TEXT}
    answer = exactly(
        {"created": NUMBER, "data": {"type": "array", "items": ref("Image")}, "extra_fields": ref("ExtraFields")},
        {**_TRAITS, "usage": ref("Usage")},
    )
    place = {"index": NUMBER, "sequence_number": NUMBER, "created_at": NUMBER, "b64_json": TEXT}

    def event(name: str, properties: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
        return exactly({"type": {"const": f"image_generation.{name}"}, **properties}, optional)

    numbered = {"sequence_number": NUMBER, "created_at": NUMBER}
    account = {"extra_fields": ref("ExtraFields")}
    error = _envelope({"const": "error"}, {"sequence_number": NUMBER})
    return {
        "Usage": usage,
        "Image": {
            "oneOf": [
                exactly({"index": NUMBER, "b64_json": TEXT}, picture),
                exactly({"index": NUMBER, "url": {"type": "string", "format": "uri"}}, picture),
            ]
        },
        "ImagesResponse": answer,
        "SentEvent": {
            "description": "Each event of a stream: its lines `event` and `data`; no `id`, no `retry`, no [DONE].",
            **exactly({"event": _kinds(), "data": _inside(ref("ImageEvent"))}),
        },
        "ImageEvent": {
            "oneOf": [
                event("partial_image", {**place, "partial_image_index": NUMBER}, _TRAITS),
                event("completed", place, {**_TRAITS, **picture, **account, "usage": ref("Usage")}),
                event("failed", {**numbered, **account}, {}),
                error,
            ]
        },
    }


def _kinds() -> dict[str, Any]:
    return one_of(*(f"image_generation.{name}" for name in ("partial_image", "completed", "failed")), "error")


def _inside(schema: dict[str, Any]) -> dict[str, Any]:
    """JSON within a text."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def _account() -> dict[str, Any]:
    change = exactly(
        {"parameter": TEXT, "action": one_of("applied", "translated", "dropped", "passed"), "asked": TEXT},
        {"sent": TEXT, "note": TEXT},
    )
    attempt = exactly(
        {
            "number": NUMBER,
            "provider": TEXT,
            "provider_name": TEXT,
            "model": TEXT,
            "outcome": one_of("not_sent", "rejected", "unknown", "done"),
            "ms": NUMBER,
            "cost_usd": TEXT,
            "images": NUMBER,
            "presumed": FLAG,
        },
        {"reason": _reason(), "status": NUMBER},
    )
    failed = exactly({"index": NUMBER, "reason": _reason(), "message": TEXT})
    skipped = exactly({"target": TEXT, "explanation": TEXT})

    def several(of: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "minItems": 1, "items": of}

    found = {
        "request_type": one_of(
            "image_generation", "image_generation_stream", "image_edit", "image_edit_stream", "image_variation"
        ),
        "provider": TEXT,
        "provider_name": TEXT,
        "model_requested": TEXT,
        "model": TEXT,
        "fallback_index": NUMBER,
        "latency": NUMBER,
        "cost_usd": TEXT,
        "possible_duplicate_cost_usd": TEXT,
        "origin": {"type": "string", "enum": ["repeated", "cached"]},
        "changes": several(change),
        "attempts": several(attempt),
        "skipped": several(skipped),
        "failed_images": several(failed),
        "reason": _reason(),
    }
    step = exactly(
        {"provider": TEXT, "provider_name": TEXT, "model": TEXT, "changes": {"type": "array", "items": change}},
        {"max_cost_usd": TEXT, "price_as_of": TEXT, "note": TEXT},
    )
    plan = {
        "object": {"const": "image_plan"},
        "steps": several(step),
        "skipped": {"type": "array", "items": skipped},
    }
    return {"ExtraFields": exactly({}, found), "ImagePlan": exactly(plan, {"max_cost_usd": TEXT})}


def _reason() -> dict[str, Any]:
    return one_of(*(errors.name(value) for value in v1.Reason.values() if value))


def _envelope(kind: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    told = exactly({"type": TEXT, "code": TEXT, "message": TEXT, "event_id": TEXT}, {"param": TEXT})
    return exactly(
        {
            "event_id": TEXT,
            "type": kind,
            "is_bifrost_error": FLAG,
            "status_code": NUMBER,
            "error": told,
            "extra_fields": ref("ExtraFields"),
            **more,
        }
    )


def _error() -> dict[str, Any]:
    return {"Error": _envelope(_reason(), {})}


def _models() -> dict[str, Any]:
    number = {"type": "number"}
    words: dict[str, Any] = {"type": "array", "items": TEXT}
    synonyms = {"type": "object", "additionalProperties": TEXT}
    rule = dict.fromkeys(("multiple_of", "min_side", "max_side", "max_ratio", "min_pixels", "max_pixels"), number)
    domain = {
        "oneOf": [
            exactly({"choice": exactly({"values": words, "understood": synonyms})}),
            exactly({"integer": exactly({"low": NUMBER, "high": NUMBER})}),
            exactly({"range": exactly({"low": number, "high": number})}),
            exactly({"size": exactly({"names": words, "any": FLAG, "understood": synonyms}, {**rule})}),
            exactly({"text": exactly({})}),
        ]
    }
    ours = {
        "provider": TEXT,
        "configured": FLAG,
        "targets": words,
        "operations": words,
        "streaming": FLAG,
        "max_prompt_characters": NUMBER,
        "takes_extras": FLAG,
        "parameters": {"type": "object", "additionalProperties": domain},
    }
    known = {"id": TEXT, "object": {"const": "model"}, "created": NUMBER, "owned_by": TEXT}
    key = exactly({"name": TEXT, "weight": NUMBER, "models": words})
    out = exactly({"model": TEXT, "key": TEXT, "explanation": TEXT})
    provider = exactly(
        {
            "name": TEXT,
            "kind": TEXT,
            "configured": FLAG,
            "models": words,
            "keys": {"type": "array", "items": key},
            "out": {"type": "array", "items": out},
        }
    )
    return {
        "ProviderList": exactly({"object": {"const": "list"}, "data": {"type": "array", "items": provider}}),
        "Model": exactly({**known, "imagegen": exactly(ours)}),
        "ModelList": exactly({"object": {"const": "list"}, "data": {"type": "array", "items": ref("Model")}}),
    }
