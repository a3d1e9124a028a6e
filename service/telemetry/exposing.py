"""Metrics for a Prometheus that comes and reads them, on a thread of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, start_http_server

from service.config import joined


class Exposition:
    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            where = joined(host, port)
            raise OSError(f"cannot listen on {where} for Prometheus: {error.strerror or error}") from None

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
