"""However OpenAI writes its stream, the caller sees the same pictures in the same order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import House
from tests.rest.asking import Tab, ask, events_of, order, pictures
from tests.upstreams.openai import (
    STRANGE,
    Behaviour,
    Drawn,
    auto_in_events,
    bom,
    comments,
    cr,
    crlf,
    done_marker,
    drawn_in,
    extra_keys,
    faithful,
    json_for_stream,
    multiline_data,
    no_event_lines,
    no_space,
    output_details,
    split,
    sse_for_json,
    unknown_events,
    wrong_content_type,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALONE: tuple[Callable[[], Behaviour], ...] = (
    faithful,
    crlf,
    cr,
    comments,
    multiline_data,
    split,
    no_space,
    no_event_lines,
    done_marker,
    bom,
    unknown_events,
    extra_keys,
    output_details,
    auto_in_events,
)
TOGETHER = (
    crlf() | split(),
    cr() | split(),
    bom() | split(),
    multiline_data() | crlf() | split(3),
    comments() | cr() | split(7),
    unknown_events() | no_space() | extra_keys() | done_marker(),
    no_event_lines() | multiline_data() | bom() | done_marker(),
)


@pytest.mark.parametrize("dialect", [make() for make in ALONE] + list(TOGETHER), ids=lambda each: each.name)
async def test_every_dialect_tells_the_same(home: House, tab: Tab, dialect: Behaviour) -> None:
    """Two images with a partial each arrive whole, in order, under their indexes, with their usage; then the end."""
    home.openai.next(dialect)
    answer = await ask(home, order(stream=True, n=2, partial_images=1))
    (seen,) = tab.sent
    events = events_of(answer)
    assert [(each.data["index"], drawn_in(each.picture)) for each in events] == [
        (image, Drawn(seen.index, image, partial)) for image in (0, 1) for partial in (0, None)
    ]
    used = sum(each.data["usage"]["total_tokens"] for each in events if "usage" in each.data)
    assert used == tab.charges[0].usage.streamed()["total_tokens"]
    assert STRANGE not in answer.text
    assert "from_the_future" not in answer.text
    assert "[DONE]" not in answer.text


async def test_keys_of_the_future_in_json(home: House, tab: Tab) -> None:
    """Keys that nobody knows, in letters of several bytes, do not trouble the whole answer either."""
    home.openai.next(extra_keys())
    (picture,) = pictures(await ask(home, order()))
    assert drawn_in(picture) == Drawn(tab.sent[0].index, 0)


async def test_a_stream_where_json_was_asked(home: House, tab: Tab) -> None:
    """An upstream that streams unasked still makes a whole answer."""
    home.openai.next(sse_for_json())
    found = pictures(await ask(home, order(n=2)))
    assert [drawn_in(each) for each in found] == [Drawn(tab.sent[0].index, image) for image in (0, 1)]


async def test_json_where_a_stream_was_asked(home: House, tab: Tab) -> None:
    """An upstream that does not stream still makes a stream: its images as completed events."""
    home.openai.next(json_for_stream())
    events = events_of(await ask(home, order(stream=True, n=2, partial_images=1)))
    assert [(each.name, drawn_in(each.picture)) for each in events] == [
        ("image_generation.completed", Drawn(tab.sent[0].index, image)) for image in (0, 1)
    ]


async def test_json_under_another_name(home: House, tab: Tab) -> None:
    """A JSON answer that is called text is read all the same: it was paid for."""
    home.openai.next(wrong_content_type())
    (picture,) = pictures(await ask(home, order()))
    assert drawn_in(picture) == Drawn(tab.sent[0].index, 0)
