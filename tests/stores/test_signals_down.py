"""Signals while their server is dead, frozen, late, or of no use: no request fails or waits, and all comes back."""

from __future__ import annotations

import asyncio
import gc
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.stores.signals.valkey import ValkeySignals
from tests.house import until
from tests.servers.valkey import Door, ValkeyServer

BOUND = 1.0
"""Seconds that one call may take, on a machine with much else to do."""

AWAY = "signals unreachable, each process goes on alone"
BACK = "signals are back"

Log = list[Any]


@pytest.fixture(autouse=True)
def logs() -> Iterator[Log]:
    with capture_logs() as logs:
        yield logs


Opener = Callable[..., ValkeySignals]


def events(logs: Log) -> list[str]:
    return [line["event"] for line in logs]


async def use(signals: ValkeySignals, key: str = "key") -> float:
    """Asks for one of everything; the seconds that the slowest took."""
    slowest = 0.0
    for call in (
        signals.count(key, expires=60),
        signals.publish("nobody listens", b"x"),
        signals.take("lease", "a", seconds=60),
        signals.give_back("lease", "a"),
    ):
        begun = time.monotonic()
        await call
        slowest = max(slowest, time.monotonic() - begun)
    begun = time.monotonic()
    async with signals.subscribe("topic"):
        pass
    return max(slowest, time.monotonic() - begun)


async def hears(
    listener: AsyncGenerator[bytes, None], speaker: ValkeySignals, topic: str = "topic", *, within: float = 5
) -> bool:
    """Whether what one publishes now reaches the other."""
    marker = secrets.token_bytes(8)
    await speaker.publish(topic, marker)
    try:
        async with asyncio.timeout(within):
            while await anext(listener) != marker:
                pass
    except TimeoutError:
        return False
    return True


async def kept(server: ValkeyServer, key: str) -> int:
    """What the server itself has under a key."""
    async with server.operator() as looking:
        return int(await looking.get(key) or 0)


