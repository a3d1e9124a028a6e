"""A JSON text with pictures reads the same whether they are lifted out of it or parsed, however it is cut."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import offload
from service.errors import ProviderError, Reason
from service.providers.lifting import NAME, Document, Lifter

LARGE = bytes(range(256)) * 256
ANYHOW = re.compile("")
TEXT = pybase64.b64encode(LARGE).decode()
PLENTY = 10_000_000


def lifted(pieces: Sequence[bytes], most: int = PLENTY) -> tuple[Document, bytes]:
    """The document, and the text that was left of it."""

    async def lift() -> tuple[Document, bytes]:
        lifter = Lifter(most)
        left = b"".join([await lifter.feed(piece) for piece in pieces]) + lifter.rest()
        return await lifter.document(left), left

    return asyncio.run(lift())


def read(text: str, *cuts: int) -> Any:
    whole = text.encode()
    document, _ = lifted([whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)])
    return [document.picture(item) for item in document.value["data"]]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 2, 7, 100, PLENTY])
def test_pictures_come_out_as_they_are(indent: int | None, size: int) -> None:
    """Several of them, large and small, however the text is laid out, and in whatever pieces it comes."""
    items = [{"n": 1, NAME: TEXT, "revised_prompt": 'a "quoted" one'}, {NAME: "AAAA"}, {NAME: TEXT}, {"url": "there"}]
    told = json.dumps({"created": 5, "data": items}, indent=indent)
    assert read(told, *range(size, len(told), size)) == [LARGE, b"\0\0\0", LARGE, None]


def test_what_is_left_is_small() -> None:
    """No picture is carried on with the text, nor kept once it was taken."""
    told = json.dumps({"data": [{NAME: TEXT}, {NAME: TEXT}]}).encode()
    document, left = lifted([told])
    assert len(left) < 200
    assert [document.picture(item) for item in document.value["data"]] == [LARGE, LARGE]
    assert not document.lifted


@pytest.mark.parametrize("cut", [0, 1, 11, 30, 5000])
def test_escaped_base64_is_parsed(cut: int) -> None:
    """Some encoders write a slash with a backslash before it."""
    told = json.dumps({"data": [{NAME: TEXT}]}).replace("/", "\\/")
    assert "\\/" in told
    assert read(told, cut) == [LARGE]


@pytest.mark.parametrize(
    "text", ["not base64!" * 1000, "A" * 1001, "\u00e9" * 1000, "AA==AAAA", "AA==" * 2, "=", "A\\n"]
)
@pytest.mark.parametrize("cut", [25, 27, 28, 29, 30])
def test_what_is_no_base64_is_refused(text: str, cut: int) -> None:
    with pytest.raises(ValueError, match=ANYHOW):
        read(json.dumps({"data": [{NAME: text}]}), cut)


def test_a_text_that_only_mentions_a_picture_is_left_alone() -> None:
    """The name inside a prompt, and as a key that is not quite the name."""
    prompt = f'{{"{NAME}":"{TEXT}"}}'
    told = json.dumps({"data": [], "prompt": prompt, f'x"{NAME}': TEXT}).encode()
    document, left = lifted([told])
    assert document.value["prompt"] == prompt
    assert left == told


def test_more_than_there_is_room_for() -> None:
    """A picture that does not end is given up."""
    with pytest.raises(ProviderError) as given_up:
        lifted([f'{{"{NAME}":"'.encode(), *[b"A" * 100] * 20], most=1000)
    assert given_up.value.reason is Reason.PROVIDER_INVALID_ANSWER


async def test_what_was_taken_makes_room() -> None:
    """A stream of many pictures may be longer than what may wait at once."""
    lifter = Lifter(2 * len(TEXT))
    for _ in range(10):
        document = await lifter.document(await lifter.feed(json.dumps({NAME: TEXT}).encode()))
        assert document.picture(document.value) == LARGE


@pytest.mark.parametrize("cut", [30, 500, 1000])
async def test_a_picture_without_end_does_not_swallow_what_follows(cut: int) -> None:
    """In a stream another line may follow, and is a line."""
    half = json.dumps({"data": [{NAME: TEXT}]})[:1000].encode() + b"\n"
    lifter = Lifter(PLENTY)
    assert await lifter.feed(half[:cut]) + await lifter.feed(half[cut:] + b"data: 5\n") == half + b"data: 5\n"
    assert await lifter.feed(b"data: 6\n") == b"data: 6\n"


async def test_a_large_picture_is_decoded_beside_the_loop() -> None:
    """And is the same."""
    data = bytes(offload.LARGE)
    lifter = Lifter(2 * len(data))
    document = await lifter.document(await lifter.feed(json.dumps({NAME: pybase64.b64encode(data).decode()}).encode()))
    assert document.picture(document.value) == data


@pytest.mark.parametrize("cut", [1, 2, 10, 1000])
def test_half_a_text_is_not_json(cut: int) -> None:
    told = json.dumps({"data": [{NAME: TEXT}]})
    with pytest.raises(ValueError, match=ANYHOW):
        read(told[:-cut])


@given(st.lists(st.binary(max_size=64)), st.text(max_size=50), st.lists(st.integers(0, 500), max_size=8))
def test_any_pictures_and_any_words(pictures: list[bytes], words: str, cuts: list[int]) -> None:
    """The same as a parser finds, wherever the text is cut."""
    items = [{NAME: pybase64.b64encode(each).decode(), "words": words} for each in pictures]
    told = json.dumps({"pad": words, "data": items})
    assert read(told, *sorted(min(cut, len(told)) for cut in cuts)) == [each or None for each in pictures]
