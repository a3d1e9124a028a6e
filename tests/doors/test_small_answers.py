"""Small answers on a connection that is kept: nothing holds them back until more comes, whatever the loop."""

from __future__ import annotations

import asyncio
import gc
import socket
from pathlib import Path

import pytest

from tests.doors.papers import Authority
from tests.doors.test_tls import speaking_rest, trusting
from tests.house import open_house


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_answers_do_not_wait_for_more(scheme: str, tmp_path: Path) -> None:
    """TCP would hold back a body that follows its headers until these are acknowledged: forty milliseconds each."""
    authority = Authority(tmp_path)
    tls = {"tls": authority.sign().pair} if scheme == "https" else {}

    async def main() -> None:
        async with (
            open_house(tmp_path, extra={"bridge": {"listen": "127.0.0.1:0", **tls}}) as house,
            speaking_rest(house, trusting(authority)) as client,
        ):
            assert house.rest.startswith(f"{scheme}://")
            assert (await client.get("/health")).status_code == 200
            door = int(house.rest.rsplit(":", 1)[1])
            taken = [each for each in gc.get_objects() if isinstance(each, asyncio.Transport) and _port(each) == door]
            assert taken
            for transport in taken:
                connection: socket.socket = transport.get_extra_info("socket")
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    asyncio.run(main())


def _port(transport: asyncio.Transport) -> int | None:
    """The port of ours that it came to; none once it is closed, or where it is no connection over TCP."""
    address: object = transport.get_extra_info("sockname")
    return address[1] if isinstance(address, tuple) and not transport.is_closing() else None  # pyright: ignore[reportUnknownVariableType] - whatever the system names it by
