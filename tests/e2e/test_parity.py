"""One gateway, two faces: the same request over REST and over gRPC is the same request to the provider."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from typing import Any

import httpx2 as httpx
from imagegen import Client, ImagegenError
from imagegen.report import action, dollars, outcome

from tests.house import House
from tests.upstreams import openai as double

REQUESTS = 200

MODELS = [
    "openai/gpt-image-2",
    "openai/gpt-image-1.5",
    "gpt-image-1-mini",
    "painter/scene",
    "dall-e-3",
    "no-such-model",
    "keyless/gpt-image-2",
    "azure/x",
]
CHOICES: dict[str, list[Any]] = {
    "n": [1, 2, 3, 0, 11],
    "size": ["auto", "256x256", "1024x1024", "1792x1024", "1536x1024", "17x17", "huge"],
    "quality": ["auto", "low", "standard", "hd", "xhigh", "best"],
    "style": ["vivid", "natural", "odd"],
    "background": ["auto", "opaque", "transparent"],
    "moderation": ["auto", "low"],
    "output_format": ["png", "jpeg", "webp", "bmp"],
    "output_compression": [0, 50, 100, 101],
    "user": ["someone"],
    "seed": [7, -1],
    "negative_prompt": ["people"],
    "aspect_ratio": ["16:9", "wide"],
    "resolution": ["2K"],
}
PAINTED = ["painter/scene", "dall-e-3"]
SMALL = ["64x64", "96x64", "17x17", "huge"]
"""What the painter is asked for: both faces wait while it paints."""

BEHAVIOURS = [
    double.faithful(),
    double.faithful(),
    double.faithful(),
    double.status(500),
    double.moderation_blocked(),
    double.status(429, retry_after="3"),
    double.empty_data(),
]


def _requests() -> list[dict[str, Any]]:
    """Two hundred requests, drawn once and for all: good ones, odd ones and bad ones."""
    chance = random.Random(2026)
    drawn: list[dict[str, Any]] = []
    for number in range(REQUESTS):
        names = chance.sample(sorted(CHOICES), chance.randint(0, 4))
        parameters = {name: chance.choice(CHOICES[name]) for name in names}
        fallbacks = chance.choice([[], [], ["second/gpt-image-2"], ["painter/scene"]])
        model = chance.choice(MODELS)
        if model in PAINTED:
            parameters["size"] = chance.choice(SMALL)
        drawn.append({"model": model, "prompt": f"picture {number}", "fallbacks": fallbacks, **parameters})
    return drawn


async def _over_rest(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = (await client.post("/v1/images/generations", json={**body, "response_format": "b64_json"})).json()
    fields = answer["extra_fields"]
    told: dict[str, Any] = {
        "changes": [(each["parameter"], each["action"], each.get("sent", "")) for each in fields.get("changes", ())],
        "attempts": [
            (each["provider_name"], each["outcome"], each.get("reason")) for each in fields.get("attempts", ())
        ],
        "cost": fields.get("cost_usd"),
    }
    if "error" in answer:
        return {
            **told,
            "reason": answer["type"],
            "field": answer["error"].get("param"),
            "says": _plain(answer["error"]["message"]),
        }
    return {**told, "images": [_digest(base64.b64decode(each["b64_json"])) for each in answer["data"]]}


async def _over_grpc(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = await client.generate(**body)
    except ImagegenError as error:
        told = _account(error.report)
        return {**told, "reason": error.name, "field": error.field, "says": _plain(error.message)}
    return {**_account(answer.message.report), "images": [_digest(each) for each in answer.pictures]}


def _account(report: Any) -> dict[str, Any]:
    return {
        "changes": [(each.parameter, action(each), each.sent) for each in report.changes],
        "attempts": [
            (each.provider, outcome(each), each.reason if each.HasField("reason") else None) for each in report.attempts
        ],
        "cost": dollars(report.cost_micro_usd) if report.HasField("provider") else None,
    }


def _plain(message: str) -> str:
    """Without the provider's id of the request, which no two requests share."""
    return re.sub(r"req_[0-9a-f]+", "req_…", message)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_two_hundred_requests_over_both_faces(house: House) -> None:
    """Provider bytes, changes, attempts, cost and reasons are the same on both faces."""
    picture = double.big_png(1000)
    chance = random.Random(7)
    reasons: set[str | None] = set()
    async with httpx.AsyncClient(base_url=house.rest, timeout=30) as rest, Client(house.grpc) as grpc:
        for body in _requests():
            behaviour = double.showing(picture) | chance.choice(BEHAVIOURS)
            sent: list[list[Any]] = []
            told: list[dict[str, Any]] = []
            house.openai.always(behaviour)
            for face in ("rest", "grpc"):
                house.gateway.pipeline.health.forget()  # what the first face has met is not the second one's
                before = len(house.openai.requests)
                told.append(await (_over_rest(rest, body) if face == "rest" else _over_grpc(grpc, body)))
                sent.append([seen.body for seen in house.openai.requests[before:]])
            over_rest, over_grpc = told

            changes = [each for each in over_rest["changes"] if each[0] != "response_format"]
            assert {**over_rest, "changes": changes} == over_grpc, body
            assert sent[0] == sent[1], body
            reasons.add(over_grpc.get("reason"))

    assert len(reasons) >= 8, f"the requests drawn meet too few endings: {reasons}"
