"""Formats that a provider does not make, over both faces: the caller has what was asked, and is told who made it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from imagegen import Client
from PIL import Image

from tests.house import House
from tests.rest.asking import Json, ask, events_of, json_of, order, pictures
from tests.upstreams import openai as double
from tests.upstreams.openai import Drawn, drawn_in

MADE = {"parameter": "output_format", "action": "applied", "asked": "gif", "note": "made by the gateway"}
B64 = {"response_format": "b64_json"}


def gif(**asked: Any) -> Json:
    """gpt-image-2 makes png, jpeg and webp."""
    return order(output_format="gif", **asked)


def formats(*found: bytes) -> list[str | None]:
    return [Image.open(BytesIO(each)).format for each in found]


def told(body: Json) -> list[Json]:
    return [each for each in body["extra_fields"]["changes"] if each["parameter"].startswith("output_")]


async def test_rest(house: House) -> None:
    """The provider is asked for png, once; each image is a gif, and the answer says so."""
    answer = await ask(house, gif(n=2, output_compression=50, **B64))
    found = pictures(answer)

    assert formats(*found) == ["GIF", "GIF"]
    assert json_of(answer)["output_format"] == "gif"
    assert told(json_of(answer)) == [
        MADE,
        {
            "parameter": "output_compression",
            "action": "dropped",
            "asked": "50",
            "note": "only jpeg and webp can be compressed",
        },
    ]
    (seen,) = house.openai.requests
    assert [drawn_in(each) for each in found] == [Drawn(seen.index, 0), Drawn(seen.index, 1)]
    assert seen.body["output_format"] == "png"
    assert "output_compression" not in seen.body


async def test_rest_by_address(house: House) -> None:
    """Behind a URL lies what was asked for, under its own name."""
    (image,) = json_of(await ask(house, gif(response_format="url")))["data"]
    found = await ask(house, path=image["url"].removeprefix(house.rest), method="GET")

    assert found.headers["content-type"] == "image/gif"
    assert formats(found.content) == ["GIF"]


async def test_sse(house: House) -> None:
    """In a stream the partial images are converted as well, and every event names the format."""
    *partials, completed = events_of(await ask(house, gif(stream=True, partial_images=2)))

    assert [each.name for each in partials] == ["image_generation.partial_image"] * 2
    assert formats(*(each.picture for each in (*partials, completed))) == ["GIF"] * 3
    assert {each.data["output_format"] for each in (*partials, completed)} == {"gif"}
    assert told(completed.data) == [MADE]


async def test_grpc(house: House) -> None:
    """Over gRPC it is the same picture, with its media type and traits."""
    async with Client(house.grpc) as client:
        answer = await client.generate("a red cube", model="openai/gpt-image-2", size="1024x1024", output_format="gif")

    (image,) = answer.message.images
    assert (image.media_type, answer.message.traits.output_format) == ("image/gif", "gif")
    assert formats(*answer.pictures) == ["GIF"]


NEW = "openai/gpt-image-2.5-flare"
"""It makes gif and svg too, but not together with everything."""


@pytest.mark.parametrize(
    ("asked", "sent", "left_out"),
    [
        ({"output_format": "gif", "stream": True, "partial_images": 1}, {"output_format": "png", "stream": True}, ""),
        ({"output_format": "gif", "stream": True}, {"output_format": "gif"}, ""),
        ({"output_format": "svg", "stream": True, "partial_images": 1}, {"output_format": "svg"}, "partial_images"),
        ({"output_format": "gif", "output_compression": 50}, {"output_format": "gif"}, "output_compression"),
        ({"output_compression": 50}, {}, "output_compression"),
        ({"output_format": "gif", "background": "transparent"}, {"output_format": "png"}, ""),
        ({"output_format": "svg", "n": 2}, {"output_format": "svg", "n": 1}, ""),
    ],
    ids=str,
)
async def test_what_openai_does_not_take_together(house: House, asked: Json, sent: Json, left_out: str) -> None:
    """It is not sent together: what can be is made here, and what cannot be is told as dropped."""
    answer = await ask(house, order(model=NEW, **asked, **({} if asked.get("stream") else B64)))
    body = events_of(answer)[-1].data if asked.get("stream") else json_of(answer)

    assert answer.status_code == 200, answer.text
    assert body["output_format"] == asked.get("output_format", "png")
    dropped = [each["parameter"] for each in body["extra_fields"]["changes"] if each["action"] == "dropped"]
    assert dropped == ([left_out] if left_out else [])
    together = {"output_format", "stream", "n", "output_compression"}
    for seen in house.openai.requests:
        assert {name: value for name, value in seen.body.items() if name in together} == sent


async def test_no_jpeg_is_transparent(house: House) -> None:
    """It is refused by name, as OpenAI does, before anything is sent; of a fallback it is the reason why it is none."""
    both = {"background": "transparent", "output_format": "jpeg", **B64}
    refused = await ask(house, order(**both, fallbacks=["painter/scene"]))
    skipped = await ask(house, order(model="painter/scene", fallbacks=["openai/gpt-image-2"], **both))

    assert (refused.status_code, json_of(refused)["error"]["param"]) == (400, "background")
    assert not house.openai.requests
    assert formats(*pictures(skipped)) == ["JPEG"]
    (left,) = json_of(skipped)["extra_fields"]["skipped"]
    assert left["target"] == "openai/gpt-image-2"
    assert "ask for png or webp" in left["explanation"]


async def test_strict_has_nothing_against_it(house: House) -> None:
    """The caller has what was asked for, so nothing was translated."""
    async with Client(house.grpc) as client:
        answer = await client.generate("a red cube", model="openai/gpt-image-2", output_format="gif", strict=True)

    assert formats(*answer.pictures) == ["GIF"]


async def test_a_picture_that_cannot_be_read_is_delivered_as_it_came(house: House) -> None:
    """It is paid for: the caller has it, under its true name, and is told that it is not what was asked for."""
    half = BytesIO()
    Image.effect_noise((64, 64), 90).save(half, "PNG")
    house.openai.next(double.showing(half.getvalue()[:2000]))
    answer = await ask(house, gif(**B64))

    assert pictures(answer) == [half.getvalue()[:2000]]
    assert json_of(answer)["output_format"] == "png"
    (change,) = told(json_of(answer))
    assert (change["action"], change["note"]) == ("dropped", "not converted: it cannot be read")


async def test_a_jpeg_is_opaque(house: House) -> None:
    """Where the model decided otherwise, what could be seen through is white now, and the answer does not say else."""
    clear = BytesIO()
    Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(clear, "PNG")
    house.openai.next(double.showing(clear.getvalue()))
    answer = await ask(house, order(output_format="jpeg", **B64))

    (found,) = pictures(answer)
    assert formats(found) == ["JPEG"]
    assert json_of(answer)["background"] == "opaque"


async def test_a_fallback_converts_for_itself(house: House) -> None:
    """Each target is asked for what it makes: the first for a png to convert, the painter for the gif itself."""
    house.openai.next(double.status(500))
    answer = await ask(house, gif(fallbacks=["painter/scene"], **B64))

    assert formats(*pictures(answer)) == ["GIF"]
    assert told(json_of(answer)) == [{"parameter": "output_format", "action": "applied", "asked": "gif"}]
