"""Callers that no library would be: on a connection of their own, free to leave whenever they like."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from tests.house import House

PATH = "/v1/images/generations"


async def ask(
    house: House, body: Mapping[str, object], headers: Mapping[str, str] | None = None, *, reads: int = 2**16
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sends a request over a connection of its own, reading at most `reads` bytes ahead; transport.abort() leaves."""
    raw = json.dumps(body).encode()
    host, port = house.rest.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=reads)
    head = {"host": host, "content-type": "application/json", "content-length": str(len(raw)), **(headers or {})}
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    writer.write("\r\n".join(lines).encode() + raw)
    await writer.drain()
    return reader, writer
