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

    It hears through a socket of its own: a stream of asyncio's forgets what came in once a write has failed, and the
    goodbye comes shortly before one fails.
    """

    def __init__(self, hearing: socket.socket, writer: asyncio.StreamWriter) -> None:
        self._hearing = hearing
        self._heard = bytearray()
        self._writer = writer
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

    async def send(self, pieces: Iterable[bytes], within: float = 6) -> None:
        """As much as the server takes in that time, and until it hangs up."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(within):
                for piece in pieces:
                    self._writer.write(piece)
                    await self._writer.drain()
                    await asyncio.sleep(0)  # what is taken at once would leave no turn to anybody else

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while received := await loop.sock_recv(self._hearing, 65_536):
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
            self._writer.write(SettingsFrame(0, flags=("ACK",)).serialize())
        elif frame.type == 6 and "ACK" not in frame.flags:
            self._writer.write(PingFrame(0, frame.opaque_data, flags=("ACK",)).serialize())  # pyright: ignore - and PING


@asynccontextmanager
async def attacking(address: str) -> AsyncGenerator[Attacker]:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as connection, connection.dup() as hearing:
        connection.setblocking(False)
        _, writer = await asyncio.open_connection(sock=connection)
        writer.transport.pause_reading()  # pyright: ignore - any transport of a connection can
        attacker = Attacker(hearing, writer)
        listening = asyncio.create_task(attacker.listen())
        writer.write(PREFACE + SettingsFrame(0).serialize())
        try:
            yield attacker
        finally:
            listening.cancel()
            await asyncio.wait({listening})
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
