"""Programs and commands over TLS, each in a place of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.doors.papers import Authority, Paper
from tests.terminal.programs import Place
from tests.terminal.test_up import up, written


def tables(paper: Paper, authority: Authority) -> str:
    pair = f'certificate = "{paper.certificate}"\nkey = "{paper.key}"\n'
    return f'[bridge.tls]\n{pair}[service.tls]\n{pair}client_ca = "{authority.path}"\n'


async def test_commands_over_tls(place: Place, tmp_path: Path) -> None:
    """`imagegen up` prints a curl line that trusts its certificate; commands speak to it with theirs alone."""
    authority = Authority(tmp_path)
    paper, caller = authority.sign(), authority.sign("a caller")
    config = written(place, tables(paper, authority))
    async with place.running(*up(place, "--config", config)) as running:
        pasted = await place.run("-c", running.curl, program="/bin/bash")
        ways = {
            "with both": ("--ca", authority.path, "--certificate", caller.certificate, "--certificate-key", caller.key),
            "without a certificate": ("--ca", authority.path),
            "without the authority": ("--tls",),
            "without TLS": (),
            "with half": ("--ca", authority.path, "--certificate", caller.certificate),
            "with no file": ("--ca", "/nowhere/ca.crt"),
        }
        asked = [place.run("models", "--service", running.grpc, *words) for words in ways.values()]
        told = dict(zip(ways, await asyncio.gather(*asked), strict=True))

    assert running.rest.startswith("https://127.0.0.1:")
    assert f" --cacert {paper.certificate} https://" in running.curl
    assert pasted.out.startswith(f"{running.rest}/v1/files/")
    assert told["with both"].code == 0
    assert "painter/scene" in told["with both"].out
    for name in ("without a certificate", "without the authority", "without TLS"):
        assert (told[name].code, told[name].out) == (1, ""), name
        assert "The image service cannot be reached." in told[name].err
    assert "--certificate and --certificate-key go together." in told["with half"].err
    assert told["with no file"].err == "imagegen: --ca: /nowhere/ca.crt: cannot be read: No such file or directory\n"
