"""Answers "are you alive?" on a thread of its own: a busy loop is not dead, and a stuck one cannot say so itself."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.config import joined

TOLERANCE = 30.0
"""Seconds without a heartbeat of the loop after which the process is stuck."""


class Liveness:
    def __init__(self, host: str, port: int) -> None:
        self._beat = time.monotonic()
        alive = self.is_alive

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                good = alive()
                body = b'{"status":"alive"}' if good else b'{"status":"stuck"}'
                self.send_response(200 if good else 503)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                return

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = True

        try:
            self._server = Server((host, port), Handler)
        except OSError as error:
            raise OSError(f"cannot listen on {joined(host, port)} for liveness: {error.strerror}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="liveness", daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    def is_alive(self) -> bool:
        return time.monotonic() - self._beat < TOLERANCE

    async def run(self) -> None:
        """Answers until cancelled, and beats once a second."""
        self._thread.start()
        try:
            while True:
                self._beat = time.monotonic()
                await asyncio.sleep(1)
        finally:
            self._server.shutdown()
            self._server.server_close()
