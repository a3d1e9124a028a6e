"""A socket of one's own to the bridge: what is written is written as it is, what comes is read strictly."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from prometheus_client.parser import text_string_to_metric_families

from tests.house import House
from tests.rest.asking import Json, ask


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return orjson.loads(self.body)


@asynccontextmanager
async def line(house: House) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = house.rest.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(house: House, sent: bytes, within: float = 10) -> bytes:
    """All that comes until the bridge closes the connection."""
    async with line(house) as (reader, writer), asyncio.timeout(within):
        writer.write(sent)
        return await reader.read()


async def one_of(reader: asyncio.StreamReader) -> Answer:
    """The next answer, of a stated length, on a connection that may stay."""
    raw = await reader.readuntil(b"\r\n\r\n")
    size = re.search(rb"content-length: (\d+)", raw)
    (answer,) = answers(raw + await reader.readexactly(int(size[1]) if size else 0))
    return answer


def answers(raw: bytes, *, bodiless: bool = False) -> list[Answer]:
    """What came, as the answers it is made of, to the last byte."""
    found: list[Answer] = []
    at = 0
    while at < len(raw):
        gap = raw.find(b"\r\n\r\n", at)
        assert gap >= 0, raw[at : at + 200]
        first, *lines = raw[at:gap].decode("latin-1").split("\r\n")
        at = gap + 4
        assert re.fullmatch(r"HTTP/1\.1 [1-5][0-9]{2} [A-Za-z -]+", first), first
        pairs = [(each.partition(": ")[0], each.partition(": ")[2]) for each in lines]
        headers = dict(pairs)
        assert len(headers) == len(pairs), f"a header came twice: {pairs}"
        size = 0 if bodiless else int(headers.get("content-length", 0))
        assert len(raw) >= at + size
        found.append(Answer(int(first.split(" ")[1]), headers, raw[at : at + size]))
        at += size
    return found


async def refusals(house: House) -> dict[str, float]:
    """How often what has been refused."""
    return {labels["reason"]: value for labels, value in await _samples(house, "imagegen_refused_total")}


async def requests(house: House) -> int:
    """How many requests the application has finished, but for those that ask this."""
    counted = await _samples(house, "http_server_request_duration_seconds_count")
    return int(sum(value for labels, value in counted if labels["http_route"] != "/metrics"))


async def _samples(house: House, name: str) -> list[tuple[dict[str, str], float]]:
    text = (await ask(house, path="/metrics", method="GET")).text
    families = text_string_to_metric_families(text)
    return [(each.labels, each.value) for family in families for each in family.samples if each.name == name]
