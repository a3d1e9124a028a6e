"""The guard: what uvicorn lets through is refused here, before it reaches the application.

A connection reads heads whole and strictly (`heads`), follows bodies to their end (`bodies`), and hands the parser only
what is good, one request after the other. Whoever is refused is told why, in the envelope of every failure, and hears
no more. Nothing is timed per request: once a second the `Door` looks at all connections and at how long each of them
has owed something, a head, a body, or the taking of an answer.
"""

from __future__ import annotations

import asyncio
import fcntl
import re
import resource
import struct
import termios
from collections.abc import Callable, Collection, Iterable, Sized
from typing import Any, cast
from urllib.parse import unquote

from imagegen import ImagegenError, v1
from imagegen.identity import request_id
from msgspec import Struct
from starlette.types import Scope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from rest_bridge import errors
from rest_bridge.bodies import Body, Chunked, Counted
from rest_bridge.browsers import safe_lines
from rest_bridge.exchange import Exchange
from rest_bridge.heads import CHUNKED, Heads, RefusedError, hopeless
from rest_bridge.images import LARGEST_BODY
from rest_bridge.json import dumps
from rest_bridge.leaving import leave

REASONS = {408: v1.REASON_DEADLINE_EXCEEDED, 413: v1.REASON_PAYLOAD_TOO_LARGE, 503: v1.REASON_OVERLOADED}
"""Of statuses; all others mean that the request is invalid."""

COME_AGAIN = 1.0
"""Seconds after which whoever was turned away may find room."""


AT_ONCE = 100
"""How many connections are ended in one look: a wave of slow ones holds nobody up, the others follow soon."""


class Limits(Struct, frozen=True):
    """How much of everything. Times are in seconds."""

    connections: int = 16_384
    body: int = LARGEST_BODY
    head: float = 10
    """For a whole head, and from connecting to its first byte."""
    silence: float = 30
    """Between two pieces of a body."""
    rate: int = 1024
    """Bytes a second of a body, on the average of all but the first `silence`."""
    idle: float = 75
    """Between an answer and the next request."""
    reader: float = 60
    """In which whoever does not take an answer takes at least `reading` bytes of it."""
    reading: int = 32 * 1024
    farewell: float = 2
    """For hearing why one is refused."""
    look: float = 1
    """Between two looks at the connections."""


LIMITS = Limits()


