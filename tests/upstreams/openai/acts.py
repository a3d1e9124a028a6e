"""What happens on the connection, act by act: a head, some bytes, a wait, a silence, a break.

An answer is a tuple of acts. Behaviours rewrite that tuple; `perform` plays it. Nothing else touches the socket.
"""

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

Kind = Literal["document", "partial", "completed", "error", "other"]


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers, sent at once."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Body:
    """Some bytes of the body: a whole document, or one event of a stream. `piece` sends them in small writes."""

    data: bytes
    kind: Kind = "document"
    piece: int | None = None
    every: float = 0.0


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same bytes again and again, `every` so many seconds; for ever unless `times` is given."""

    data: bytes
    every: float
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Nothing until the test lets go."""

    opened: asyncio.Event


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing any more, with the connection open, until the client leaves."""


@dataclass(frozen=True, slots=True)
class Break:
    """The connection ends here: by FIN, or by RST."""

    reset: bool = False


Act = Head | Body | Repeat | Wait | Gate | Silence | Break
Acts = tuple[Act, ...]


class BrokenOff(Exception):  # noqa: N818 - it went as the script said
    """A Break was played: the connection is gone because the double wished it."""


async def perform(request: web.BaseRequest, acts: Acts) -> web.StreamResponse:
    """Play `acts` to the end of the answer. Raises BrokenOff after a Break."""
    response = web.StreamResponse()
    for act in acts:
        match act:
            case Head(status, headers):
                response = web.StreamResponse(status=status, headers=headers)
                await response.prepare(request)
            case Body(data, _, piece, every):
                await _write(response, data, piece, every)
            case Repeat(data, every, times):
                while times is None or times > 0:
                    await response.write(data)
                    await asyncio.sleep(every)
                    times = None if times is None else times - 1
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Gate(opened):
                await opened.wait()
            case Silence():
                await asyncio.Event().wait()
            case Break(reset):
                await _break(request, reset=reset)
    await response.write_eof()
    return response


async def _write(response: web.StreamResponse, data: bytes, piece: int | None, every: float) -> None:
    if piece is None:
        await response.write(data)
        return
    for start in range(0, len(data), piece):
        await response.write(data[start : start + piece])
        await asyncio.sleep(every)


async def _break(request: web.BaseRequest, *, reset: bool) -> None:
    """Let what was written leave this process first, so that the break comes where the test put it."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client left before the break")
    while transport.get_write_buffer_size():  # noqa: ASYNC110 - asyncio tells nobody when it is empty
        await asyncio.sleep(0.001)
    if reset:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    raise BrokenOff
