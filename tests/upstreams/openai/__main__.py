"""The double as a program: `python -m tests.upstreams.openai --port 9100`. It prints requests and the bill."""

import argparse
import asyncio
import signal

from . import KEY, OpenAIDouble, Seen, late


def _print(seen: Seen) -> None:
    how = "finished" if seen.finished else "client left" if seen.client_left else "broken off"
    print(seen.index, seen.method, seen.path, seen.status or "-", how, flush=True)


async def _run(port: int, key: str, latency: float) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with OpenAIDouble(port=port, key=key, watch=_print) as openai:
        openai.always(late(latency))
        print(f"OPENAI_BASE_URL={openai.url} OPENAI_API_KEY={openai.key}", flush=True)
        await stop.wait()
        print(f"{len(openai.bill)} charges, {openai.billed_micro_usd} micro-dollars", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.upstreams.openai", description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--key", default=KEY, help="the one valid API key")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.port, arguments.key, arguments.latency))
