"""Every way in, enumerated from the code: each is on a page, each is used here, and each answers as it should.

A new route or RPC fails these tests until it has a line in the tables below, and its page is made anew.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import grpc.aio
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from imagegen import v1
from imagegen.v1 import image_files_pb2, image_generation_pb2, models_pb2, server_info_pb2, usage_pb2

from rest_bridge.app import DEPLOYMENTS, PREFIXES, routes
from tests.house import House, open_house
from tests.rest.asking import ask, json_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCS = Path(__file__).parents[2] / "docs"

PAINTING = {"model": "painter/scene", "prompt": "a fox", "size": "64x64"}
BASES = tuple(f"{prefix}{version}" for prefix in PREFIXES for version in ("/v1", ""))

ROUTES: Mapping[str, tuple[str, int]] = {
    "/health": ("GET", 200),
    "/health/ready": ("GET", 200),
    "/metrics": ("GET", 200),
    "/openapi.json": ("GET", 200),
    "/api/providers": ("GET", 200),
    "/v1/images/plan": ("POST", 200),
    "/v1/files/{file_id}/content": ("GET", 200),
    **{f"{base}/images/generations": ("POST", 200) for base in (*BASES, *DEPLOYMENTS)},
    **{f"{base}/images/edits": ("POST", 400) for base in (*BASES, *DEPLOYMENTS)},
    **{f"{base}/images/variations": ("POST", 400) for base in BASES},
    **{f"{base}/models": ("GET", 200) for base in BASES},
    **{f"{base}/models/{{model:path}}": ("GET", 200) for base in BASES},
}
"""How each route is asked, and what it answers; 400 is what is refused by name until it works."""

GENERATION = v1.Generation(model="painter/scene", prompt="a fox", parameters=v1.ImageParameters(size="64x64"))

RPCS: Mapping[str, tuple[Message, grpc.StatusCode]] = {
    "imagegen.v1.ImageGeneration/GenerateImages": (v1.GenerateImagesRequest(generation=GENERATION), grpc.StatusCode.OK),
    "imagegen.v1.ImageGeneration/StreamGenerateImages": (
        v1.StreamGenerateImagesRequest(generation=GENERATION),
        grpc.StatusCode.OK,
    ),
    "imagegen.v1.ImageGeneration/PlanImages": (v1.PlanImagesRequest(generation=GENERATION), grpc.StatusCode.OK),
    "imagegen.v1.Models/ListModels": (v1.ListModelsRequest(), grpc.StatusCode.OK),
    "imagegen.v1.Models/GetModel": (v1.GetModelRequest(name="painter/scene"), grpc.StatusCode.OK),
    "imagegen.v1.Models/ListProviders": (v1.ListProvidersRequest(), grpc.StatusCode.OK),
    "imagegen.v1.ImageFiles/ReadFile": (v1.ReadFileRequest(file_id="nothing"), grpc.StatusCode.PERMISSION_DENIED),
    "imagegen.v1.ServerInfo/GetServerInfo": (v1.GetServerInfoRequest(), grpc.StatusCode.OK),
    "imagegen.v1.Usage/ListRequests": (v1.ListRequestsRequest(), grpc.StatusCode.OK),
    "imagegen.v1.Usage/GetRequest": (v1.GetRequestRequest(id="nothing"), grpc.StatusCode.NOT_FOUND),
    "imagegen.v1.Usage/SumUsage": (v1.SumUsageRequest(), grpc.StatusCode.OK),
    "grpc.health.v1.Health/Check": (health_pb2.HealthCheckRequest(), grpc.StatusCode.OK),
    "grpc.health.v1.Health/Watch": (health_pb2.HealthCheckRequest(), grpc.StatusCode.CANCELLED),
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": (
        reflection_pb2.ServerReflectionRequest(list_services=""),
        grpc.StatusCode.OK,
    ),
}

CONTRACT = (image_files_pb2, image_generation_pb2, models_pb2, server_info_pb2, usage_pb2)
LIBRARIES = (health_pb2, reflection_pb2)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    async with open_house(tmp_path_factory.mktemp("house"), "apart") as opened:
        yield opened


def _methods(modules: tuple[Any, ...]) -> dict[str, Any]:
    """Every RPC of some protos, by its full name."""
    return {
        f"{service.full_name}/{method.name}": method
        for module in modules
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


async def test_the_tables_are_complete() -> None:
    """Every route of the bridge and every RPC of the service has its line, and no line is of something else."""
    assert set(ROUTES) == {route.path for route in routes()}
    assert set(RPCS) == set(_methods((*CONTRACT, *LIBRARIES)))


async def test_every_route_is_on_the_page() -> None:
    """docs/rest.md names each path, and docs/contract.md each method of the contract."""
    rest, contract = (DOCS / "rest.md").read_text(), (DOCS / "contract.md").read_text()
    shown = [path.replace(":path}", "}") for path in ROUTES]

    assert not [path for path in shown if f"`{path}`" not in rest]
    assert not [name for name in _methods(CONTRACT) if f"**{name.partition('/')[2]}**" not in contract]


@pytest.mark.parametrize("path", ROUTES)
async def test_every_route_answers(house: House, path: str) -> None:
    """With what the table says; and to another verb with 405, saying which it takes."""
    verb, status = ROUTES[path]
    url = path.replace("{deployment:path}", "painter/scene").replace("{model:path}", "painter/scene")
    if "{file_id}" in url:
        link: str = json_of(await ask(house, PAINTING))["data"][0]["url"]
        url = f"{urlsplit(link).path}?{urlsplit(link).query}"
    answer = await ask(house, PAINTING if verb == "POST" else None, url, method=verb)
    other = await ask(house, None, url, method="DELETE")

    assert answer.status_code == status, answer.text[:300]
    assert status == 200 or json_of(answer)["type"] == "not_supported"
    assert other.status_code == 405
    assert verb in re.split(", ", other.headers["allow"])


@pytest.mark.parametrize("name", RPCS)
async def test_every_method_answers(house: House, name: str) -> None:
    """With the status that the table names."""
    request, expected = RPCS[name]
    method = _methods((*CONTRACT, *LIBRARIES))[name]
    async with grpc.aio.insecure_channel(house.grpc) as opened:
        channel = cast(Any, opened)  # what it returns has a type only for those who give it one
        if method.client_streaming or method.server_streaming:
            status = await _streamed(channel, name, request, both=method.client_streaming)
        else:
            call = channel.unary_unary(f"/{name}", type(request).SerializeToString)(request, timeout=10)
            status = await call.code()

    assert status == expected


async def _streamed(channel: Any, name: str, request: Message, *, both: bool) -> grpc.StatusCode:
    """The status of a stream, which is left after its first message where it has no end of its own."""
    encode = type(request).SerializeToString
    call = (
        channel.stream_stream(f"/{name}", encode)(iter([request]), timeout=10)
        if both
        else channel.unary_stream(f"/{name}", encode)(request, timeout=10)
    )
    if name.endswith("Watch"):
        await call.read()
        call.cancel()
    else:
        try:
            async for _ in call:
                pass
        except grpc.aio.AioRpcError as error:
            return error.code()
    return await call.code()
