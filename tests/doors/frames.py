"""HTTP/2 as somebody speaks it who means no good: frames by the thousand, written as fast as they are taken."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress

import hpack
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = 9
"""Bytes before what a frame holds."""
REFUSED_STREAM = 7
CANCEL = 8
ENHANCE_YOUR_CALM = 11


def header_block(method: str, *more: tuple[str, str]) -> bytes:
    """The headers of a call; none of it is remembered by the other side, so each stream may repeat it."""
    headers = [(":method", "POST"), (":scheme", "http"), (":path", f"/imagegen.v1.{method}"), (":authority", "x")]
    fields = [*headers, ("te", "trailers"), ("content-type", "application/grpc"), *more]
    return hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*each) for each in fields])


def headers(stream: int, block: bytes, *flags: str) -> bytes:
    return HeadersFrame(stream, block, flags=flags or ("END_HEADERS",)).serialize()


def continuation(stream: int, block: bytes) -> bytes:
    return ContinuationFrame(stream, block).serialize()


def reset(stream: int) -> bytes:
    return RstStreamFrame(stream, CANCEL).serialize()


def data(stream: int, content: bytes, *flags: str) -> bytes:
    return DataFrame(stream, content, flags=flags).serialize()


def message(content: bytes, claimed: int | None = None) -> bytes:
    """A gRPC message with its length, or with one that is a lie."""
    return b"\0" + struct.pack(">I", len(content) if claimed is None else claimed) + content


PING = PingFrame(0, b"12345678").serialize()
SETTINGS = SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 65_536}).serialize()


class Attacker:
    """One connection, and what came back over it.

    It is a bare socket: a stream of asyncio's forgets what came in once a write has failed, and the goodbye comes
    shortly before one fails.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._writing: set[asyncio.Task[bool]] = set()
        self._heard = bytearray()
        self.frames: Counter[str] = Counter()
        self.resets: Counter[int] = Counter()
        """By their error codes."""
        self.farewell: bytes = b""
        """What the server said when it sent this connection away."""
        self.closed = False
        self.told: dict[str, str] = {}
        """The headers and trailers of all answers, the last of each name."""
        self.limits: dict[int, int] = {}
        self._decoder = hpack.Decoder()

    @property
    def refused(self) -> int:
        """How many streams were turned away; the code depends on whether the limit was told by then."""
        return self.resets[REFUSED_STREAM] + self.resets[ENHANCE_YOUR_CALM]

    async def send(self, pieces: Iterable[bytes], within: float = 6) -> None:
        """As much as the server takes in that time, and until it hangs up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                for piece in pieces:
                    if not await asyncio.shield(self._write(piece)):  # no frame is cut off in the middle
                        return
                    await asyncio.sleep(0)  # what is taken at once would leave no turn to anybody else

    def _write(self, content: bytes) -> asyncio.Task[bool]:
        task = asyncio.create_task(self._written(content))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task

    async def _written(self, content: bytes) -> bool:
        async with self._turn:
            try:
                await self._loop.sock_sendall(self._connection, content)
            except ConnectionError:
                return False
        return True

    async def listen(self) -> None:
        with suppress(ConnectionError):
            while received := await self._loop.sock_recv(self._connection, 65_536):
                self._heard += received
                while frame := self._next():
                    self._hear(frame)
        self.closed = True

    def _next(self) -> Frame | None:
        """The next frame that has come in whole."""
        if len(self._heard) < HEAD:
            return None
        frame, length = Frame.parse_frame_header(memoryview(self._heard[:HEAD]))
        if len(self._heard) < HEAD + length:
            return None
        frame.parse_body(memoryview(self._heard[HEAD : HEAD + length]))
        del self._heard[: HEAD + length]
        return frame

    def _hear(self, frame: Frame) -> None:
        self.frames[type(frame).__name__] += 1
        if frame.type == 1:
            for name, value in self._decoder.decode(frame.data):  # pyright: ignore - a HEADERS frame has data
                self.told[str(name)] = str(value)
        elif frame.type == 3:
            self.resets[frame.error_code] += 1  # pyright: ignore - so has RST_STREAM an error code
        elif frame.type == 7:
            self.farewell = frame.additional_data  # pyright: ignore - and GOAWAY its reason
        elif frame.type == 4 and "ACK" not in frame.flags:
            self.limits |= frame.settings  # pyright: ignore - and SETTINGS their settings
            self._write(SettingsFrame(0, flags=("ACK",)).serialize())
        elif frame.type == 6 and "ACK" not in frame.flags:
            self._write(PingFrame(0, frame.opaque_data, flags=("ACK",)).serialize())  # pyright: ignore - and PING

    async def close(self) -> None:
        for task in self._writing:
            task.cancel()
        if self._writing:
            await asyncio.wait(self._writing)


@asynccontextmanager
async def attacking(address: str) -> AsyncGenerator[Attacker]:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.setblocking(False)
        attacker = Attacker(connection)
        listening = asyncio.create_task(attacker.listen())
        await attacker.send([PREFACE + SettingsFrame(0).serialize()])
        try:
            yield attacker
        finally:
            listening.cancel()
            await asyncio.wait({listening})
            await attacker.close()
