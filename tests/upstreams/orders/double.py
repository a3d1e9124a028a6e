"""The provider: POST /orders is billed and answered with a name, GET /orders/{name} with the picture or its state."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Self

from aiohttp import web
from PIL import Image

PRICE = 40_000
"""Millionths of a dollar."""
ROOT = Path(__file__).resolve().parents[3]


class OrdersDouble:
    """Delivers once `ready` is set."""

    def __init__(self) -> None:
        self.bill: list[str] = []
        """The orders, by their names."""
        self.ready = asyncio.Event()
        self._count = 0
        self._known: dict[str, str] = {}
        """How each order stands."""
        app = web.Application()
        app.router.add_post("/orders", self._order)
        app.router.add_get("/orders/{name}", self._fetch)
        self._runner = web.AppRunner(app)
        self.url = ""

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def accepted(self, count: int) -> None:
        while len(self.bill) < count:  # noqa: ASYNC110 - another process orders
            await asyncio.sleep(0.01)

    def fail(self, name: str) -> None:
        """The order comes to nothing, at no cost."""
        self._known[name] = "failed"
        self.bill.remove(name)

    def forget(self, name: str) -> None:
        """Asked for it, the provider will not know it."""
        del self._known[name]

    def picture(self, name: str) -> bytes:
        """What is delivered for an order: each is another colour."""
        drawn = io.BytesIO()
        Image.new("RGB", (64, 64), (40 * int(name.rpartition("-")[2]) % 256, 80, 120)).save(drawn, "PNG")
        return drawn.getvalue()

    async def _order(self, request: web.Request) -> web.Response:
        body = await request.json()
        if set(body) != {"model", "prompt"} or not body["prompt"]:
            return web.json_response({"error": "an order has a model and a prompt"}, status=400)
        self._count += 1
        name = f"order-{self._count}"
        self.bill.append(name)
        self._known[name] = "working"
        return web.json_response({"order": name}, status=202)

    async def _fetch(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        state = self._known.get(name)
        if state is None:
            return web.json_response({"error": "no such order"}, status=404)
        if state == "working" and self.ready.is_set():
            return web.Response(body=self.picture(name), content_type="image/png")
        return web.json_response({"state": state})


def papers(directory: Path) -> dict[str, str]:
    """The environment in which a program finds the provider, whose papers are laid down in the directory."""
    info = directory / "orders-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: orders\nVersion: 1.0\n", encoding="utf-8")
    points = "[imagegen.providers]\norders = tests.upstreams.orders.adapter\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    return {"PYTHONPATH": f"{directory}:{ROOT}"}