async def test_killed_under_use(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """Two hundred at work when the server dies go on without it, alone, until it is back: all of them at once."""
    signals, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    ended = asyncio.Event()

    async def work(number: int) -> float:
        slowest = 0.0
        while not ended.is_set():
            slowest = max(slowest, await use(signals, f"key {number}"))
            await asyncio.sleep(0.05)
        return slowest

    working = [asyncio.create_task(work(number)) for number in range(200)]
    await asyncio.sleep(0.3)
    assert not logs
    await asyncio.to_thread(valkey_server.stop)
    await until(lambda: bool(logs))
    await asyncio.sleep(1.5)
    assert events(logs) == [AWAY]
    await asyncio.to_thread(valkey_server.start)
    await until(lambda: len(logs) > 1)
    await asyncio.sleep(0.3)
    ended.set()

    assert max(await asyncio.gather(*working)) < BOUND * 5  # each waits for two hundred others as well
    assert events(logs) == [AWAY, BACK]
    assert [await each.count("shared", expires=60) for each in (signals, other, signals)] == [1, 2, 3]


async def test_dead_costs_nothing(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """Once it is known that the server is dead, calls are as quick as memory, and each process counts for itself."""
    signals, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    assert [await each.count("key", expires=60) for each in (signals, other)] == [1, 2]
    valkey_server.stop()
    assert [await each.count("key", expires=60) for each in (signals, other)] == [1, 1]
    assert await signals.take("lease", "a", seconds=60)
    assert await other.take("lease", "b", seconds=60)

    begun = time.monotonic()
    for _ in range(1000):
        await use(signals)
    assert time.monotonic() - begun < 5
    assert events(logs) == [AWAY, AWAY]


async def test_frozen_costs_a_moment_once(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """Three hundred who ask a frozen server wait a moment together; afterwards nobody waits."""
    signals = open_signals(valkey_server.url)
    await use(signals)
    valkey_server.freeze()
    begun = time.monotonic()
    totals = await asyncio.gather(*(signals.count("frozen", expires=60) for _ in range(300)))

    assert time.monotonic() - begun < BOUND
    assert sorted(totals) == list(range(1, 301))
    took: list[float] = []
    begun = time.monotonic()
    while time.monotonic() - begun < 2.5:  # a look or two at the server are among it
        took.append(await use(signals))
        await asyncio.sleep(0.001)
    assert sorted(took)[len(took) * 98 // 100] < 0.05  # the rest is the machine's
    assert events(logs) == [AWAY]

    valkey_server.thaw()
    await until(lambda: len(logs) > 1)
    assert events(logs) == [AWAY, BACK]
    assert await signals.count("thawed", expires=60) == 1
    assert await kept(valkey_server, "imagegen:count:thawed") == 1


async def test_frozen_while_two_hundred_listen(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """Who enters or leaves a topic of a frozen server waits no longer than anybody else."""
    signals = open_signals(valkey_server.url)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(signals.subscribe("topic"))
        valkey_server.freeze()
        begun = time.monotonic()

        async def enter(number: int) -> None:
            async with signals.subscribe(f"topic {number}"):
                pass

        await asyncio.gather(*(enter(number) for number in range(200)))
        assert time.monotonic() - begun < BOUND
        begun = time.monotonic()

    assert time.monotonic() - begun < BOUND
    assert events(logs) == [AWAY]


async def test_started_late(tmp_path: Path, logs: Log, open_signals: Opener) -> None:
    """Nothing is tried before it is needed; begun without a server, all goes on alone, and meets when it comes."""
    server, tasks = ValkeyServer(tmp_path), len(asyncio.all_tasks())
    one, other = open_signals(server.url), open_signals(server.url)
    await asyncio.sleep(0.05)
    assert (len(asyncio.all_tasks()), logs) == (tasks, [])
    async with one.subscribe("topic") as messages:
        assert [await each.count("key", expires=60) for each in (one, other)] == [1, 1]
        assert await hears(messages, one)
        assert events(logs) == [AWAY, AWAY]
        with server:
            await until(lambda: len(logs) > 3)

            assert await hears(messages, other)
            assert [await each.count("new", expires=60) for each in (one, other)] == [1, 2]
    assert events(logs) == [AWAY, AWAY, BACK, BACK]


async def test_subscriptions_heal(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """What is listened to before, since or during an outage is heard after it, what was left during it is not sent."""
    one, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    async with AsyncExitStack() as stack:
        left = AsyncExitStack()
        await left.enter_async_context(one.subscribe("left"))
        before = await stack.enter_async_context(one.subscribe("topic"))
        elsewhere = await stack.enter_async_context(other.subscribe("topic"))
        assert await hears(before, other)
        valkey_server.stop()
        await use(one)
        await use(other)
        during = await stack.enter_async_context(one.subscribe("another"))
        await left.aclose()
        assert await hears(before, one)
        assert await hears(during, one, "another")
        assert not await hears(before, other, within=0.3)
        valkey_server.start()
        await until(lambda: events(logs).count(BACK) == 2)

        since = await stack.enter_async_context(other.subscribe("since"))
        assert await hears(before, other)
        assert await hears(elsewhere, one)
        assert await hears(during, other, "another")
        assert await hears(since, one, "since")
        async with valkey_server.operator() as looking:
            topics = [b"imagegen:another", b"imagegen:since", b"imagegen:topic"]
            assert sorted(await looking.pubsub_channels("imagegen:*")) == topics
    assert events(logs) == [AWAY, AWAY, BACK, BACK]


async def test_who_only_listens_finds_back(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """A process that never asks for anything notices that the server went, and hears again when it is there."""
    listener, speaker = open_signals(valkey_server.url), open_signals(valkey_server.url)
    async with listener.subscribe("topic") as messages:
        for turn in range(1, 3):
            valkey_server.stop()
            await until(lambda turn=turn: events(logs).count(AWAY) == turn)
            valkey_server.start()
            await until(lambda turn=turn: events(logs).count(BACK) == turn)
            assert await hears(messages, speaker)


async def test_a_cut_connection_heals(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """When only connections are cut, those that are idle and the one that listens, all is as before soon after."""
    signals, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    async with valkey_server.operator() as looking, signals.subscribe("topic") as messages:
        await asyncio.gather(*(signals.count("key", expires=60) for _ in range(50)))
        await looking.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await looking.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await until(lambda: BACK in events(logs))

        assert await hears(messages, other)
        totals = await asyncio.gather(*(signals.count("after", expires=60) for _ in range(50)))
        assert sorted(totals) == list(range(1, 51))
        assert await kept(valkey_server, "imagegen:count:after") == 50
    assert events(logs) == [AWAY, BACK]


async def test_many_come_and_go_while_connections_are_cut(
    valkey_server: ValkeyServer, logs: Log, open_signals: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    """Cut again and again at any moment, nothing fails; afterwards all is as before, and no connection is left over."""
    signals, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    ended = asyncio.Event()

    async def come_and_go(number: int) -> None:
        while not ended.is_set():
            async with signals.subscribe(f"topic {number}") as messages:
                assert await hears(messages, signals, f"topic {number}", within=0.5) or logs
                await signals.count("key", expires=60)
            await asyncio.sleep(0.001)  # memory answers without a pause

    async with valkey_server.operator() as looking:
        working = [asyncio.create_task(come_and_go(number)) for number in range(20)]
        for turn in range(100):
            await asyncio.sleep(0.03)
            await looking.execute_command("CLIENT", "KILL", "TYPE", ("pubsub", "normal")[turn % 2], "SKIPME", "yes")
        ended.set()
        await asyncio.gather(*working)
        await until(lambda: events(logs).count(AWAY) == events(logs).count(BACK))

        async with signals.subscribe("topic") as messages:
            assert await hears(messages, other)
            assert len(await looking.pubsub_channels()) == 1
        await signals.close()
        await other.close()
        async with asyncio.timeout(5):
            while len(await looking.client_list()) > 1:  # noqa: ASYNC110 - what is watched has no event to wait for
                await asyncio.sleep(0.01)
    gc.collect()
    assert not caplog.records  # nothing that nobody waited for any more, as asyncio would say


async def test_connections_that_lead_nowhere_are_not_used_again(
    valkey_server: ValkeyServer, logs: Log, open_signals: Opener
) -> None:
    """When the network forgets what was connected and tells nobody, it costs one moment, not one a connection."""
    other = open_signals(valkey_server.url)
    async with Door(valkey_server) as door:
        signals = open_signals(f"redis://{door.address}")
        await asyncio.gather(*(signals.count("key", expires=60) for _ in range(50)))
        async with signals.subscribe("topic") as messages:
            door.swallow()
            begun = time.monotonic()
            await signals.count("swallowed", expires=60)
            assert time.monotonic() - begun < BOUND
            await until(lambda: BACK in events(logs))
            totals = await asyncio.gather(*(signals.count("after", expires=60) for _ in range(50)))

            assert sorted(totals) == list(range(1, 51))
            assert await other.count("after", expires=60) == 51
            assert await hears(messages, other)
            assert events(logs) == [AWAY, BACK]


async def test_tokens_grow_through_outages(valkey_server: ValkeyServer, open_signals: Opener, logs: Log) -> None:
    """An owner keeps its token when the server goes; whoever has the lease next, there or alone, has a greater one."""
    one, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    first = await one.take("lease", "a", seconds=60)
    assert first
    assert await other.take("lease", "b", seconds=60) is None
    valkey_server.stop()
    assert await one.take("lease", "a", seconds=60) == first
    newcomers = await other.take("lease", "b", seconds=60)
    assert newcomers
    await one.give_back("lease", "a")
    second = await one.take("lease", "c", seconds=60)
    assert second
    await one.give_back("lease", "c")
    valkey_server.start()  # it has forgotten everything
    await until(lambda: BACK in events(logs))
    third = await one.take("lease", "a", seconds=60)
    assert third

    assert first < newcomers < second < third


async def test_a_lease_survives_what_the_server_survives(
    valkey_server: ValkeyServer, open_signals: Opener, logs: Log
) -> None:
    """When a frozen server thaws, the owner has its lease and token as before, and others still wait."""
    one, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    first = await one.take("lease", "a", seconds=60)
    valkey_server.freeze()
    assert await one.take("lease", "a", seconds=60) == first
    valkey_server.thaw()
    await until(lambda: BACK in events(logs))

    assert await one.take("lease", "a", seconds=60) == first
    assert await other.take("lease", "b", seconds=60) is None


async def test_no_password_is_logged(tmp_path: Path, logs: Log, open_signals: Opener) -> None:
    """Neither the right password nor a wrong one is in any line, whatever fails; a wrong one is a server away."""
    with ValkeyServer(tmp_path, password="secret") as server:
        right = open_signals(server.url)
        wrong = open_signals(server.url.replace("secret", "also-secret"))
        nameless = open_signals(server.url.replace(":secret@", ""))
        somebody = open_signals(server.url.replace(":secret", "somebody:secret"))
        for signals in (wrong, nameless, somebody):
            assert await signals.count("key", expires=60) == 1
        assert events(logs) == [AWAY] * 3
        assert [await right.count("key", expires=60) for _ in range(3)] == [1, 2, 3]
        server.freeze()
        await use(right)
        server.stop()
        await asyncio.sleep(1.2)
        server.start()
        await until(lambda: BACK in events(logs))

    assert all(line["server"] == server.address for line in logs)
    assert "secret" not in str(logs)
    assert events(logs) == [AWAY] * 4 + [BACK]


class Nonsense:
    """A server that counts who comes, and answers whatever is said to it by repeating it."""

    def __init__(self, answer: bytes) -> None:
        self.visits = 0
        self._answer = answer
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> str:
        self._listening = await asyncio.start_server(self._let_in, "127.0.0.1", 0)
        return f"127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *ending: object) -> None:
        self._listening.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self._writers.append(writer)
        while said := await reader.read(1000):
            if self._answer:
                writer.write(self._answer + said.replace(b"\r\n", b" ") + b"\r\n")


async def test_what_the_server_says_is_not_logged(logs: Log, open_signals: Opener) -> None:
    """A server that repeats in an error what was sent to it does not bring the password into the log."""
    async with Nonsense(b"-ERR unknown command, with args beginning with: ") as address:
        signals = open_signals(f"redis://:secret@{address}")
        assert await signals.count("key", expires=60) == 1
        await until(lambda: bool(logs))

    assert events(logs) == [AWAY]
    assert "secret" not in str(logs)


async def test_one_look_a_second(logs: Log, open_signals: Opener) -> None:
    """However many ask, a server that is away is looked at once a second, and never by two at a time."""
    silent = Nonsense(b"")
    async with silent as address:
        signals = open_signals(f"redis://{address}")
        await asyncio.gather(*(signals.count("key", expires=60) for _ in range(100)))
        assert 1 <= silent.visits <= 16
        before, begun = silent.visits, time.monotonic()
        while time.monotonic() - begun < 2.5:
            await asyncio.gather(*(use(signals) for _ in range(50)))
            await asyncio.sleep(0.01)

        assert 1 <= silent.visits - before <= (time.monotonic() - begun) + 1
    assert events(logs) == [AWAY]


@pytest.mark.parametrize(
    ("of_no_use", "of_use"),
    [
        (["CONFIG SET maxmemory 1"], ["CONFIG SET maxmemory 0"]),
        (["REPLICAOF 127.0.0.1 1"], ["REPLICAOF NO ONE"]),
        (["ACL SETUSER default -eval"], ["ACL SETUSER default +eval"]),
        (["ACL SETUSER default resetchannels"], ["ACL SETUSER default allchannels"]),
    ],
    ids=["full", "a replica", "without scripts", "without channels"],
)
async def test_a_server_of_no_use_counts_as_away(
    valkey_server: ValkeyServer, logs: Log, open_signals: Opener, of_no_use: list[str], of_use: list[str]
) -> None:
    """One that answers and refuses is left alone like a dead one, and used again when it takes what it is given."""
    signals = open_signals(valkey_server.url)
    async with signals.subscribe("topic") as messages, valkey_server.operator() as looking:
        for command in of_no_use:
            await looking.execute_command(*command.split())
        await signals.count("key", expires=60)
        await until(lambda: AWAY in events(logs))
        await asyncio.sleep(1.2)
        assert await hears(messages, signals)
        assert await signals.count("meanwhile", expires=60) == 1
        assert events(logs) == [AWAY]
        for command in of_use:
            await looking.execute_command(*command.split())
        await until(lambda: BACK in events(logs))

        assert await hears(messages, signals)
        assert events(logs) == [AWAY, BACK]


async def test_one_refused_command_is_only_that(valkey_server: ValkeyServer, logs: Log, open_signals: Opener) -> None:
    """A key that somebody else uses otherwise is counted alone; everything else goes on, and one line says so."""
    signals, other = open_signals(valkey_server.url), open_signals(valkey_server.url)
    async with valkey_server.operator() as looking:
        await looking.set("imagegen:count:theirs", "a text")
    assert [await signals.count("theirs", expires=60) for _ in range(20)] == list(range(1, 21))
    await until(lambda: bool(logs))
    for turn in range(20):
        await signals.count("theirs", expires=60)
        assert [await each.count(f"ours {turn}", expires=60) for each in (signals, other)] == [1, 2]
    await asyncio.sleep(0.1)

    assert events(logs) == ["signals refuse a command"]


async def test_our_own_slowness_is_not_the_servers(
    valkey_server: ValkeyServer, logs: Log, open_signals: Opener
) -> None:
    """A loop that stands still again and again, for longer than a server may be silent, loses nothing."""
    signals, other = open_signals(valkey_server.url), open_signals(valkey_server.url)

    async def stand_still() -> None:
        while True:
            await asyncio.sleep(0.001)
            time.sleep(0.15)  # noqa: ASYNC251 - this is meant

    standing = asyncio.create_task(stand_still())
    totals = await asyncio.gather(*(each.count("key", expires=60) for each in (signals, other) for _ in range(50)))
    async with signals.subscribe("topic") as messages:
        assert await hears(messages, signals)
    standing.cancel()

    assert sorted(totals) == list(range(1, 101))
    assert logs == []


@pytest.mark.parametrize("state", ["well", "dead", "frozen"])
async def test_closing_does_not_wait(valkey_server: ValkeyServer, open_signals: Opener, state: str, logs: Log) -> None:
    """Closing ends what is under way, and takes no longer when the server is away, whether that is known or not."""
    known, unknown = open_signals(valkey_server.url), open_signals(valkey_server.url)
    for signals in (known, unknown):
        await use(signals)
    if state == "dead":
        valkey_server.stop()
    elif state == "frozen":
        valkey_server.freeze()
    await use(known)
    calls = [asyncio.create_task(unknown.count("key", expires=60)) for _ in range(100)]
    await asyncio.sleep(0)
    begun = time.monotonic()
    await known.close()
    await unknown.close()

    assert time.monotonic() - begun < BOUND
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("signals")]
    assert all(await asyncio.gather(*calls))
    assert set(events(logs)) == (set() if state == "well" else {AWAY})
