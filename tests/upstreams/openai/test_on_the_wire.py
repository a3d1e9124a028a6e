"""What the double's faults are on the connection itself, byte by byte, and what OpenAI's SDK makes of them."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

import openai as sdk
import pytest
import pytest_asyncio

from tests.upstreams import openai as double
from tests.upstreams.openai import Behaviour, OpenAIDouble, Point, number_in

ORDER: dict[str, Any] = {"model": "gpt-image-2", "prompt": "a red cube", "size": "1024x1024", "quality": "low"}
STREAM: dict[str, Any] = {**ORDER, "stream": True, "partial_images": 2}


@pytest_asyncio.fixture
async def openai() -> AsyncGenerator[OpenAIDouble]:
    async with OpenAIDouble() as running:
        yield running
        await running.idle()
        assert running.in_flight == 0


@pytest_asyncio.fixture
async def client(openai: OpenAIDouble) -> AsyncGenerator[sdk.AsyncOpenAI]:
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0, timeout=5) as client:
        yield client


def name_of(row: Any) -> str:
    return row.name if isinstance(row, Behaviour | Point) else str(row)


class Wire:
    """A plain connection with one request on it, for what a client library hides."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def ask(cls, openai: OpenAIDouble, body: dict[str, Any]) -> "Wire":
        host, port = openai.url.removeprefix("http://").removesuffix("/v1").split(":")
        wire = cls(*await asyncio.open_connection(host, int(port)))
        data = json.dumps(body).encode()
        head = (
            "POST /v1/images/generations HTTP/1.1",
            f"Host: {host}",
            f"Authorization: Bearer {openai.key}",
            "Content-Type: application/json",
            f"Content-Length: {len(data)}",
        )
        wire.writer.write("\r\n".join((*head, "", "")).encode() + data)
        return wire

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def is_silent(self, seconds: float = 0.1) -> bool:
        try:
            await asyncio.wait_for(self.reader.read(1), seconds)
        except TimeoutError:
            return True
        return False

    async def rest(self) -> bytes:
        """All that still comes. Raises ConnectionResetError when the connection is reset."""
        return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


async def unary(client: sdk.AsyncOpenAI, **asked: Any) -> Any:
    images: Any = client.images
    return await images.generate(**{**ORDER, **asked})


async def streamed(client: sdk.AsyncOpenAI, into: list[Any] | None = None, **asked: Any) -> list[Any]:
    """The events, also `into` a list that has those before a failure."""
    told: list[Any] = [] if into is None else into
    async with await unary(client, **{**STREAM, **asked}) as events:
        async for event in events:
            told.append(event)
    return told


async def body_of(client: sdk.AsyncOpenAI, **asked: Any) -> tuple[str, bytes]:
    """The content type and the whole body."""
    images: Any = client.images
    async with images.with_streaming_response.generate(**{**ORDER, **asked}) as answer:
        return answer.headers["content-type"], await answer.read()


def unchunked(body: bytes) -> tuple[bytes, bool]:
    """The data of a chunked body, and whether it came to its end."""
    data = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return data, True
        data, body = data + body[:length], body[length + 2 :]
    return data, False


async def test_a_stream_is_written_as_openai_writes_it(openai: OpenAIDouble) -> None:
    """Event and data lines whose types agree, a blank line after each, no [DONE], no numbers of events or images."""
    wire = await Wire.ask(openai, STREAM)
    head = await wire.head()
    assert b"Content-Type: text/event-stream" in head
    body = b""
    while not body.endswith(b"0\r\n\r\n"):
        body += await wire.reader.read(65536)
    text, whole = unchunked(body)
    events = text.decode().split("\n\n")
    assert (whole, events.pop(), len(events)) == (True, "", 3)
    for event in events:
        name, data = event.split("\n")
        fields = json.loads(data.removeprefix("data: "))
        assert name == f"event: {fields['type']}"
        assert fields.keys().isdisjoint({"index", "sequence_number", "image_index"})
    await wire.close()


