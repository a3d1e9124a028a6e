"""A request and its answer, as uvicorn has them, but for the head of the answer.

uvicorn looks at each header on its own, which costs as much again for the safe ones.
"""

from __future__ import annotations

from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from rest_bridge.browsers import SAFE_NAMES, Header, safe_lines

_FINE = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), 0x09})
"""What may stand in a line of a head."""


class Exchange(RequestResponseCycle):
    async def send(self, message: Any) -> None:
        if self.response_started or message["type"] != "http.response.start":
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = True
        self.waiting_for_100_continue = False
        self.transport.write(self._head(message["status"], cast(list[Header], message.get("headers", ()))))

    def _head(self, status: int, given: list[Header]) -> bytes:
        headers = [*self.default_headers, *given]
        own: list[bytes] = []
        closes = False
        for name, value in headers:
            if name == b"content-length":
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"connection":
                closes = closes or value == b"close"
            elif name in SAFE_NAMES:
                own.append(name)
        if closes:
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append((b"connection", b"close"))
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in (204, 304):
            self.chunked_encoding = True
            headers.append((b"transfer-encoding", b"chunked"))
        lines = [b"%b: %b\r\n" % each for each in headers]
        told = b"".join(lines)
        if told.translate(None, _FINE) != b"\r\n" * len(lines):
            raise RuntimeError("a header of an answer has characters that end it")
        return b"".join((STATUS_LINE[status], told, safe_lines(self.scope["scheme"], own), b"\r\n"))
