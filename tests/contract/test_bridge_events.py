"""What the bridge makes of the stream: every value of it is in one of the events, or has a reason not to be."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from imagegen import Picture, v1
from imagegen.client import Event

from rest_bridge.asked import Asked
from rest_bridge.json import gathered
from rest_bridge.openai_events import sse_events
from tests.contract.reflection import filled
from tests.contract.test_bridge_json import NOT_IN_JSON, leaves, said_values, shown

UNTOLD: Mapping[str, str] = {
    **NOT_IN_JSON,
    "image_index": "is `index`, and too small a number to be looked for",
    "partial_index": "is `partial_image_index`, and too small a number to be looked for",
    "create_time": "each event has its own time",
}


async def events(*messages: Event, expected: int = 1) -> list[dict[str, Any]]:
    """The events that some of the service's become."""

    async def stream() -> AsyncGenerator[Event, None]:
        for message in messages:
            yield message

    pieces = [b"".join(gathered(each)).decode() async for each in sse_events(stream(), Asked("request-1", n=expected))]
    return [json.loads(each.partition("\ndata: ")[2]) for each in pieces]


async def test_every_value_of_a_stream_is_told() -> None:
    """A preview, an image and the account: of all that they say the events leave out what has a reason above."""
    start, end, completed = filled(v1.ImageStart()), filled(v1.ImageEnd()), filled(v1.Completed())
    whole = v1.ImageStart()
    whole.CopyFrom(start)
    whole.ClearField("partial_index")
    completed.ClearField("usage")  # each image has told its own
    preview, image = Picture(start, v1.ImageEnd(), b"preview"), Picture(whole, end, b"image")

    found = await events(preview, image, completed)
    assert [each["type"].rpartition(".")[2] for each in found] == ["partial_image", "completed"]
    seen = {leaf for each in found for leaf in leaves(each)}
    silent = {name for each in (start, end, completed) for name, value in said_values(each) if not shown(value) & seen}
    assert silent - set(UNTOLD) == set()


async def test_each_event_has_its_number_and_its_image() -> None:
    """Events are numbered through over all images, and each says whose it is; the account rides on the last."""
    pictures = [Picture(v1.ImageStart(image_index=index), v1.ImageEnd(), b"x") for index in (1, 0)]
    found = await events(*pictures, v1.Completed(), expected=2)

    assert [(each["sequence_number"], each["index"]) for each in found] == [(0, 1), (1, 0)]
    assert ["extra_fields" in each for each in found] == [False, True]


async def test_images_that_fail_after_the_last_are_told() -> None:
    """Where images fail while others came, the account on the last event names each of them; no error event is sent."""
    failed = v1.FailedImage(index=1, reason="provider_no_image", message="It did not come.")
    image = Picture(v1.ImageStart(), v1.ImageEnd(), b"x")
    (only,) = await events(image, failed, v1.Completed(failed_images=[failed]), expected=2)

    assert only["extra_fields"]["failed_images"] == [
        {"index": 1, "reason": "provider_no_image", "message": "It did not come."}
    ]
