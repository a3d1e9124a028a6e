"""What signals promise, kept by each twin: within one process, and between three over a real server."""

from __future__ import annotations

import asyncio
import random
import secrets
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from service.stores.signals.memory import MemorySignals
from service.stores.signals.port import Signals
from service.stores.signals.valkey import ValkeySignals
from tests.house import until

TWINS = ("memory", "valkey")

NAMES = ("", "a key", "{a}:*?[b]", "line\nline\r\n", "ключ\x00", "\ud800", "k" * 10_000)


@dataclass(frozen=True)
class Twin:
    """Three processes that share their signals, or the one whose they are; and the time that passes for them."""

    one: Signals
    other: Signals
    third: Signals
    let_pass: Callable[[float], Awaitable[None]]

    @property
    def all(self) -> tuple[Signals, ...]:
        return self.one, self.other, self.third


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def let_pass(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def nobody_goes_alone() -> Iterator[None]:
    """What is proven here is not proven by a process that had lost the others."""
    with capture_logs() as logs:
        yield
    assert not logs


@pytest.fixture(params=TWINS)
async def twin(request: pytest.FixtureRequest) -> AsyncGenerator[Twin]:
    if request.param == "memory":
        clock = Clock()
        signals = MemorySignals(clock)
        yield Twin(signals, signals, signals, clock.let_pass)
        await signals.close()
        return
    url, prefix = request.getfixturevalue("valkey_url"), f"test-{secrets.token_hex(4)}:"
    one, other, third = (ValkeySignals(url, prefix=prefix) for _ in range(3))
    yield Twin(one, other, third, asyncio.sleep)
    for each in (one, other, third):
        await each.close()


async def read(messages: AsyncGenerator[bytes, None], last: bytes) -> list[bytes]:
    """What comes, up to the last message that is waited for."""
    found: list[bytes] = []
    async with asyncio.timeout(10):
        async for message in messages:
            found.append(message)
            if message == last:
                break
    return found


def numbered(amount: int) -> list[bytes]:
    return [b"%d" % number for number in range(amount)]


async def test_every_addition_counts(twin: Twin) -> None:
    """Two hundred additions at once, over three processes: each has a total of its own, and none is lost."""
    adding = [signals.count("key", expires=60) for signals in twin.all for _ in range(67)]
    totals = await asyncio.gather(*adding[:200])
    for each in adding[200:]:
        each.close()

    assert sorted(totals) == list(range(1, 201))


async def test_counters_add_what_they_are_told(twin: Twin) -> None:
    """Any whole number can be added, also none and less than none; other counters are not touched."""
    totals = [await twin.one.count("key", by, expires=60) for by in (0, 5, -7, 10**12)]

    assert totals == [0, 5, -2, 10**12 - 2]
    assert await twin.other.count("other", expires=60) == 1


async def test_a_counter_ends_when_its_first_addition_said(twin: Twin) -> None:
    """Later additions neither prolong nor shorten its life, whatever they say."""
    await twin.one.count("soon", expires=1)
    await twin.one.count("late", expires=60)
    await twin.other.count("soon", expires=60)
    await twin.other.count("late", expires=0.01)
    await twin.let_pass(1.1)

    assert await twin.one.count("soon", expires=60) == 1
    assert await twin.one.count("late", expires=60) == 3


@pytest.mark.parametrize("expires", [0.0, -5.0, 1e-9, 1e300, float("inf")])
async def test_odd_times_do_no_harm(twin: Twin, expires: float) -> None:
    """A time that is over, or that never is, fails nothing."""
    assert await twin.one.count("key", expires=expires) == 1
    assert await twin.one.take("lease", "a", seconds=expires)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
async def test_names_may_be_anything(twin: Twin, name: str) -> None:
    """Whatever a string can be names a counter, a lease, an owner and a topic, and none is another's."""
    assert [await twin.one.count(name, expires=60), await twin.other.count(name, expires=60)] == [1, 2]
    assert await twin.one.take(name, name, seconds=60)
    assert await twin.other.take(name, f"{name}.", seconds=60) is None
    async with twin.one.subscribe(name) as messages:
        await twin.other.publish(name, b"x")
        assert await read(messages, b"x") == [b"x"]


async def test_a_lease_has_one_owner(twin: Twin) -> None:
    """Of fifty who want it at once one gets it."""
    tokens = await asyncio.gather(
        *(random.choice(twin.all).take("lease", f"owner {number}", seconds=60) for number in range(50))
    )

    assert len([token for token in tokens if token is not None]) == 1


async def test_tokens_grow_with_every_change_of_hands(twin: Twin) -> None:
    """Each owner's token is greater than the one before, also when the same owner comes again, wherever it runs."""
    tokens: list[int] = []
    for turn in range(30):
        owner = f"owner {turn // 2 % 3}"
        token = await twin.all[turn % 3].take("lease", owner, seconds=60)
        assert token is not None
        tokens.append(token)
        await random.choice(twin.all).give_back("lease", owner)

    assert tokens == sorted(set(tokens))
    assert tokens[0] > 0


async def test_renewing_keeps_the_token(twin: Twin) -> None:
    """The owner who has the lease has it for longer, under its token; the others wait for longer."""
    first = await twin.one.take("lease", "a", seconds=1)
    assert await twin.other.take("lease", "a", seconds=60) == first
    await twin.let_pass(1.1)

    assert await twin.third.take("lease", "b", seconds=60) is None
    assert await twin.one.take("lease", "a", seconds=60) == first


async def test_an_expired_lease_is_free(twin: Twin) -> None:
    """When its time is over somebody else gets the lease, and a greater token; who had it has it no more."""
    first = await twin.one.take("lease", "a", seconds=1)
    assert first
    await twin.let_pass(1.1)
    second = await twin.other.take("lease", "b", seconds=60)

    assert second
    assert second > first
    assert await twin.one.take("lease", "a", seconds=60) is None


async def test_who_comes_back_late_is_a_new_owner(twin: Twin) -> None:
    """After its time the same owner gets a greater token as well: somebody else may have had the lease in between."""
    first = await twin.one.take("lease", "a", seconds=1)
    assert first
    await twin.let_pass(1.1)
    again = await twin.one.take("lease", "a", seconds=60)

    assert again
    assert again > first


async def test_only_the_owner_gives_back(twin: Twin) -> None:
    """A stranger gives nothing back, nor does who had the lease before; what nobody has can be given back too."""
    await twin.one.give_back("lease", "a")
    first = await twin.one.take("lease", "a", seconds=60)
    await twin.other.give_back("lease", "b")
    assert await twin.one.take("lease", "a", seconds=60) == first

    await twin.one.give_back("lease", "a")
    second = await twin.other.take("lease", "b", seconds=60)
    await twin.one.give_back("lease", "a")
    assert await twin.other.take("lease", "b", seconds=60) == second


async def test_messages_reach_all_in_order(twin: Twin) -> None:
    """Two listeners in each of three processes hear everything in the order of its publishing, bytes as sent."""
    sent = [bytes(range(256)), b"", b"\r\n$-1\r\n", b"x" * 1_000_000, *numbered(100)]
    async with AsyncExitStack() as stack:
        listening = [
            await stack.enter_async_context(signals.subscribe("topic")) for signals in twin.all for _ in range(2)
        ]
        elsewhere = await stack.enter_async_context(twin.one.subscribe("elsewhere"))
        for message in sent:
            await twin.one.publish("topic", message)
        await twin.one.publish("elsewhere", b"end")

        assert [await read(messages, sent[-1]) for messages in listening] == [sent] * 6
        assert await read(elsewhere, b"end") == [b"end"]


async def test_only_what_comes_after_entering_is_heard(twin: Twin) -> None:
    """The first message after entering is heard, that before entering is not, and that after leaving by nobody."""
    for turn in range(20):
        await twin.other.publish("topic", b"before")
        async with twin.one.subscribe("topic") as messages:
            await twin.other.publish("topic", b"%d" % turn)
            assert await read(messages, b"%d" % turn) == [b"%d" % turn]
            await twin.other.publish("topic", b"too late")


async def test_a_reader_may_stop_waiting_and_come_again(twin: Twin) -> None:
    """Whose time is over before a message comes hears the next one all the same, and loses none."""
    async with twin.one.subscribe("topic") as messages:
        for message in numbered(20):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await anext(messages)
            await twin.other.publish("topic", message)
            assert await read(messages, message) == [message]
    assert [message async for message in messages] == []


async def test_many_topics_come_and_go(twin: Twin) -> None:
    """A hundred who listen to ten topics, each for a while, hear what is meant for them, and nothing else."""

    async def listen(number: int) -> list[bytes]:
        topic = f"topic {number % 10}"
        await asyncio.sleep(random.random() / 10)
        async with random.choice(twin.all).subscribe(topic) as messages:
            await random.choice(twin.all).publish(topic, b"%d" % number)
            return await read(messages, b"%d" % number)

    heard = await asyncio.gather(*(listen(number) for number in range(100)))

    assert all(int(message) % 10 == number % 10 for number, found in enumerate(heard) for message in found)


async def test_the_slow_lose_the_oldest(twin: Twin) -> None:
    """Who does not read finds the last 256 messages; who reads beside him in the same process misses none."""
    sent = numbered(1000)
    async with twin.one.subscribe("topic") as slow, twin.one.subscribe("topic") as fast:
        reading = asyncio.create_task(read(fast, sent[-1]))
        async with asyncio.timeout(20):
            for message in sent:
                await twin.other.publish("topic", message)
                await asyncio.sleep(0)

        assert await reading == sent
        assert await read(slow, sent[-1]) == sent[-256:]


async def test_leaving_leaves_nothing(twin: Twin) -> None:
    """After leaving no task is left, however one leaves: in order, by an error, cancelled, or with a reader waiting."""
    await twin.one.count("key", expires=60)
    before = len(asyncio.all_tasks())

    async def stay(entered: asyncio.Event) -> None:
        async with twin.one.subscribe("topic") as messages:
            entered.set()
            await anext(messages)

    for _ in range(20):
        entered = asyncio.Event()
        staying = asyncio.create_task(stay(entered))
        await entered.wait()
        staying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await staying
    with pytest.raises(ZeroDivisionError):
        async with twin.one.subscribe("topic"):
            raise ZeroDivisionError
    async with twin.one.subscribe("topic") as messages:
        reading = asyncio.create_task(read(messages, b"never"))
        await asyncio.sleep(0)
    assert await reading == []

    assert len(asyncio.all_tasks()) == before


async def test_entering_can_be_cancelled_anywhere(twin: Twin) -> None:
    """Whoever is cancelled on the way in leaves nothing behind, and the others listen on."""
    before = len(asyncio.all_tasks())

    async def enter() -> None:
        async with twin.one.subscribe("topic"):
            await asyncio.sleep(0.002)

    async with twin.one.subscribe("other") as messages:
        for turn in range(100):
            entering = asyncio.create_task(enter())
            for _ in range(turn % 25):
                await asyncio.sleep(0)
            entering.cancel()
            await asyncio.wait({entering})
        await twin.other.publish("other", b"end")
        assert await read(messages, b"end") == [b"end"]

    await until(lambda: len(asyncio.all_tasks()) == before)


async def test_calls_can_be_cancelled_anywhere(twin: Twin) -> None:
    """Five hundred callers who leave in the middle of their calls spoil nothing for those who come after them."""
    for turn in range(10):
        calling = [
            asyncio.create_task(random.choice(twin.all).count(f"key {number % 7}", expires=60)) for number in range(50)
        ]
        for _ in range(turn):
            await asyncio.sleep(0)
        for each in calling:
            each.cancel()
        await asyncio.wait(calling)

    totals = await asyncio.gather(*(random.choice(twin.all).count("fresh", expires=60) for _ in range(100)))
    assert sorted(totals) == list(range(1, 101))
    assert await twin.one.take("lease", "a", seconds=60)


async def test_closing_ends_subscriptions(twin: Twin) -> None:
    """Who listens comes to the end; nothing fails afterwards, nor when it is closed again."""
    async with twin.one.subscribe("topic") as messages:
        reading = asyncio.create_task(read(messages, b"never"))
        await asyncio.sleep(0)
        await twin.one.close()
        assert await reading == []

    assert await twin.one.count("another", expires=60) == 1
    assert await twin.one.take("another", "a", seconds=60)
    await twin.one.give_back("another", "a")
    await twin.one.publish("topic", b"x")
    async with twin.one.subscribe("topic") as messages, aclosing(messages):
        pass
    await twin.one.close()


async def test_tokens_grow_over_restarts() -> None:
    """A process that is started anew remembers nothing, and yet gives greater tokens."""
    before = await MemorySignals().take("lease", "a", seconds=60)
    await asyncio.sleep(0.001)
    after = await MemorySignals().take("lease", "a", seconds=60)

    assert before
    assert after
    assert after > before


async def test_what_has_expired_takes_no_room() -> None:
    """Twenty thousand counters and leases, each for a second: never more are kept than one second's."""
    clock = Clock()
    signals = MemorySignals(clock)
    await signals.take("prolonged", "a", seconds=1)
    tracemalloc.start()
    try:
        for number in range(20_000):
            clock.now += 0.01
            await signals.count(f"key {number}", expires=1)
            await signals.take(f"lease {number}", "a", seconds=1)
            await signals.take("prolonged", "a", seconds=1)
            await signals.take("given back", f"{number}", seconds=1)
            await signals.give_back("given back", f"{number}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 200_000
