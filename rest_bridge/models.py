"""GET …/models, as OpenAI lists them, and beside it what each model takes; GET /api/providers, who serves them."""

from __future__ import annotations

from typing import Any

from imagegen import ImagegenError, v1
from starlette.requests import Request
from starlette.responses import Response

from rest_bridge import errors
from rest_bridge.edge import errand_of, request_id_of
from rest_bridge.gateway import Gateway
from rest_bridge.json import dumps


async def list_models(request: Request) -> Response:
    gateway: Gateway = request.app.state.gateway
    try:
        errand, asking = errand_of(request), v1.ListModelsRequest()
        answer = await gateway.read(errand, "Models/ListModels", lambda lane: lane.models.ListModels, asking)
    except ImagegenError as error:
        return errors.response(error, request_id_of(request))
    return _listed([_model(each) for each in answer.models])


async def get_model(request: Request) -> Response:
    gateway: Gateway = request.app.state.gateway
    name: str = request.path_params["model"]
    if not name:
        return await list_models(request)
    try:
        errand, asking = errand_of(request), v1.GetModelRequest(name=name)
        answer = await gateway.read(errand, "Models/GetModel", lambda lane: lane.models.GetModel, asking)
    except ImagegenError as error:
        return errors.response(error, request_id_of(request), model=name)
    return Response(dumps(_model(answer.model)), media_type="application/json")


async def list_providers(request: Request) -> Response:
    gateway: Gateway = request.app.state.gateway
    try:
        errand, asking = errand_of(request), v1.ListProvidersRequest()
        answer = await gateway.read(errand, "Models/ListProviders", lambda lane: lane.models.ListProviders, asking)
    except ImagegenError as error:
        return errors.response(error, request_id_of(request))
    return _listed([_provider(each) for each in answer.providers])


def _listed(entries: list[dict[str, Any]]) -> Response:
    return Response(dumps({"object": "list", "data": entries}), media_type="application/json")


def _provider(of: v1.Provider) -> dict[str, Any]:
    return {
        "name": of.name,
        "kind": of.kind,
        "configured": of.configured,
        "models": list(of.models),
        "keys": [{"name": key.name, "weight": key.weight, "models": list(key.models)} for key in of.keys],
        "out": [{"model": out.model, "key": out.key, "explanation": out.explanation} for out in of.out],
    }


def _model(of: v1.Model) -> dict[str, Any]:
    return {
        "id": of.name,
        "object": "model",
        "created": 0,  # OpenAI's clients want a number; nobody says when a model was made
        "owned_by": of.kind,
        "imagegen": {
            "provider": of.provider,
            "configured": of.configured,
            "targets": list(of.targets),
            "operations": list(of.operations),
            "streaming": of.streaming,
            "max_prompt_characters": of.max_prompt_characters,
            "takes_extras": of.takes_extras,
            "parameters": {each.name: _domain(each) for each in of.parameters},
        },
    }


def _domain(of: v1.Parameter) -> dict[str, Any]:
    """What is taken for a parameter, under the name of its kind: {"integer": {…}}, {"choice": {…}}, {"text": {}}, …"""
    match of.WhichOneof("domain"):
        case "choice":
            return {"choice": {"values": list(of.choice.values), "understood": dict(of.choice.understood)}}
        case "integer":
            return {"integer": {"low": of.integer.low, "high": of.integer.high}}
        case "range":
            return {"range": {"low": _number(of.range.low), "high": _number(of.range.high)}}
        case "size":
            bounds = ("multiple_of", "min_side", "max_side", "max_ratio", "min_pixels", "max_pixels")
            rule = {name: _number(getattr(of.size, name)) for name in bounds} if of.size.any else {}
            names, understood = list(of.size.names), dict(of.size.understood)
            return {"size": {"names": names, "any": of.size.any, **rule, "understood": understood}}
        case _:
            return {"text": {}}


def _number(value: float) -> float:
    return int(value) if value == int(value) else value
