"""Servers that are compatible in their own ways, behind the gateway: what each is sent, how it answers and fails."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from imagegen import v1
from imagegen.client import generation
from imagegen.errors import from_rpc_error
from msgspec.structs import replace
from PIL import Image
from structlog.testing import capture_logs

from service.config.schema import Provider
from service.domain.request import PARAMETER_NAMES, ImageRequest, Parameters
from service.providers import registry
from service.providers.azure import WIRE as AZURE
from service.providers.destinations import NOTHING
from service.providers.openai import WIRE as OPENAI
from service.providers.openai_compatible.cards import card
from service.providers.openai_compatible.cards import kinds as card_kinds
from service.stores.records.port import Row, Work
from tests.house import House
from tests.providers.houses import TIMEOUT, house_beside
from tests.rest.asking import Json, ask, events_of, json_of, pictures
from tests.rest.envelope import failure_of
from tests.upstreams import openai as of_openai
from tests.upstreams.compatible import KEY, CompatibleDouble
from tests.upstreams.openai import FORBIDDEN, Behaviour, Drawn, drawn_in

MODELS = {
    "nebius": "black-forest-labs/flux-schnell",
    "sgl": "Qwen/Qwen-Image",
    "vllm": "Qwen/Qwen-Image",
    "together": "black-forest-labs/FLUX.1-schnell",
    "deepinfra": "black-forest-labs/FLUX-1-schnell",
    "plain": "flux-dev",
}
PROMPT = "a red cube"
KEYLESS = ("sgl", "vllm", "plain")
B64 = {"response_format": "b64_json"}

FORMATS = {"sgl": "jpeg", "together": "jpeg"}
"""What a server makes where it is not asked for anything, if not png."""

every_kind = pytest.mark.parametrize("kind", MODELS)


@asynccontextmanager
async def beside(
    kind: str, directory: Path, *, keyed: bool | None = None
) -> AsyncGenerator[tuple[House, CompatibleDouble]]:
    """A house in front of one server; its provider has the name of the kind."""
    async with CompatibleDouble(kind) as server:
        named = "openai_compatible" if kind == "plain" else kind
        keys = [{"name": "main", "value": KEY}] if keyed or (keyed is None and kind not in KEYLESS) else []
        provider: dict[str, Any] = {"kind": named, "base_url": server.url, "keys": keys, "timeout": TIMEOUT}
        price = {"per_image": [{"size": "1024x1024", "price": "0.003"}]}
        prices = {f"{kind}/{MODELS[kind]}": price}
        async with house_beside(directory, server, {kind: provider}, [named], prices=prices) as house:
            yield house, server


def format_of(picture: bytes) -> str:
    return str(Image.open(BytesIO(picture)).format).lower()


def order(kind: str, **asked: Any) -> Json:
    return {"model": f"{kind}/{MODELS[kind]}", "prompt": PROMPT, **B64, **asked}


@dataclass(frozen=True, slots=True)
class Case:
    """What a caller asks, the exact body that is sent, and changes that are told beside "applied"."""

    kind: str
    asked: Json
    sent: Json
    told: Mapping[str, str] = field(default_factory=dict[str, str])


EVERYTHING: Json = {
    "n": 1,
    "size": "1536x1024",
    "quality": "hd",
    "style": "vivid",
    "output_format": "jpeg",
    "negative_prompt": "blur",
    "num_inference_steps": 20,
    "guidance_scale": 3.5,
    "seed": 7,
    "user": "u",
}
QUALITIES = {"quality": "dropped", "style": "dropped", "user": "dropped"}

CASES = {
    "nebius, nothing": Case("nebius", {}, {"model": MODELS["nebius"], **B64}),
    "nebius, everything": Case(
        "nebius",
        EVERYTHING,
        {
            "model": MODELS["nebius"],
            "width": 1536,
            "height": 1024,
            "response_extension": "jpg",
            "negative_prompt": "blur",
            "num_inference_steps": 20,
            "guidance_scale": 4,
            "seed": 7,
            **B64,
        },
        {**QUALITIES, "guidance_scale": "translated"},
    ),
    "nebius, auto and more": Case(
        "nebius",
        {"size": "auto", "loras": [{"url": "https://l.example/1", "scale": 1}]},
        {
            "model": MODELS["nebius"],
            "width": 1024,
            "height": 1024,
            "loras": [{"url": "https://l.example/1", "scale": 1}],
            **B64,
        },
        {"size": "translated", "loras": "passed"},
    ),
    "sgl, nothing": Case("sgl", {}, {"model": MODELS["sgl"], **B64}),
    "sgl, everything": Case(
        "sgl",
        {**EVERYTHING, "n": 3, "background": "opaque", "true_cfg_scale": 4.5},
        {
            "model": MODELS["sgl"],
            "n": 3,
            "size": "1536x1024",
            "background": "opaque",
            "output_format": "jpeg",
            "negative_prompt": "blur",
            "num_inference_steps": 20,
            "guidance_scale": 3.5,
            "seed": 7,
            "true_cfg_scale": 4.5,
            **B64,
        },
        {**QUALITIES, "true_cfg_scale": "passed"},
    ),
    "vllm, nothing": Case("vllm", {}, {"model": MODELS["vllm"], **B64}),
    "vllm, everything": Case(
        "vllm",
        {**EVERYTHING, "n": 2, "size": "512x512"},
        {
            "model": MODELS["vllm"],
            "n": 2,
            "size": "512x512",
            "output_format": "jpeg",
            "negative_prompt": "blur",
            "num_inference_steps": 20,
            "guidance_scale": 3.5,
            "seed": 7,
            **B64,
        },
        QUALITIES,
    ),
    "together, nothing": Case("together", {}, {"model": MODELS["together"], "response_format": "base64"}),
    "together, everything": Case(
        "together",
        {**EVERYTHING, "n": 4, "guidance_scale": 4.0, "disable_safety_checker": False},
        {
            "model": MODELS["together"],
            "n": 4,
            "width": 1536,
            "height": 1024,
            "output_format": "jpeg",
            "negative_prompt": "blur",
            "steps": 20,
            "guidance_scale": 4,
            "seed": 7,
            "disable_safety_checker": False,
            "response_format": "base64",
        },
        {**QUALITIES, "disable_safety_checker": "passed"},
    ),
    "deepinfra, nothing": Case("deepinfra", {}, {}),
    "deepinfra, everything": Case(
        "deepinfra",
        {**EVERYTHING, "n": 2},
        {
            "num_images": 2,
            "width": "1536",
            "height": "1024",
            "num_inference_steps": 20,
            "guidance_scale": 3.5,
            "seed": 7,
        },
        {**QUALITIES, "negative_prompt": "dropped"},
    ),
    "plain, nothing": Case("plain", {}, {"model": MODELS["plain"], **B64}),
    "plain, everything": Case(
        "plain",
        {**EVERYTHING, "size": "auto"},
        {
            "model": MODELS["plain"],
            "n": 1,
            "size": "auto",
            "quality": "hd",
            "style": "vivid",
            "output_format": "jpeg",
            "negative_prompt": "blur",
            "num_inference_steps": 20,
            "guidance_scale": 3.5,
            "seed": 7,
            "user": "u",
            **B64,
        },
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_is_sent(tmp_path: Path, case: Case) -> None:
    """The exact URL, headers and body; the pictures of that request; and a true line for each parameter."""
    async with beside(case.kind, tmp_path) as (house, server):
        answer = await ask(house, order(case.kind, **case.asked))
        made = pictures(answer)
        (seen,) = server.orders
        place = f"/v1/inference/{MODELS['deepinfra']}" if case.kind == "deepinfra" else "/v1/images/generations"
        assert seen.target == place
        assert seen.body == {"prompt": PROMPT, **case.sent}
        assert seen.headers.get("authorization") == (None if case.kind in KEYLESS else f"Bearer {KEY}")
        assert [drawn_in(each) for each in made] == [Drawn(seen.index, i) for i in range(case.asked.get("n", 1))]
        assert {format_of(each) for each in made} == {case.asked.get("output_format", FORMATS.get(case.kind, "png"))}
        fields = json_of(answer)["extra_fields"]
        told = {each["parameter"]: each["action"] for each in fields.get("changes", [])}
        assert told == {**dict.fromkeys(case.asked, "applied"), **case.told}
        assert fields["cost_usd"] == f"{server.billed_micro_usd / 1_000_000:g}"
        assert "usage" not in json_of(answer)
        assert "revised_prompt" not in json_of(answer)["data"][0]


async def test_more_images_than_it_makes_at_once(tmp_path: Path) -> None:
    """A server that makes one image a call is called three times, and each image is paid for once."""
    async with beside("nebius", tmp_path) as (house, server):
        answer = await ask(house, order("nebius", n=3, seed=5))
        fields = json_of(answer)["extra_fields"]
        assert sorted(seen.body["seed"] for seen in server.orders) == [5, 6, 7]
        assert len({*pictures(answer)}) == 3
        assert [each["index"] for each in json_of(answer)["data"]] == [0, 1, 2]
        assert {"parameter": "n", "action": "translated", "asked": "3", "sent": "1", "note": "3 calls"} in fields[
            "changes"
        ]
        assert fields["cost_usd"] == f"{server.billed_micro_usd / 1_000_000:g}"


@every_kind
async def test_a_stream_of_one_that_does_not_stream(tmp_path: Path, kind: str) -> None:
    """Whoever asks for a stream gets one, of the finished image alone; the server is asked for no stream."""
    async with beside(kind, tmp_path) as (house, server):
        answer = await ask(house, order(kind, stream=True, partial_images=2))
        (told,) = events_of(answer)
        assert told.name == "image_generation.completed"
        assert drawn_in(told.picture) == Drawn(0)
        assert "stream" not in server.orders[0].body
        assert "partial_images" not in server.orders[0].body


@pytest.mark.parametrize(
    ("kind", "asked", "field"),
    [
        ("nebius", {"output_format": "svg"}, "output_format"),
        ("deepinfra", {"output_format": "svg"}, "output_format"),
        ("vllm", {"guidance_scale": 101}, "guidance_scale"),
        ("sgl", {"background": "transparent", "num_inference_steps": 1001}, "num_inference_steps"),
        ("together", {"size": "1020"}, "size"),
    ],
)
async def test_what_it_cannot_take_is_refused_before_it_is_sent(
    tmp_path: Path, kind: str, asked: Json, field: str
) -> None:
    """What no server could be asked, or what nobody can make of its pictures, is refused by our own name of it."""
    async with beside(kind, tmp_path) as (house, server):
        body = failure_of(await ask(house, order(kind, **asked)))
        assert (body["status_code"], body["error"]["param"], body["is_bifrost_error"]) == (400, field, True)
        assert not server.requests


BROUGHT_NEAR: list[tuple[str, Json, Json, Json]] = [
    ("vllm", {"guidance_scale": 21}, {"guidance_scale": 20}, {"guidance_scale": ("21.0", "20")}),
    ("vllm", {"num_inference_steps": 201}, {"num_inference_steps": 200}, {"num_inference_steps": ("201", "200")}),
    ("together", {"size": "1020x1020"}, {"width": 1024, "height": 1024}, {"size": ("1020x1020", "1024x1024")}),
    ("together", {"aspect_ratio": "16:9"}, {"width": 1368, "height": 768}, {"aspect_ratio": ("16:9", "1368x768")}),
    ("deepinfra", {"size": "64x9999"}, {"width": "64", "height": "4096"}, {"size": ("64x9999", "64x4096")}),
]


@pytest.mark.parametrize(("kind", "asked", "sent", "told"), BROUGHT_NEAR, ids=lambda value: str(value)[:40])
async def test_what_it_cannot_take_becomes_the_nearest(
    tmp_path: Path, kind: str, asked: Json, sent: Json, told: Json
) -> None:
    """A server is sent what it takes, and the answer tells both; `strict` refuses that before anything is sent."""
    async with beside(kind, tmp_path) as (house, server):
        answer = await ask(house, order(kind, **asked))
        changes = json_of(answer)["extra_fields"]["changes"]
        assert {each["parameter"]: (each["asked"], each["sent"]) for each in changes} == told
        (seen,) = server.orders
        assert {name: seen.body[name] for name in sent} == sent

        refused = failure_of(await ask(house, order(kind, **asked, strict=True)))
        assert (refused["status_code"], refused["error"]["param"]) == (400, *asked)
        assert len(server.orders) == 1


@pytest.mark.parametrize(
    ("kind", "asked", "source"),
    [
        ("deepinfra", {"output_format": "webp", "output_compression": 40}, {}),
        ("together", {"output_format": "webp"}, {"output_format": "png"}),
        ("together", {"output_format": "jpeg", "output_compression": 40}, {"output_format": "png"}),
        ("nebius", {"output_format": "gif"}, {"response_extension": "png"}),
    ],
)
async def test_formats_that_it_does_not_make(tmp_path: Path, kind: str, asked: Json, source: Json) -> None:
    """It is asked for a png where it can be asked; the picture is the wanted one, whole and in a stream."""
    async with beside(kind, tmp_path) as (house, server):
        whole, stream = await ask(house, order(kind, **asked)), await ask(house, order(kind, **asked, stream=True))
        for body, picture in (
            (json_of(whole), *pictures(whole)),
            *((each.data, each.picture) for each in events_of(stream)),
        ):
            assert format_of(picture) == body["output_format"] == asked["output_format"]
            assert [(each["parameter"], each["action"], each["note"]) for each in body["extra_fields"]["changes"]] == [
                (name, "applied", "made by the gateway") for name in asked
            ]
        ours = ("output_format", "response_extension", "output_compression")
        for seen in server.orders:
            assert {name: value for name, value in seen.body.items() if name in ours} == source


NOT_THEIR_WAY: list[tuple[str, Json, str, str]] = [
    ("deepinfra", {"n": 1, "num_images": 4}, "num_images", "use n instead"),
    ("deepinfra", {"size": "64x64", "width": "4096"}, "width", "use size instead"),
    ("deepinfra", {"height": "4096"}, "height", "use size instead"),
    ("together", {"n": 1, "width": 4096}, "width", "use size instead"),
    ("nebius", {"response_extension": "png"}, "response_extension", "use output_format instead"),
    ("sgl", {"num_outputs_per_prompt": 10}, "num_outputs_per_prompt", "use n instead"),
    ("vllm", {"height": 8192}, "height", "use size instead"),
    ("plain", {"batch_size": 10}, "batch_size", "use n instead"),
]
"""What would be made, and billed, beside what we hold for; the name, and what is right."""


@pytest.mark.parametrize(("kind", "asked", "field", "says"), NOT_THEIR_WAY, ids=lambda value: str(value)[:40])
async def test_no_extra_overrules_what_was_priced(
    tmp_path: Path, kind: str, asked: Json, field: str, says: str
) -> None:
    """A server's own name for a parameter of ours is refused on both faces and in a plan, and nothing is tried."""
    async with beside(kind, tmp_path) as (house, server):
        answer = await ask(house, order(kind, **asked))
        error = failure_of(answer)["error"]
        assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_value", field)
        assert error["message"].startswith(field)
        assert says in error["message"]

        ours = {name: value for name, value in asked.items() if name in PARAMETER_NAMES}
        theirs = {name: value for name, value in asked.items() if name not in PARAMETER_NAMES}
        model = f"{kind}/{MODELS[kind]}"
        wanted = generation(PROMPT, model=model, extra_json=json.dumps(theirs), **ours)
        async with grpc.aio.insecure_channel(house.grpc) as channel:
            images = v1.ImageGenerationStub(channel)
            for refused in (
                images.GenerateImages(v1.GenerateImagesRequest(generation=wanted)),
                images.PlanImages(v1.PlanImagesRequest(generation=wanted)),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as failed:
                    await refused
                told = from_rpc_error(failed.value)
                assert (told.name, told.field) == ("invalid_parameter", field)
                assert says in told.message
        assert not server.requests
        assert not await house.gateway.records.read(_attempts)


def _attempts() -> Work[list[Row]]:
    return list((yield "SELECT request FROM attempts", ()))


@pytest.mark.parametrize("kind", [*card_kinds(), "openai", "azure"])
def test_nothing_of_ours_gives_way_to_an_extra(kind: str) -> None:
    """Whatever gets into the extras, a body says what was adapted and is always said; cards reserve these names."""
    wire = {"openai": OPENAI, "azure": AZURE}.get(kind) or card(kind).wire
    mine = Parameters(n=1, size="64x64", steps=3, guidance=2.0, output_format="png")
    plain = wire.body(ImageRequest(model="m", prompt=PROMPT, parameters=mine), "m", "dall-e-3")
    attack = {**dict.fromkeys(plain, "theirs"), "another": 1}
    request = ImageRequest(model="m", prompt=PROMPT, parameters=replace(mine, extras=attack))
    assert wire.body(request, "m", "dall-e-3") == {**plain, "another": 1}

    found = registry.find(kind)
    assert found
    models = found.make(Provider(kind=kind), NOTHING).models
    named = {theirs for theirs in wire.names.values() if theirs} | set(wire.always) | {"model", "prompt", "stream"}
    for model in models.values():
        assert named <= set(model.reserved)


@pytest.mark.parametrize(
    ("kind", "asked", "param", "says"),
    [
        (
            "nebius",
            {"num_inference_steps": 900},
            "num_inference_steps",
            "num_inference_steps: Input should be between 1 and 100",
        ),
        ("nebius", {"size": "32x32"}, "size", "width: Input should be between 64 and 4096"),
        ("nebius", {"mood": "calm"}, "mood", "mood: Extra inputs are not permitted"),
        ("sgl", {"true_cfg_scale": "x"}, "true_cfg_scale", "true_cfg_scale: Input should be a valid number"),
        ("vllm", {"true_cfg_scale": "x"}, "true_cfg_scale", "Input should be a valid number"),
        ("together", {"num_inference_steps": 101}, "num_inference_steps", "Input should be between 1 and 100"),
        ("deepinfra", {"num_inference_steps": 51}, None, "num_inference_steps: Input should be between 1 and 50"),
        ("plain", {"n": 10, "response": 1, "quality": "hd"}, None, None),
    ],
)
async def test_what_it_refuses_is_told_by_our_name(
    tmp_path: Path, kind: str, asked: Json, param: str | None, says: str | None
) -> None:
    """What a server refuses is the caller's 400, in its words, the parameter by the name that callers know."""
    async with beside(kind, tmp_path) as (house, server):
        answer = await ask(house, {**order(kind, **asked), "fallbacks": ["painter/scene"]})
        assert len(server.orders) == 1
        if says is None:
            assert answer.status_code == 200
            return
        error = failure_of(answer)["error"]
        assert (answer.status_code, error["code"], error.get("param")) == (400, "provider_rejected", param)
        assert says in error["message"]
        assert not server.bill


@dataclass(frozen=True, slots=True)
class Fault:
    status: int
    code: str
    falls_back: bool
    outcome: str = "rejected"
    upstream: int | None = None


def faults(server: CompatibleDouble) -> Mapping[str, tuple[Behaviour, Fault]]:
    """Every class of failure, in this server's own envelope."""

    def says(status: int, code: str, ours: int, *, falls_back: bool = True, **more: Any) -> tuple[Behaviour, Fault]:
        message = f"It is {status}, with key {KEY}."
        outcome = "unknown" if status in (502, 504) else "rejected"
        return server.refusing(status, message, **more), Fault(ours, code, falls_back, outcome, status)

    unknown: dict[str, tuple[Behaviour, Fault]] = {
        "reset": (of_openai.reset(), Fault(502, "provider_connection_lost", True, "unknown")),
        "silence": (of_openai.stall(), Fault(504, "provider_timeout", True, "unknown")),
        "half an answer": (of_openai.cut(), Fault(502, "provider_connection_lost", True, "unknown")),
        "no JSON": (of_openai.invalid_json(), Fault(502, "provider_invalid_answer", True, "unknown")),
        "a web page": (of_openai.html_in_200(), Fault(502, "provider_invalid_answer", True, "unknown")),
        "no image": (server.empty(), Fault(502, "provider_no_image", True, "unknown")),
    }
    return {
        "401": says(401, "provider_account", 502),
        "402": says(402, "provider_account", 502),
        "403": says(403, "provider_account", 502),
        "404": says(404, "provider_account", 502),
        "422": says(422, "provider_rejected", 400, falls_back=False),
        "429": says(429, "rate_limit_exceeded", 429, headers={"retry-after": "7"}),
        "500": says(500, "provider_error", 502),
        "503": says(503, "provider_overloaded", 503),
        "502": says(502, "provider_connection_lost", 502),
        "504": says(504, "provider_timeout", 504),
        **unknown,
    }


@every_kind
async def test_every_failure(tmp_path: Path, kind: str) -> None:
    """Each failure has its reason and outcome, is asked once, falls back where it may, and gives no key away."""
    async with beside(kind, tmp_path, keyed=True) as (house, server):
        for name, (does, fault) in faults(server).items():
            house.gateway.pipeline.health.forget()
            server.requests.clear()
            server.next(does, does)
            with capture_logs() as logs:
                answer = await ask(house, order(kind))
                body = failure_of(answer)
                assert (answer.status_code, body["error"]["code"]) == (fault.status, fault.code), name
                (attempt,) = body["extra_fields"]["attempts"]
                assert (attempt.get("status"), attempt["outcome"]) == (fault.upstream, fault.outcome), name
                assert len(server.orders) == 1, name
                house.gateway.pipeline.health.forget()
                again = await ask(house, {**order(kind, size="256x256"), "fallbacks": ["painter/scene"]})
                assert (again.status_code == 200) is fault.falls_back, name
            assert KEY not in answer.text + again.text + str(logs), name


async def test_vllm_serves_one_model(tmp_path: Path) -> None:
    """A server of one model that is asked for another is the operator's matter, and the next target is asked."""
    async with beside("vllm", tmp_path) as (house, server):
        asked = {**order("vllm", size="256x256"), "model": "vllm/another"}
        body = failure_of(await ask(house, asked))
        assert body["error"]["code"] == "provider_account"
        assert (await ask(house, {**asked, "fallbacks": ["painter/scene"]})).status_code == 200
        assert not server.bill


@pytest.mark.parametrize("kind", ["together", "deepinfra"])
async def test_what_its_safety_checker_refuses(tmp_path: Path, kind: str) -> None:
    """A refusal before (Together) or a flag after (DeepInfra: 200, and the picture is none) ends the chain."""
    async with beside(kind, tmp_path) as (house, server):
        asked = {**order(kind), "prompt": f"a {FORBIDDEN} thing", "fallbacks": ["painter/scene"]}
        answer = await ask(house, asked)
        body = failure_of(answer)
        assert (answer.status_code, body["error"]["code"]) == (400, "moderation_blocked")
        assert "nsfw" in body["error"]["message"].lower()
        assert len(server.orders) == 1
        assert server.billed_micro_usd == 0
        (attempt,) = body["extra_fields"]["attempts"]  # what was made before it was flagged may be billed all the same
        presumed = (attempt["outcome"], attempt["cost_usd"], attempt.get("presumed", False))
        assert presumed == (("unknown", "0.003", True) if kind == "deepinfra" else ("rejected", "0", False))


@every_kind
async def test_an_address_in_place_of_a_picture_is_fetched(tmp_path: Path, kind: str) -> None:
    """Where a server answers with addresses all the same, its own are gone to, and no key goes with it."""
    async with beside(kind, tmp_path) as (house, server):
        server.next(server.addresses())
        answer = await ask(house, order(kind, **({} if kind == "nebius" else {"n": 2})))
        made = pictures(answer)
        assert [drawn_in(each).image for each in made] == list(range(len(made)))
        fetched = [seen for seen in server.requests if seen.method == "GET"]
        assert len(fetched) == len(made)
        assert not [seen for seen in fetched if "authorization" in seen.headers]


async def test_an_address_elsewhere_is_not_gone_to(tmp_path: Path) -> None:
    """An address that is not public, and not the server's own, is no picture; what was made is owed."""
    async with beside("together", tmp_path) as (house, server):
        server.next(server.addresses("http://169.254.169.254/latest/meta-data"))
        body = failure_of(await ask(house, order("together")))
        assert (body["status_code"], body["error"]["code"]) == (502, "provider_invalid_answer")
        assert body["extra_fields"]["attempts"][0]["outcome"] == "unknown"
        assert "169.254" not in str(body)


@pytest.mark.parametrize("kind", ["sgl", "deepinfra"])
@pytest.mark.parametrize("bad", [0, 1, 3])
async def test_one_address_that_leads_nowhere_takes_no_other_along(tmp_path: Path, kind: str, bad: int) -> None:
    """Of four pictures the one that cannot be fetched is missing, and told; those after it come like those before."""
    async with beside(kind, tmp_path) as (house, server):
        server.next(server.addresses("http://169.254.169.254/x.png", of=bad))
        answer = await ask(house, order(kind, n=4))
        body = json_of(answer)
        assert answer.status_code == 200
        others = [index for index in range(4) if index != bad]
        assert [each["index"] for each in body["data"]] == others
        assert [drawn_in(each).image for each in pictures(answer)] == others
        fields = body["extra_fields"]
        assert [(each["index"], each["reason"]) for each in fields["failed_images"]] == [
            (bad, "provider_invalid_answer")
        ]
        (attempt,) = fields["attempts"]
        assert (attempt["outcome"], attempt["images"], attempt["cost_usd"]) == ("done", 3, "0.012")


@pytest.mark.parametrize("kind", ["sgl", "vllm", "plain"])
async def test_a_key_is_sent_where_there_is_one(tmp_path: Path, kind: str) -> None:
    """A server of one's own may be started with a key."""
    async with beside(kind, tmp_path, keyed=True) as (house, server):
        assert (await ask(house, order(kind))).status_code == 200
        assert server.orders[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ["..", "a/../b", "a//b", "/a", "a?b", "a#b", "%2e%2e"])
async def test_a_name_that_would_change_the_path_goes_nowhere(tmp_path: Path, name: str) -> None:
    """DeepInfra's models stand in the path: what is no plain name is never sent."""
    server = CompatibleDouble("deepinfra")
    async with server:
        named: dict[str, Any] = {"base_url": server.url, "keys": [{"value": KEY}], "models": [name]}
        async with house_beside(tmp_path, server, {"deepinfra": named}, []) as house:
            answer = await ask(house, {**order("deepinfra"), "model": f"deepinfra/{name}"})
            body = failure_of(answer)
            assert (answer.status_code, body["error"]["param"]) == (400, "model")
            assert not server.requests


async def test_what_is_listed(tmp_path: Path) -> None:
    """Models of the card and of the setting are listed and found by their names; any other name needs its provider."""
    async with CompatibleDouble("plain") as server:
        providers: dict[str, Any] = {
            "mine": {"kind": "openai_compatible", "base_url": server.url, "models": ["flux-dev", "sdxl"]},
            "together": {"models": ["black-forest-labs/FLUX.2-pro"]},
            "gpu": {"kind": "sgl"},
        }
        async with house_beside(tmp_path, server, providers, []) as house:
            answer = json_of(await ask(house, method="GET", path="/v1/models"))
            listed = [each["id"] for each in answer["data"]]
            assert {"mine/flux-dev", "mine/sdxl", "together/black-forest-labs/FLUX.2-pro"} <= set(listed)
            assert not [each for each in listed if "*" in each or each.startswith("gpu/")]
            assert (await ask(house, {"model": "flux-dev", "prompt": PROMPT})).status_code == 200
            assert (await ask(house, {"model": "mine/whatever:v2", "prompt": PROMPT})).status_code == 200
            assert [seen.body["model"] for seen in server.orders] == ["flux-dev", "whatever:v2"]
            stranger = await ask(house, {"model": "whatever", "prompt": PROMPT})
            assert (stranger.status_code, json_of(stranger)["error"]["code"]) == (404, "model_not_found")
            for model in ("gpu/anything", "together/black-forest-labs/FLUX.2-pro"):
                body = failure_of(await ask(house, {"model": model, "prompt": PROMPT}))
                assert body["error"]["code"] == "provider_not_configured"