async def test_stall_sends_nothing_and_bills(openai: OpenAIDouble) -> None:
    """Before the answer not a byte comes; after the headers only they do; the order is billed in both."""
    openai.next(double.stall(), double.stall(double.after_headers), double.stall(double.after_partials(1)))
    before = await Wire.ask(openai, ORDER)
    assert await before.is_silent()
    after = await Wire.ask(openai, ORDER)
    assert (await after.head()).startswith(b"HTTP/1.1 200 OK")
    assert await after.is_silent()
    later = await Wire.ask(openai, STREAM)
    await later.head()
    await later.reader.readuntil(b"partial_image_index")
    await later.reader.readuntil(b"\n\n")
    assert (openai.in_flight, openai.open_connections, len(openai.bill)) == (3, 3, 3)
    for wire in (before, after, later):
        await wire.close()
    await openai.idle()
    assert (openai.in_flight, openai.open_connections) == (0, 0)
    assert all(seen.client_left for seen in openai.requests)


@pytest.mark.parametrize("body", [ORDER, STREAM], ids=["unary", "stream"])
@pytest.mark.parametrize("point", [double.before_answer, double.after_headers, double.mid_body], ids=name_of)
async def test_a_cut_is_a_fin_and_a_reset_is_a_rst(openai: OpenAIDouble, body: dict[str, Any], point: Any) -> None:
    """The plain socket reads an end of file after a cut, and ECONNRESET after a reset, wherever they come."""
    openai.next(double.cut(point), double.reset(point))
    wire = await Wire.ask(openai, body)
    sent = await wire.rest()
    assert (sent == b"") == (point is double.before_answer)
    assert not sent.endswith(b"0\r\n\r\n")
    await wire.close()
    wire = await Wire.ask(openai, body)
    with pytest.raises(ConnectionResetError):
        await wire.rest()
    await wire.close()
    await openai.idle()
    assert (openai.in_flight, openai.open_connections, len(openai.bill)) == (0, 0, 2)
    assert all(seen.broken_off and not seen.client_left for seen in openai.requests)


@pytest.mark.parametrize(
    ("point", "partials", "images"),
    [
        (double.after_partials(0), 0, 0),
        (double.after_partials(1), 1, 0),
        (double.after_partials(2), 2, 0),
        (double.after_images(1), 2, 1),
        (double.after_partials(3), 3, 1),
        (double.end_of_body, 4, 2),
    ],
    ids=name_of,
)
async def test_a_stream_breaks_where_it_was_told(openai: OpenAIDouble, point: Any, partials: int, images: int) -> None:
    """With n=2 and two partials each, exactly the events before the point arrive, and the stream has no end."""
    openai.next(double.cut(point))
    wire = await Wire.ask(openai, {**STREAM, "n": 2})
    await wire.head()
    text, whole = unchunked(await wire.rest())
    counts = text.count(b"event: image_generation.partial_image"), text.count(b"event: image_generation.completed")
    assert (counts, whole) == ((partials, images), False)
    assert openai.bill[0].images == 2
    await wire.close()


