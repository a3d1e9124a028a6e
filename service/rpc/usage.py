"""Usage: what the books say, for whoever is let in."""

from __future__ import annotations

import time

from imagegen import v1

from service.access import usage
from service.access.doorman import Doorman
from service.engine.complaints import invalid, missing
from service.engine.delivery import URL_SECONDS
from service.errors import GatewayError, Reason
from service.rpc import usage_codec as codec
from service.rpc.interceptors import ServicerContext, arrived
from service.signing import Signer
from service.stores.records.port import Records


class Usage(v1.UsageServicer):
    def __init__(self, records: Records, doorman: Doorman, signer: Signer) -> None:
        self._records = records
        self._doorman = doorman
        self._signer = signer

    async def ListRequests(  # noqa: N802 - the contract's name
        self, request: v1.ListRequestsRequest, context: ServicerContext
    ) -> v1.ListRequestsResponse:
        await self._doorman.admit(arrived().authorization)
        size, before, wanted = codec.page_size(request), codec.place(request), codec.wanted(request.filter)
        found = await self._records.read(usage.requests, wanted, size + 1, before)
        return codec.requests(found, size)

    async def GetRequest(  # noqa: N802 - the contract's name
        self, request: v1.GetRequestRequest, context: ServicerContext
    ) -> v1.GetRequestResponse:
        await self._doorman.admit(arrived().authorization)
        if not request.id:
            raise missing("id")
        story = await self._records.read(usage.story, request.id) if codec.may_be_an_id(request.id) else None
        if story is None:
            raise GatewayError(Reason.NOT_FOUND, "There is no request of that id in the books.", field="id")
        expires = int(time.time()) + URL_SECONDS
        kept = story.ending.recorded if story.ending else ()
        return codec.story(story, [self._signer.sign(name, expires) for name in kept])

    async def SumUsage(  # noqa: N802 - the contract's name
        self, request: v1.SumUsageRequest, context: ServicerContext
    ) -> v1.SumUsageResponse:
        await self._doorman.admit(arrived().authorization)
        by, wanted = codec.groupings(request), codec.wanted(request.filter)
        rows, total = await self._records.read(usage.sums, wanted, by)
        if len(rows) > usage.MAX_ROWS:
            raise invalid("group_by", f"makes more than {usage.MAX_ROWS} rows; ask for less at once")
        return codec.sums(rows, total, by)
