"""A provider that answers whatever it is told to, byte for byte, in OpenAI's place."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from PIL import Image


@dataclass(slots=True)
class Mimic:
    """`answer` is the next answer's body, with its status and its type."""

    url: str = ""
    status: int = 200
    media_type: str = "application/json"
    headers: str = ""
    answer: bytes = b""

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                told = f"HTTP/1.1 {self.status} X\r\ncontent-type: {self.media_type}\r\n{self.headers}"
                writer.write(f"{told}content-length: {len(self.answer)}\r\n\r\n".encode("latin-1") + self.answer)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def mimicking() -> AsyncGenerator[Mimic]:
    mimic = Mimic()
    server = await asyncio.start_server(mimic.speak, "127.0.0.1", 0)
    mimic.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield mimic
    finally:
        server.close()


def _picture() -> str:
    made = io.BytesIO()
    Image.new("RGB", (8, 8)).save(made, "PNG")
    return base64.b64encode(made.getvalue()).decode()


PICTURE = _picture()
NASTY = (
    *("\r", "\n", "\r\n", "\n\n", "\u2028", "\0", "\x85", "\x0b"),
    *("event: error", "\ndata: {}\n\nevent: x\ndata: {}\n\n", "\r\rid: 7", "é", '"', "\\"),
)
"""What would end a line, or begin another event, where it came through as it is."""


def nasty(of: random.Random) -> str:
    return "".join(of.choice((*NASTY, "word ")) for _ in range(of.randint(1, 6)))


def good(of: random.Random) -> dict[str, Any]:
    """An answer as OpenAI gives it, with nasty texts."""
    return {
        "created": 1,
        "background": "opaque",
        "output_format": "png",
        "quality": "low",
        "size": "8x8",
        "data": [{"b64_json": PICTURE, "revised_prompt": nasty(of)}],
        "usage": {
            "input_tokens": 1,
            "output_tokens": 2,
            "total_tokens": 3,
            "input_tokens_details": {"text_tokens": 1, "image_tokens": 0},
        },
    }


def events(of: random.Random, partials: int) -> list[dict[str, Any]]:
    """A stream as OpenAI gives it."""
    begun = {"background": "opaque", "output_format": nasty(of), "quality": "low", "size": "8x8", "b64_json": PICTURE}
    shown = [
        {"type": "image_generation.partial_image", **begun, "partial_image_index": index} for index in range(partials)
    ]
    return [*shown, {"type": "image_generation.completed", **begun, "usage": {"input_tokens": 1, "output_tokens": 2}}]


def failure(of: random.Random) -> dict[str, Any]:
    return {"message": nasty(of), "type": nasty(of), "code": nasty(of), "param": of.choice([nasty(of), "prompt", 5])}


JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**53, 2**64, -(2**70), 1.5, 1e308, "", "x", "A", "AAAA", PICTURE[:40], PICTURE + "="),
    *([], {}, [[]], [None], [{"b64_json": PICTURE}], {"message": 5}, {"code": ["x"]}, "\ud800", "8x8", "9" * 400),
)


def mutated(of: random.Random, value: Any) -> Any:
    """The same with something in it that should not be there."""
    if of.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return of.choice((*JUNK, nasty(of)))
    if isinstance(value, list):
        items: list[Any] = [*value]  # pyright: ignore[reportUnknownArgumentType] - any JSON
        at = of.randrange(len(items))
        return of.choice(([*items[:at], mutated(of, items[at]), *items[at + 1 :]], items * 2, items[:at]))
    table: dict[str, Any] = {**value}  # pyright: ignore[reportUnknownArgumentType] - any JSON
    name = of.choice([*table])
    if of.random() < 0.2:
        del table[name]
    else:
        table[name] = mutated(of, table[name])
    return table


def broken(of: random.Random, text: bytes) -> bytes:
    """Bytes with a piece missing, twice, or of something else."""
    for _ in range(of.choice((0, 0, 1, 2))):
        at, end = sorted((of.randrange(len(text) + 1), of.randrange(len(text) + 1)))
        text = of.choice(
            (
                *(text[:at], text[:at] + text[end:], text[:end] + text[at:], text[:at] + b"\xff\xfe" + text[at:]),
                *(
                    text[:at] + b"[" * 2000 + text[at:],
                    text[:at] + b"\r\n\r\n" + text[at:],
                    text[:at] + b'"' + text[at:],
                ),
            )
        )
    return text


def written(events: list[Any]) -> bytes:
    parts: list[bytes] = []
    for each in events:
        kind = cast(dict[str, Any], each).get("type") if isinstance(each, dict) else "x"
        name = str(kind).replace("\r", "").replace("\n", "")
        parts.append(f"event: {name}\ndata: {json.dumps(each)}\n\n".encode("utf-8", "replace"))
    return b"".join(parts)