async def test_half_an_answer_is_half_of_its_json(openai: OpenAIDouble) -> None:
    """A unary answer cut in the middle has promised more than it brought."""
    openai.next(double.cut())
    wire = await Wire.ask(openai, ORDER)
    length = int((await wire.head()).partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    assert len(await wire.rest()) == length // 2
    await wire.close()


async def test_trickle_brings_a_byte_at_a_time(openai: OpenAIDouble) -> None:
    """Nine bytes a twentieth of a second apart take at least eight of those pauses."""
    openai.next(double.trickle(0.02))
    wire = await Wire.ask(openai, ORDER)
    await wire.head()
    start = time.monotonic()
    assert await wire.reader.readexactly(9) == b'{"created'
    assert time.monotonic() - start >= 8 * 0.02 * 0.9
    await wire.close()


async def test_heartbeats_go_on_for_ever_or_end_in_the_answer(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Comments keep coming until the client leaves; a counted number of them is followed by the picture."""
    openai.next(double.heartbeats(0.001), double.heartbeats(0.001, times=3), double.heartbeats(0.001, times=3))
    wire = await Wire.ask(openai, STREAM)
    for _ in range(20):
        await wire.reader.readuntil(b": ping\n\n")
    await wire.close()
    assert number_in(base64.b64decode((await unary(client)).data[0].b64_json)) == 1
    assert len(await streamed(client)) == 3


async def test_split_puts_every_byte_in_a_chunk_of_its_own(openai: OpenAIDouble) -> None:
    """Events, line ends and letters of several bytes are torn at each place."""
    openai.next(double.extra_keys() | double.crlf() | double.split())
    wire = await Wire.ask(openai, {**STREAM, "partial_images": 0})
    await wire.head()
    body = await wire.reader.readuntil(b"0\r\n\r\n")
    text, whole = unchunked(body)
    assert whole
    assert len(body) == 6 * len(text) + 5
    assert double.STRANGE in text.decode()
    await wire.close()


@pytest.mark.parametrize(
    "dialect",
    [
        double.crlf(),
        double.cr(),
        double.comments(),
        double.multiline_data(),
        double.split(),
        double.split(7),
        double.no_space(),
        double.no_event_lines(),
        double.done_marker(),
        double.bom(),
        double.unknown_events(),
        double.extra_keys(),
        double.extra_keys() | double.comments() | double.multiline_data() | double.crlf() | double.split(),
    ],
    ids=name_of,
)
async def test_every_dialect_means_the_same(openai: OpenAIDouble, client: sdk.AsyncOpenAI, dialect: Behaviour) -> None:
    """The SDK reads the same events from every way of writing the stream."""
    openai.next(dialect)
    told = await streamed(client)
    events = [event for event in told if event.type != "image_generation.thinking"]
    assert [event.type.removeprefix("image_generation.") for event in events] == [
        "partial_image",
        "partial_image",
        "completed",
    ]
    assert {number_in(base64.b64decode(event.b64_json)) for event in events} == {0}


@pytest.mark.parametrize(
    "break_off",
    [
        double.cut(),
        double.cut(double.before_answer),
        double.reset(),
        double.reset(double.mid_body),
        double.wrong_length(9),
    ],
    ids=name_of,
)
async def test_the_sdk_calls_a_break_a_connection_error(
    openai: OpenAIDouble, client: sdk.AsyncOpenAI, break_off: Behaviour
) -> None:
    """Whatever breaks the connection is APIConnectionError, is billed, and leaves nothing in flight."""
    openai.next(break_off)
    with pytest.raises(sdk.APIConnectionError):
        await unary(client)
    await openai.idle()
    assert (openai.in_flight, openai.open_connections, len(openai.bill)) == (0, 0, 1)


async def test_errors_in_a_stream_raise_where_they_stand(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """An error event before or after a partial is raised by the SDK after just so many events, and is billed."""
    for at, before in ((double.after_headers, 0), (double.after_partials(1), 1)):
        openai.next(double.error_event(at))
        seen: list[Any] = []
        with pytest.raises(sdk.APIError, match="could not be generated"):
            await streamed(client, seen)
        assert len(seen) == before
    assert len(openai.bill) == 2


async def test_lies_are_what_they_say(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Each 200 that is none lies in its own way, completely, and is billed."""

    async def told(lie: Behaviour, **asked: Any) -> Any:
        openai.next(lie)
        kind, body = await body_of(client, **asked)
        return json.loads(body) if kind == "application/json" else (kind, body)

    assert (await told(double.empty_data(), n=2))["data"] == []
    assert len((await told(double.fewer_images(), n=3))["data"]) == 2
    assert (await told(double.error_in_200()))["error"]["type"] == "image_generation_server_error"
    assert (await told(double.html_in_200()))[0].startswith("text/html")
    assert (await told(double.wrong_content_type()))[0] == "text/plain"
    assert (await told(double.url_instead()))["data"][0].keys() == {"url"}
    assert b"<" not in base64.b64decode((await told(double.not_an_image()))["data"][0]["b64_json"])
    with pytest.raises(ValueError, match="Only base64 data"):
        base64.b64decode((await told(double.invalid_base64()))["data"][0]["b64_json"], validate=True)
    for lie in (double.invalid_json(), double.wrong_length(-9)):
        with pytest.raises(json.JSONDecodeError):
            await told(lie)
    assert (await told(double.sse_for_json()))[0].startswith("text/event-stream")
    assert len((await told(double.json_for_stream(), stream=True))["data"]) == 1
    assert len(openai.bill) == openai.calls == 12
    assert all(seen.finished for seen in openai.requests)


async def test_lies_in_a_stream(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """A stream can end without an image, with one too few, in broken JSON, or with words for a picture."""
    openai.next(double.empty_data(), double.fewer_images(), double.not_an_image(), double.invalid_json())
    assert {event.type for event in await streamed(client)} == {"image_generation.partial_image"}
    assert [event.type[17:] for event in await streamed(client, n=2, partial_images=0)] == ["completed"]
    assert b"sorry" in base64.b64decode((await streamed(client))[0].b64_json)
    with pytest.raises(json.JSONDecodeError):
        await streamed(client)
    assert len(openai.bill) == 4
