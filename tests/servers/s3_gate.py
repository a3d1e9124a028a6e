"""A gate before an S3 server: it notes what is asked, and can be less obliging than the server behind it.

With nobody behind it, it answers as a bucket with nothing in it. It is also the place where a machine in a cloud gets
the keys of its role.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from tests.servers.s3 import BUCKET, KEYS, Bucket, S3Server

NOT_PASSED_ON = ("Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive")
ROLE = "painters"


class Gate(Bucket):
    def __init__(self, server: S3Server | None = None) -> None:
        self._server = server
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=1.0)
        self.asked: list[str] = []
        """The method and path of every request."""

        self.loses = 0
        """How many answers to PUTs are lost from now on, after the server has done what it was told."""

        self.busy = 0
        """How many PUTs are answered with 503 from now on, without the server hearing of them."""

        self.nothing = "<Error><Code>NoSuchKey</Code></Error>"
        """What it says where nobody is behind it, beside 404."""

        self.knows_conditions = True
        """Whether `If-None-Match` is implemented."""

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = int(self._runner.addresses[0][1])
        self.address = f"127.0.0.1:{self.port}"
        super().__init__(f"s3://{BUCKET}?endpoint=http://{self.address}&region=eu-central-1", KEYS)
        self._client = aiohttp.ClientSession(auto_decompress=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._client.close()
        await self._runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        body = await request.read()
        if request.path.startswith("/latest/"):
            return _of_the_role(request)
        if "If-None-Match" in request.headers and not self.knows_conditions:
            return web.Response(status=501, text="<Error><Code>NotImplemented</Code></Error>")
        if request.method == "PUT" and self.busy:
            self.busy -= 1
            return web.Response(status=503, text="<Error><Code>SlowDown</Code></Error>")
        if self._server is None:
            return web.Response(status=404, text=self.nothing)
        place = URL(f"http://{self._server.address}{request.raw_path}", encoded=True)
        async with self._client.request(request.method, place, headers=request.headers, data=body) as answer:
            told = web.Response(status=answer.status, body=await answer.read())
        told.headers.extend((name, each) for name, each in answer.headers.items() if name not in NOT_PASSED_ON)
        if request.method == "PUT" and self.loses and request.transport:
            self.loses -= 1
            request.transport.close()
        return told


def _of_the_role(request: web.BaseRequest) -> web.Response:
    """What a cloud tells a machine about the keys of its role."""
    if request.path == "/latest/api/token":
        return web.Response(text="a token")
    if request.path.endswith(f"/{ROLE}"):
        key, secret = KEYS.values()
        keys = {"AccessKeyId": key, "SecretAccessKey": secret, "Token": "t", "Expiration": "2100-01-01T00:00:00Z"}
        return web.json_response({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", **keys})
    return web.Response(text=ROLE)