class Door:
    """What all connections have in common."""

    def __init__(self, limits: Limits, hosts: Collection[str], count: Callable[[str], object]) -> None:
        self.limits = limits
        self.heads = Heads(limits.body, hosts)
        self.count = count
        self.most = min(limits.connections, most_by_files())
        self.greeting: set[Connection] = set()
        """Those that do not speak TLS yet, where it is spoken."""
        self.leaving = 0
        """How many are only being told goodbye."""
        self.most_leaving = max(8, self.most // 16)
        self._looked = 0.0

    @property
    def patient(self) -> bool:
        """Whether there is room for one more who is to hear why it is turned away."""
        return self.leaving < self.most_leaving

    def standing(self, established: Sized) -> int:
        """How many connections there are, with those that are still being made."""
        return len(established) + len(self.greeting)

    def look(self, connections: Iterable[Any], now: float) -> None:
        """Ends what has been owed for too long. Called often, it looks as often as it should."""
        if now - self._looked < self.limits.look:
            return
        self._looked = now
        ended = 0
        for each in list(cast(Iterable[Connection], connections)):
            ended += each.look(now)
            if ended == AT_ONCE:
                self._looked = 0.0
                return


def most_by_files() -> int:
    """Three quarters of the files that this process may open: what is under way needs the others."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4


class Connection(HttpToolsProtocol):
    """One connection, which is owed something, is at work, or is told goodbye."""

    # One more name in uvicorn's own dictionary would cost a kilobyte for each connection.
    __slots__ = ("_body", "_door", "_fresh", "_held", "_said_goodbye", "_since", "_taken", "_unsent")

    def __init__(self, *arguments: Any, door: Door, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._door = door
        self._held = b""
        """The beginning of a head, or what came while the request before it was answered."""
        self._body: Body | None = None
        """Of which there is more to come."""
        self._since = self._taken = 0.0
        """When the client began to owe what it owes, and when a piece of a body came last."""
        self._unsent: tuple[float, int] | None = None
        """When there was how much of an answer that the client had not taken."""
        self._fresh = True
        """Nothing has been answered yet."""
        self._said_goodbye = False

    @property
    def _answering(self) -> RequestResponseCycle | None:
        """The request that is under way."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # at first there is none
        return None if cycle is None or cycle.response_complete else cycle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._since = self.loop.time()
        self._door.greeting.discard(self)
        if self._door.standing(self.connections) - self._door.leaving > self._door.most:
            self._refuse(RefusedError("connections", 503, "There are too many connections."), self._door.patient)

    def connection_lost(self, exc: Exception | None) -> None:
        self._held, self._body = b"", None
        if self._said_goodbye:
            self._door.leaving -= 1
        super().connection_lost(exc)
        if self._answering is not None:
            leave(cast(Scope, self._answering.scope))

    def data_received(self, data: bytes) -> None:
        seen = len(self._held)
        if seen:
            data, self._held = self._held + data, b""
        try:
            while data and not self._said_goodbye:
                if self._body is not None:
                    data = self._go_on(self._body, data)
                elif self._answering is None:
                    data = self._begin(data, seen)
                else:
                    data = self._keep_for_later(data)
                seen = 0
        except RefusedError as why:
            self._refuse(why)

    def _begin(self, data: bytes, seen: int) -> bytes:
        """Takes a request off the front of `data`, or keeps what there is of its head."""
        if data.startswith(b"\r\n"):  # some clients end a body with a line of its own
            return data[2:]
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            if why := hopeless(data, seen):
                raise why
            if not seen:
                self._since = self.loop.time()
            self._held = data
            return b""
        try:
            head, length = self._door.heads.read(data[:end])
        except RefusedError as why:
            why.head = data[:end]
            raise
        if 0 < length <= len(data) - end:  # all of it is here
            head += data[end : end + length]
            end += length
            length = 0
        super().data_received(head)
        if length and not self._said_goodbye:
            self._body = Chunked(self._door.limits.body) if length == CHUNKED else Counted(length)
            self._since = self._taken = self.loop.time()
        return data[end:]

    def _go_on(self, body: Body, data: bytes) -> bytes:
        """Takes what is the body's off the front of `data`."""
        self._taken = self.loop.time()
        size = body.take(data)
        if body.done:
            self._body = None
            self._since = self._taken
        super().data_received(data[:size])
        return data[size:]

    def _keep_for_later(self, data: bytes) -> bytes:
        """A request that comes before the last one is answered waits. Little is read ahead, but that the client goes
        is noticed."""
        self._held = data
        if len(data) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        return b""

    def on_headers_complete(self) -> None:
        """uvicorn's, without what cannot come here: upgrades, other forms of targets, a request before its turn."""
        path, _, query = self.url.partition(b"?")
        parser: Any = self.parser  # there is one until the connection is lost
        newest = parser.get_http_version() == "1.1"
        scope = cast(Scope, self.scope)
        scope["method"] = parser.get_method().decode()
        scope["http_version"] = "1.1" if newest else "1.0"
        scope["path"] = unquote(path.decode()) if b"%" in path else path.decode()
        scope["raw_path"] = path
        scope["query_string"] = query
        self.cycle = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=newest and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        self._start_asgi_task(self.cycle, cast(Any, self).app)  # uvicorn's type for it leads to nowhere

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.flow.resume_reading()  # a large body has paused it, and who does not read does not see the end

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._fresh = False
        if self.transport.is_closing():
            return
        if self._body is None:
            self._since = self.loop.time()
        self.flow.resume_reading()
        if self._held:
            self.data_received(b"")

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unsent = None

    def send_400_response(self, msg: str) -> None:
        """What the parser does not take, though it looked good."""
        self._refuse(RefusedError("parser", 400, "This is no HTTP request."))

    def look(self, now: float) -> bool:
        """Ends the connection if its client has owed something for too long; says whether it did."""
        limits, transport = self._door.limits, self.transport
        if self._said_goodbye:
            if now - self._since <= limits.farewell:
                return False
            transport.abort()
        elif not self._is_reading(now):
            self._door.count("slow_reader")
            transport.abort()
        elif transport.is_closing():
            return False
        elif self._body is not None:
            if not self._is_late(self._body, now):
                return False
            self._refuse(RefusedError("slow_body", 408, "The body came too slowly."))
        elif self._answering is not None:  # it is for us to do something
            return False
        elif self._held:
            if now - self._since <= limits.head:
                return False
            told = f"The headers were not there within {limits.head:g} seconds."
            self._refuse(RefusedError("slow_head", 408, told))
        elif now - self._since <= (limits.head if self._fresh else limits.idle):
            return False
        else:
            if self._fresh:
                self._door.count("slow_first_byte")
            transport.close()
        return True

    def _is_late(self, body: Body, now: float) -> bool:
        limits = self._door.limits
        if self.flow.read_paused:  # it is for us to read on
            self._since = self._taken = now
        return now - self._taken > limits.silence or now - self._since > limits.silence + body.taken / limits.rate

    def _is_reading(self, now: float) -> bool:
        """Does the client take enough of its answer? What lies in the system's buffers is not taken."""
        left = self.transport.get_write_buffer_size()
        if not left:
            self._unsent = None
            return True
        left += _unacknowledged(self.transport)
        if self._unsent is None:
            self._unsent = now, left
        since, before = self._unsent
        if now - since <= self._door.limits.reader:
            return True
        self._unsent = now, left
        return left <= before - self._door.limits.reading

    def _refuse(self, why: RefusedError, patiently: bool = True) -> None:
        """Tells the client why, where it can still be told, and listens no more."""
        self._door.count(why.reason)
        cycle, under_way = self.cycle, self._body is not None
        answer = b""
        if not (under_way and cycle.response_started):
            answer = self._told(why)
        if under_way and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            leave(cast(Scope, cycle.scope))
        self._held, self._body = b"", None
        if answer:
            self.transport.write(answer)
        if not patiently:
            self.transport.close()
            return
        # Closing at once would reset the connection where more of the request is on its way, and the answer be lost.
        self._said_goodbye = True
        self._door.leaving += 1
        self._since = self.loop.time()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _told(self, why: RefusedError) -> bytes:
        """A whole answer that says why."""
        name = request_id(self._name(why))
        reason = REASONS.get(why.status, v1.REASON_INVALID_REQUEST)
        again = COME_AGAIN if why.status == 503 else None
        error = ImagegenError(reason, why.message, field=why.field, retry_after=again)
        body = dumps({**errors.envelope(error, name, None, None), "status_code": why.status})
        said = {
            **errors.headers_of(error),
            "x-request-id": name,
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
        }
        lines = [b"%b: %b\r\n" % each for each in self.server_state.default_headers]
        lines += [f"{key}: {value}\r\n".encode() for key, value in said.items()]
        lines += [safe_lines(self.scheme or "http"), b"\r\n"]
        if not why.head.startswith(b"HEAD "):
            lines.append(body)
        return b"".join([STATUS_LINE[why.status], *lines])

    def _name(self, why: RefusedError) -> str | None:
        """What the client calls its request."""
        if self._body is not None:
            return next((value.decode("latin-1") for key, value in self.headers if key == b"x-request-id"), None)
        match = _REQUEST_ID.search(why.head)
        return match[1].decode("latin-1") if match else None


_REQUEST_ID = re.compile(rb"\r\nx-request-id:[ \t]*+([^\r \t]*+)", re.IGNORECASE)


def _unacknowledged(transport: asyncio.BaseTransport) -> int:
    """What the other side's system has not taken, where this one tells: in large buffers the last drops fall late."""
    try:
        told = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return struct.unpack("i", told)[0]
