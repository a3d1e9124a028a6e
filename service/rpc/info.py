"""ServerInfo: what this server is."""

from __future__ import annotations

from importlib.metadata import version

from imagegen import v1

from service.rpc.images import DEFAULT_INLINE, MAX_INLINE
from service.rpc.interceptors import ServicerContext

MAX_REQUEST = 4 * 1024 * 1024


class ServerInfo(v1.ServerInfoServicer):
    def __init__(self, access_mode: str) -> None:
        self._access_mode = access_mode

    async def GetServerInfo(  # noqa: N802 - the contract's name
        self, request: v1.GetServerInfoRequest, context: ServicerContext
    ) -> v1.GetServerInfoResponse:
        return v1.GetServerInfoResponse(
            version=version("imagegen-gateway"),
            access_mode=self._access_mode,
            default_max_inline_bytes=DEFAULT_INLINE,
            max_inline_bytes=MAX_INLINE,
            max_request_bytes=MAX_REQUEST,
        )
