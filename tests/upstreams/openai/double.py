"""The double itself: a server on 127.0.0.1 that reads strictly, plays what the script says, and keeps the books."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, Final, Literal, Self
from uuid import uuid4

from aiohttp import web

from .acts import Acts, BrokenOff, Head, perform
from .answers import answer, refused
from .behaviours import Behaviour, faithful
from .bill import Charge
from .catalogue import MIN_PIXELS
from .order import Order, Terms
from .reception import GENERATIONS, Seen, admit, show_models, take_order
from .refusals import Refusal
from .shelf import FILES, Shelf

KEY: Final = "sk-double-0123456789abcdefghijklmnopqrstuv"


class OpenAIDouble:
    """See the package's docstring."""

    def __init__(
        self,
        *,
        key: str = KEY,
        more_keys: Collection[str] = (),
        port: int = 0,
        bill_when: Literal["on_accept", "on_finish"] = "on_accept",
        revived: Collection[str] = (),
        min_pixels: int = MIN_PIXELS,
        watch: Callable[[Seen], None] | None = None,
    ) -> None:
        self.key = key
        self.requests: list[Seen] = []
        self._keys = {key, *more_keys}
        self._port = port
        self._bill_when = bill_when
        self.shelf = Shelf()
        self._terms = Terms(revived, min_pixels, self.shelf.put)
        self._bill: list[Charge] = []
        self._script: deque[Behaviour] = deque()
        self._rules: list[tuple[Callable[[Seen], bool], Behaviour]] = []
        self._default = faithful()
        self._watch = watch
        self._visits: set[asyncio.Task[Any]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._accepted = 0
        self._news = asyncio.Event()
        self._closing = False
        self._bugs: list[Exception] = []
        self._server = web.Server(self._serve, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=1.0)

    # The script.

    def next(self, *behaviours: Behaviour) -> None:
        """What the coming well-formed orders meet, one each; after that the default again."""
        self._script.extend(behaviours)

    def always(self, behaviour: Behaviour) -> None:
        """What every order meets that no `next` and no `when` speaks for."""
        self._default = behaviour

    def when(self, condition: Callable[[Seen], bool], behaviour: Behaviour) -> None:
        """What orders meet that fulfil `condition`; asked before the queue of `next`."""
        self._rules.append((condition, behaviour))

    def clear(self) -> None:
        """Forget the script: every order meets the faithful answer."""
        self._script.clear()
        self._rules.clear()
        self._default = faithful()

    @property
    def scripted(self) -> int:
        """How many behaviours of `next` have not been met yet."""
        return len(self._script)

    # The books.

    @property
    def bill(self) -> tuple[Charge, ...]:
        return tuple(self._bill)

    @property
    def billed_micro_usd(self) -> int:
        return sum(charge.micro_usd for charge in self._bill)

    @property
    def calls(self) -> int:
        """Requests for images, refused ones included."""
        return sum(seen.path == GENERATIONS for seen in self.requests)

    @property
    def in_flight(self) -> int:
        return len(self._visits)

    @property
    def open_connections(self) -> int:
        """Connections whose other end is there; aiohttp lists a lost one for a moment longer."""
        return sum(connection.transport is not None for connection in self._server.connections)

    async def accepted(self, count: int = 1, timeout: float = 5.0) -> None:
        """Wait until so many orders, since the beginning, have met their behaviour; held and stalled ones count."""
        async with asyncio.timeout(timeout):
            while self._accepted < count:
                await self._news.wait()

    async def idle(self, timeout: float = 5.0) -> None:
        """Wait until nothing is in flight; TimeoutError if that does not come."""
        async with asyncio.timeout(timeout):
            await self._idle.wait()

    # Open and closed.

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.shelf.origin = self.url.removesuffix("/v1")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        for visit in self._visits:
            visit.cancel()
        await self._runner.cleanup()
        if self._bugs:
            raise ExceptionGroup("the double itself failed", self._bugs)

    # A request.

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        visit = asyncio.current_task()
        assert visit is not None
        seen = Seen(
            index=len(self.requests),
            method=request.method,
            path=request.path,
            headers=request.headers,
            started_at=time.monotonic(),
            request_id=f"req_{uuid4().hex}",
            target=request.raw_path,
        )
        self.requests.append(seen)
        self._visits.add(visit)
        self._idle.clear()
        charge: Charge | None = None
        try:
            acts, charge = self._decide(seen, await request.content.read())
            seen.status = next((act.status for act in acts if isinstance(act, Head)), None)
            if charge and self._bill_when == "on_accept":
                self._bill.append(charge)
            response = await perform(request, acts)
            seen.finished = True
            return response
        except BrokenOff:
            seen.broken_off = True
            await asyncio.Event().wait()  # until the server sees the connection gone, and cancels
            raise
        except (asyncio.CancelledError, ConnectionError):
            seen.client_left = not self._closing
            raise
        except Exception as bug:
            self._bugs.append(bug)
            raise
        finally:
            if charge and self._bill_when == "on_finish":
                self._bill.append(charge)
            self._visits.discard(visit)
            if self._watch:
                self._watch(seen)
            if not self._visits:
                self._idle.set()

    def _decide(self, seen: Seen, raw: bytes) -> tuple[Acts, Charge | None]:
        """The acts that answer this request, and what they cost."""
        try:
            if seen.path.startswith(FILES):
                return self.shelf.show(seen), None
            key = admit(seen, self._keys)
            if seen.path != GENERATIONS:
                return show_models(seen, self._terms), None
            order = take_order(seen, raw, key, self._terms)
        except Refusal as refusal:
            return refused(refusal, seen.request_id), None
        return self._meet(seen, order, answer(order), charge_for(order))

    def _meet(self, seen: Seen, order: Order, faithful: Acts, charge: Charge) -> tuple[Acts, Charge | None]:
        """What the script makes of the faithful answer to an accepted order, and of its charge."""
        behaviour = self._behaviour_for(seen)
        seen.behaviour = behaviour.name
        acts = behaviour.rewrite(order, faithful)
        self._accepted += 1
        self._news.set()
        self._news = asyncio.Event()
        return acts, charge if behaviour.billed else None

    def _behaviour_for(self, seen: Seen) -> Behaviour:
        for condition, behaviour in self._rules:
            if condition(seen):
                return behaviour
        return self._script.popleft() if self._script else self._default


def charge_for(order: Order) -> Charge:
    return Charge(
        request=order.request,
        model=order.model,
        size=order.size,
        quality=order.quality,
        images=order.images,
        usage=order.usage,
        micro_usd=order.usage.micro_usd(order.card),
    )
