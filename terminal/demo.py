"""`make demo`: three pictures into a folder: over REST, streamed with partials, over gRPC."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from imagegen import Client
from rich.console import Console
from rich.text import Text

from rest_bridge.server import Bridge, Settings
from service.assembly import Gateway
from service.config import defaults
from service.config.schema import Stores
from service.telemetry import set_up_logs
from terminal.running import run

console = Console(highlight=False)


async def main(out: Path) -> None:
    set_up_logs("warning", to_terminal=True)
    data = out / ".gateway"
    stores = Stores(records=f"sqlite:{data}/imagegen.db", blobs=f"file:{data}/blobs")
    config = msgspec.structs.replace(defaults({}), data_dir=data, stores=stores)
    gateway = Gateway(config)
    port, *_ = await gateway.start(["127.0.0.1:0"])
    bridge = Bridge(Settings("127.0.0.1", 0, gateway.server.channel()))
    await bridge.start()
    try:
        console.print(f"REST {bridge.public_url}, gRPC 127.0.0.1:{port}")
        await asyncio.to_thread(_over_rest, bridge.public_url, out)
        await asyncio.to_thread(_streamed, bridge.public_url, out)
        await _over_grpc(f"127.0.0.1:{port}", out)
    finally:
        await bridge.stop(5)
        await gateway.stop(5)
        shutil.rmtree(data)


def _over_rest(base: str, out: Path) -> None:
    answer = json.load(_post(base, {"model": "dall-e-3", "prompt": "a lighthouse at dusk", "quality": "hd"}))
    with urllib.request.urlopen(answer["data"][0]["url"]) as picture:  # noqa: S310 - our own address
        _write(out / "rest.png", picture.read(), "POST /v1/images/generations, then the URL of the answer")


def _streamed(base: str, out: Path) -> None:
    asked = {"model": "painter/scene", "prompt": "a fox in a snowy forest", "stream": True, "partial_images": 3}
    for event in _events(_post(base, asked)):
        data = base64.b64decode(event["b64_json"])
        if event["type"].endswith("partial_image"):
            console.print(f"  partial image {event['partial_image_index']}: {len(data) / 1024:,.0f} KiB")
        else:
            _write(out / "streamed.png", data, "the same path with stream: true, as server-sent events")


async def _over_grpc(target: str, out: Path) -> None:
    async with Client(target) as client:
        answer = await client.generate("a city skyline at night", model="painter/scene", size="1536x1024")
    _write(out / "grpc.png", answer.pictures[0], "imagegen.v1.ImageGeneration/GenerateImages")


def _post(base: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{base}/v1/images/generations", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    return urllib.request.urlopen(request)  # noqa: S310 - our own address


def _events(lines: Any) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def _write(path: Path, data: bytes, how: str) -> None:
    path.write_bytes(data)
    console.print(Text.assemble((str(path), "bold"), f"  {how}"), soft_wrap=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    folder.mkdir(parents=True, exist_ok=True)
    run(main(folder))
