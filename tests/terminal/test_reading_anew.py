"""The programs take up what changes in their file: by themselves, and at once when they are told to (SIGHUP)."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from imagegen import Client

from tests.servers import valkey
from tests.terminal.programs import COMMAND, PATIENCE, Place, Running
from tests.terminal.test_up import assert_stopped_well, up, written
from tests.terminal.test_workers import listening, until, workers_of

NEW = '[models.new]\ntargets = [{ target = "painter/scene" }]\n'
REFUSED, APPLIED = b"configuration refused", b"configuration applied"
IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey.valkey_url(tmp_path_factory.mktemp("valkey")) as url:
        yield url


async def models(grpc: str) -> set[str]:
    async with Client(grpc) as client:
        return set(await client.models())


async def said(running: Running, what: bytes) -> str:
    """The next line on standard error that says so."""
    assert running.process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while what not in (line := await running.process.stderr.readline()):
            assert line, "the program ended"
    return line.decode()


async def test_a_worker_that_is_replaced_begins_with_what_is_in_force(place: Place, signals: str) -> None:
    """What the others refused, or a file that is gone, is nothing to it; what they took is."""
    text = f'[stores]\nsignals = "{signals}"\n'
    later = '[models.later]\ntargets = [{ target = "painter/scene" }]\n'

    async def replaced() -> None:
        victim, _ = workers_of(running)
        os.kill(victim, signal.SIGKILL)
        await until(lambda: [len(listening(each)) for each in workers_of(running) if each != victim] == [2, 2])

    async with place.running(*up(place, "--workers", "2", "--config", written(place, text + NEW))) as running:
        written(place, text + later + '[drain]\ngrace = "7s"\n')
        for _ in range(3):
            assert "drain.grace: differs from what this process started with" in await said(running, REFUSED)
        await replaced()
        for _ in range(8):
            assert {"new", "later"} & await models(running.grpc) == {"new"}

        written(place, text + later)
        for _ in range(3):
            await said(running, APPLIED)
        os.unlink(place.directory / "imagegen.toml")
        await replaced()
        for _ in range(8):
            assert {"new", "later"} & await models(running.grpc) == {"later"}
        running.tell()
        assert (await running.ended()).code == 0


@pytest.mark.parametrize("program", ["up", "service"])
async def test_it_looks_by_itself(place: Place, program: str) -> None:
    """A file that changed is in force a moment later; what the command line says stands over it as before."""
    text = '[bridge]\nlisten = "127.0.0.1:1"\n[service]\nlisten = "127.0.0.1:0"\n'
    config = written(place, text)
    words = up(place) if program == "up" else ("service", "--grpc", "127.0.0.1:0", "--data-dir", str(place.data))
    async with place.running(*words, "--config", config) as running:
        assert "new" not in await models(running.grpc)
        written(place, text + NEW)
        line = await said(running, APPLIED)
        assert '"changed":["models.new"]' in line
        assert "new" in await models(running.grpc)
        running.tell()
        assert_stopped_well(await running.ended(), place)


async def test_an_emptied_file_is_refused(place: Place) -> None:
    """Editors and `cp` empty a file before they write it: nobody loses a provider by that, told to look or not."""
    config = written(place, NEW)
    async with place.running(*up(place, "--config", config)) as running:
        written(place, "")
        for _ in range(2):
            assert f"{config}: is empty" in await said(running, REFUSED)
            assert "new" in await models(running.grpc)
            running.tell(signal.SIGHUP)


async def test_it_looks_when_told(place: Place) -> None:
    """Each SIGHUP is an attempt of its own, told of each time; a file that is good again is in force at once."""
    config = written(place, "")
    async with place.running(*up(place, "--config", config)) as running:
        written(place, "[engine]\nafter = 1\n")
        for _ in range(3):
            running.tell(signal.SIGHUP)
            assert f"{config}: engine.after: unknown setting" in await said(running, REFUSED)
        written(place, NEW)
        running.tell(signal.SIGHUP)
        await said(running, APPLIED)
        assert "new" in await models(running.grpc)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_told_while_it_starts_it_starts(place: Place, signals: str, workers: str) -> None:
    """A reload may follow the start at once. It is heard when there is somebody to hear it, and ends nothing."""
    words = up(place, "--workers", workers, "--config", written(place, f'[stores]\nsignals = "{signals}"\n'))

    async def reload(process: Process) -> None:
        status = Path(f"/proc/{process.pid}/status")
        await until(lambda: "SigBlk:\t0000000000000001" in status.read_text())  # it has just begun, and imports still
        process.send_signal(signal.SIGHUP)

    async with place.running(*words, meanwhile=reload) as running:
        running.tell()
        assert (await running.ended()).code == 0


async def test_every_worker_looks(place: Place, signals: str) -> None:
    """Told once, the one that watches over the workers looks, too, and tells them all."""
    text = f'[stores]\nsignals = "{signals}"\n'
    async with place.running(*up(place, "--workers", "2", "--config", written(place, text))) as running:
        written(place, text + "[engine]\nafter = 1\n")
        running.tell(signal.SIGHUP)
        for _ in range(3):
            await said(running, REFUSED)
        written(place, text + NEW)
        running.tell(signal.SIGHUP)
        for _ in range(3):
            await said(running, APPLIED)
        assert [("new" in await models(running.grpc)) for _ in range(8)] == [True] * 8
        running.tell()
        assert (await running.ended()).code == 0


@pytest.mark.parametrize("processes", [1, 3])
async def test_what_can_be_read_once_is_not_looked_at_again(place: Place, signals: str, processes: int) -> None:
    """`--config <(…)` is in force to the end, though the pipe is empty now; the log says so once, SIGHUP or not."""
    written(place, f'{NEW}[stores]\nsignals = "{signals}"\n')
    words = shlex.join(["exec", COMMAND, *up(place, "--workers", str(processes - 1 or 1))])
    async with place.running(
        "-c", f"{words} --config <(cat {place.directory}/imagegen.toml)", program="bash"
    ) as running:
        assert "new" in await models(running.grpc)
        running.tell(signal.SIGHUP)
        await asyncio.sleep(3)  # for two looks, if there were any
        assert "new" in await models(running.grpc)
        running.tell()
        result = await running.ended()
        assert_stopped_well(result, place)
    lines = [line for line in result.err.split("\n") if "config" in line]
    assert len(lines) == processes
    assert all("configuration not watched: it is not in a regular file" in line for line in lines)


async def test_without_a_file_it_ends(place: Place) -> None:
    """There is nothing to read anew: SIGHUP means what it always means."""
    async with place.running(*up(place)) as running:
        running.tell(signal.SIGHUP)
        assert (await running.ended()).code == -signal.SIGHUP


async def test_a_terminal_that_goes_takes_it_along(place: Place) -> None:
    """SIGHUP is also how a terminal says that it is closed: nobody is left behind who holds the port."""
    words = up(place, "--config", written(place, ""))
    for name in ("work", "home", "tmp"):
        (place.directory / name).mkdir()
    master, slave = os.openpty()
    with closing(os.fdopen(master, "rb", buffering=0)) as terminal:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", IN_A_TERMINAL, COMMAND, *words),
            cwd=place.work,
            env=place.environment(),
            stdin=slave,
            stdout=PIPE,
        )
        os.close(slave)
        try:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                while b"gRPC" not in (line := await process.stdout.readline()):
                    assert line, "the program ended"
                process.send_signal(signal.SIGHUP)  # while the terminal is there it reads the file anew
                await asyncio.sleep(0.5)
                assert process.returncode is None
                terminal.close()
                assert await process.wait() == -signal.SIGHUP
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
