"""A JSON text with pictures reads the same whether they are lifted out of it or parsed."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.providers.lifting import NAME, SMALL, document

LARGE = bytes(range(256)) * (SMALL // 128)
ANYHOW = re.compile("")
TEXT = pybase64.b64encode(LARGE).decode()


def read(text: str, before: str = "") -> Any:
    found = asyncio.run(document((before + text).encode(), len(before)))
    return [found.picture(item) for item in found.value["data"]]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("before", ["", "data: "])
def test_pictures_come_out_as_they_are(indent: int | None, before: str) -> None:
    """Several of them, large and small, however the text is laid out, and where they stand in a line."""
    items = [{"n": 1, NAME: TEXT, "revised_prompt": 'a "quoted" one'}, {NAME: "AAAA"}, {NAME: TEXT}, {"url": "there"}]
    told = json.dumps({"created": 5, "data": items}, indent=indent)
    assert read(told, before) == [LARGE, b"\0\0\0", LARGE, None]


def test_escaped_base64_is_parsed() -> None:
    """Some encoders write a slash with a backslash before it."""
    told = json.dumps({"data": [{NAME: TEXT}]}).replace("/", "\\/")
    assert "\\/" in told
    assert read(told) == [LARGE]


@pytest.mark.parametrize("text", ["not base64!" * SMALL, "A" * (SMALL + 1), "\u00e9" * SMALL])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=ANYHOW):
        read(json.dumps({"data": [{NAME: text}]}))


def test_a_text_that_only_mentions_a_picture_is_left_alone() -> None:
    """The name inside a prompt, and as a key that is not quite the name."""
    prompt = f'{{"{NAME}":"{TEXT}"}}'
    found = asyncio.run(document(json.dumps({"data": [], "prompt": prompt, f'x"{NAME}': TEXT}).encode()))
    assert found.value["prompt"] == prompt


@pytest.mark.parametrize("cut", [1, 2, 10, SMALL])
def test_half_a_text_is_not_json(cut: int) -> None:
    told = json.dumps({"data": [{NAME: TEXT}]})
    with pytest.raises(ValueError, match=ANYHOW):
        read(told[:-cut])


@given(st.lists(st.binary(max_size=64)), st.text(max_size=50))
def test_any_pictures_and_any_words(pictures: list[bytes], words: str) -> None:
    """The same as a parser finds, with a text around that is large enough to be lifted from."""
    items = [{NAME: pybase64.b64encode(each).decode(), "words": words} for each in pictures]
    told = json.dumps({"pad": words + "x" * SMALL, "data": items})
    assert read(told) == [each or None for each in pictures]
