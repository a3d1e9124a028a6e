"""The mock's answers, made once: real PNGs of noise, as OpenAI writes them in JSON and in server-sent events.

small   JSON of some hundred bytes with a tiny picture
large   JSON with a picture of 2 MB
sse     three partial pictures of 200 KB each, then one of 2 MB
"""

from __future__ import annotations

import base64
import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.places import BODIES, fresh

VERSION = "1"
"""Changed with whatever is made here, so that older files are made anew."""

CREATED = 1_790_000_000
TRAITS = {"background": "opaque", "output_format": "png", "quality": "medium", "size": "1024x1024"}
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 20},
    "output_tokens": 1056,
    "output_tokens_details": {"image_tokens": 1056, "text_tokens": 0},
    "total_tokens": 1076,
}
NAMES = ("small", "large", "sse")
PARTIALS = 3


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures that an answer of this kind carries, in the order in which they come."""

    png: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return sum(len(each) for each in self.png)

    @property
    def encoded(self) -> int:
        """How many bytes they are in base64."""
        return sum((len(each) + 2) // 3 * 4 for each in self.png)


def pictures(name: str) -> Pictures:
    """What a good answer of this kind holds."""
    count = PARTIALS + 1 if name == "sse" else 1
    return Pictures(tuple(_picture_file(name, number).read_bytes() for number in range(count)))


def make() -> Path:
    """The folder with every body in it, made where it is not there yet."""
    done = BODIES / "version"
    if done.exists() and done.read_text() == VERSION:
        return BODIES
    fresh(BODIES)
    for name, picture in (("small", noise(4, 4, 1)), ("large", noise(816, 817, 2))):
        _picture_file(name, 0).write_bytes(picture)
        (BODIES / f"{name}.body").write_bytes(_json(picture))
    events = b""
    for number in range(PARTIALS + 1):
        partial = number < PARTIALS
        picture = noise(258, 258, 3 + number) if partial else noise(816, 817, 9)
        _picture_file("sse", number).write_bytes(picture)
        events += partial_event(picture, number) if partial else completed_event(picture)
    (BODIES / "sse.body").write_bytes(events)
    done.write_text(VERSION)
    return BODIES


def noise(width: int, height: int, seed: int) -> bytes:
    """A PNG that nothing compresses: three bytes a pixel, and a little air."""
    pixels = random.Random(seed).randbytes(width * height * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def partial_event(picture: bytes, number: int) -> bytes:
    return _event("image_generation.partial_image", picture, {"partial_image_index": number})


def completed_event(picture: bytes) -> bytes:
    return _event("image_generation.completed", picture, {"usage": USAGE})


def _picture_file(name: str, number: int) -> Path:
    return BODIES / f"{name}.{number}.png"


def _json(picture: bytes) -> bytes:
    entry = {"b64_json": base64.b64encode(picture).decode()}
    return _text({"created": CREATED, **TRAITS, "data": [entry], "usage": USAGE})


def _event(kind: str, picture: bytes, more: dict[str, Any]) -> bytes:
    fields = {"type": kind, "b64_json": base64.b64encode(picture).decode(), "created_at": CREATED, **TRAITS, **more}
    return f"event: {kind}\ndata: ".encode() + _text(fields) + b"\n\n"


def _text(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
