"""A provider that answers when it is told to: for what is not about speed, but about waiting.

    python -m benchmarks.late --port 9300

Open, it answers at once. Held (POST /hold), it keeps every request waiting, and every stream after its first partial
picture, until POST /open. GET /waiting tells how many wait.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
from pathlib import Path

import uvloop

from benchmarks import bodies
from benchmarks.places import BODIES, ROOT, RUN
from benchmarks.program import Program, wait_until

JSON, EVENTS = "application/json", "text/event-stream; charset=utf-8"


class Late:
    """The provider, in the process that is started for it."""

    def __init__(self, small: bytes, events: bytes) -> None:
        self._small = small
        first = events.index(b"\n\n") + 2
        self._first, self._others = events[:first], events[first:]
        self._open = asyncio.Event()
        self._open.set()
        self._waiting = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client has left
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0].strip()
        body = await reader.readexactly(int(length or 0))
        path = head.split(" ", 2)[1]
        if path == "/hold":
            self._open.clear()
        elif path == "/open":
            self._open.set()
        elif path != "/waiting":
            await self._picture(b'"stream":true' in body.replace(b" ", b""), writer)
            return True
        writer.write(_head(JSON) + json.dumps({"waiting": self._waiting}).encode())
        return False

    async def _picture(self, streamed: bool, writer: asyncio.StreamWriter) -> None:
        if streamed:
            writer.write(_head(EVENTS, len(self._first) + len(self._others)) + self._first)
            await writer.drain()
        self._waiting += 1
        try:
            await self._open.wait()
        finally:
            self._waiting -= 1
        writer.write(self._others if streamed else _head(JSON, len(self._small)) + self._small)


def _head(kind: str, length: int | None = None) -> bytes:
    rest = f"Content-Length: {length}" if length is not None else "Connection: close"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{rest}\r\n\r\n".encode()


class LateMock:
    """The provider, seen by the harness: started, told, asked, stopped."""

    def __init__(self, port: int, core: int) -> None:
        self.port = port
        command = [sys.executable, "-m", "benchmarks.late", "--port", str(port)]
        self.program = Program("late", command, RUN / "late", {core}, {"PYTHONPATH": str(ROOT)})
        wait_until([self.program], self._there)

    def hold(self) -> None:
        self._call("POST", "/hold")

    def open(self) -> None:
        self._call("POST", "/open")

    def waiting(self) -> int:
        return self._call("GET", "/waiting")

    def stop(self) -> None:
        self.program.stop()

    def _there(self) -> bool:
        try:
            return self.waiting() == 0
        except OSError:
            return False

    def _call(self, method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path)
            return int(json.loads(connection.getresponse().read())["waiting"])
        finally:
            connection.close()


async def _main(port: int, folder: Path) -> None:
    late = Late((folder / "small.body").read_bytes(), (folder / "sse.body").read_bytes())
    server = await asyncio.start_server(late.serve, "127.0.0.1", port, backlog=8192)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.late", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    bodies.make()
    uvloop.run(_main(parser.parse_args().port, BODIES))
