"""A gRPC server stops in order though callers come and go over TLS in the same moment.

Some versions of grpcio end the process then, about once in fifty stops: what the lock takes must not.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.doors.papers import Authority

STOPS = 150

SERVER = """
import asyncio, sys
import grpc
from imagegen.tls import Files
from service.rpc.tls import credentials, watch

async def main(certificate, key, stops):
    watched = watch(Files(certificate, key))
    port = 0
    for _ in range(int(stops)):
        server = grpc.aio.server()
        port = server.add_secure_port(f"127.0.0.1:{port}", credentials(watched))
        await server.start()
        print(port, flush=True)
        await asyncio.sleep(0.03)
        await server.stop(0)

asyncio.run(main(*sys.argv[1:]))
"""

CALLERS = """
import socket, ssl, sys, threading

context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.set_alpn_protocols(["h2"])

def come_and_go():
    while True:
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2) as plain, context.wrap_socket(plain):
                pass
        except OSError:
            pass

for _ in range(5):
    threading.Thread(target=come_and_go, daemon=True).start()
threading.Event().wait()
"""


async def test_it_stops_while_callers_come_and_go(tmp_path: Path) -> None:
    """A hundred and fifty stops in a row, each in the midst of handshakes that succeed."""
    paper = Authority(tmp_path).sign()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, paper.certificate, paper.key, str(STOPS)), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    port = (await server.stdout.readline()).decode().strip()
    callers = await asyncio.create_subprocess_exec(sys.executable, "-c", CALLERS, port)
    try:
        rounds, _ = await asyncio.wait_for(server.communicate(), 120)
    finally:
        callers.kill()
        await callers.wait()

    assert (server.returncode, len(rounds.splitlines())) == (0, STOPS - 1)
