"""The pages beside the API: health, metrics, and the description of exactly what is served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from rest_bridge.app import routes
from tests.house import House, open_house
from tests.rest.asking import Json, Told, ask, events_of, json_of, order, painting
from tests.rest.refusals import REFUSALS
from tests.upstreams.openai import after_images, after_partials, cut, fewer_images, status

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_YET = re.compile(r"/images/(edits|variations)$")
"""Refused by name until they work: a description that lists them would promise them."""


async def read(home: House, path: str) -> Json:
    answer = await ask(home, path=path, method="GET")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return json_of(answer)


async def test_it_is_well_and_ready(home: House) -> None:
    """The process answers, and it takes requests; HEAD answers for balancers that ask so."""
    assert await read(home, "/health") == {"status": "ok"}
    assert await read(home, "/health/ready") == {"status": "ready"}
    for path in ("/health", "/health/ready"):
        head = await ask(home, path=path, method="HEAD")
        assert (head.status_code, head.content) == (200, b"")


async def test_not_ready_is_said_before_anything_stops(tmp_path: Path) -> None:
    """Once the service is about to stop, readiness is 503 while requests still come and go."""
    async with open_house(tmp_path) as house:
        await house.gateway.stop_accepting()
        answer = await ask(house, path="/health/ready", method="GET")
        assert (answer.status_code, answer.json()) == (503, {"status": "not_ready"})
        assert (await ask(house, painting())).status_code == 200
        assert (await ask(house, path="/health", method="GET")).status_code == 200


async def counted(home: House) -> dict[tuple[str, str, str], float]:
    """Finished requests by method, route and status."""
    answer = await ask(home, path="/metrics", method="GET")
    assert answer.headers["content-type"].startswith("text/plain")
    found: dict[tuple[str, str, str], float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name == "http_server_request_duration_seconds_count":
                labels: dict[str, str] = sample.labels
                key = (
                    labels["http_request_method"],
                    labels["http_route"],
                    labels["http_response_status_code"],
                )
                found[key] = found.get(key, 0) + sample.value
    return found


async def test_requests_are_counted_by_their_route(home: House) -> None:
    """Method, template and status; what callers type into a path never becomes a label."""
    before = await counted(home)
    typed = ("typed-by-a-caller", "and/another")
    await ask(home, painting())
    await ask(home, painting(stream=True), "/litellm/images/generations")
    await ask(home, painting(n=0))
    for name in typed:
        await ask(home, painting(), f"/openai/deployments/{name}/images/generations")
        await ask(home, path=f"/v1/models/{name}", method="GET")
        await ask(home, path=f"/v1/files/{name}/content", method="GET")
        await ask(home, path=f"/{name}", method="GET")
    after = await counted(home)
    more = {key: int(value - before.get(key, 0)) for key, value in after.items() if value != before.get(key, 0)}
    assert more == {
        ("POST", "/v1/images/generations", "200"): 1,
        ("POST", "/litellm/images/generations", "200"): 1,
        ("POST", "/v1/images/generations", "400"): 1,
        ("POST", "/openai/deployments/{deployment:path}/images/generations", "400"): 2,
        ("GET", "/v1/models/{model:path}", "404"): 2,
        ("GET", "/v1/files/{file_id}/content", "403"): 1,
        ("GET", "(none)", "404"): 3,
        ("GET", "/metrics", "200"): 1,
    }
    text = (await ask(home, path="/metrics", method="GET")).text
    assert not [name for name in typed if name in text]


async def test_nothing_is_under_way_afterwards(home: House) -> None:
    """The gauge of requests under way is back at zero, but for the one that asks for it."""
    await ask(home, painting(stream=True))
    text = (await ask(home, path="/metrics", method="GET")).text
    gauge = {
        str(sample.labels["http_request_method"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("http_server_active_requests")
    }
    assert {method for method, value in gauge.items() if value} == {"GET"}
    assert gauge["GET"] == 1


async def test_the_description_lists_what_is_served(home: House) -> None:
    """Every route with its method, none besides, and none that would only be refused."""
    described = (await read(home, "/openapi.json"))["paths"]
    served: set[tuple[str, str]] = set()
    for route in routes():
        if not NOT_YET.search(route.path):
            served |= {
                (route.path.replace(":path}", "}"), each.lower()) for each in route.methods or () if each != "HEAD"
            }
    assert {(path, method) for path, methods in described.items() for method in methods} == served
    ids = [each["operationId"] for methods in described.values() for each in methods.values()]
    assert len(ids) == len(set(ids))
    for path, methods in described.items():
        named = {each["name"] for method in methods.values() for each in method["parameters"] if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


async def test_every_reference_leads_somewhere(home: House) -> None:
    """All schemas are themselves valid, and every $ref has its target."""
    document = await read(home, "/openapi.json")
    schemas: Json = document["components"]["schemas"]
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        assert schema, name
    there = {f"#/components/{kind}/{name}" for kind, named in document["components"].items() for name in named}
    assert set(_references(document)) <= there


def _references(value: Any) -> list[str]:
    match value:
        case {"$ref": str(target)}:
            return [target]
        case dict():
            inner: list[Any] = [*value.values()]  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] - any JSON
        case list():
            inner = [*value]  # pyright: ignore[reportUnknownArgumentType] - any JSON
        case _:
            return []
    return [found for each in inner for found in _references(each)]


async def test_its_schemas_describe_real_answers(home: House) -> None:
    """What the page promises of answers, events, errors and models is what comes, and nothing beside it."""
    document = await read(home, "/openapi.json")

    def valid(body: Json, name: str) -> None:
        told = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(told).validate(body)  # pyright: ignore[reportUnknownMemberType] - untyped

    home.openai.next(fewer_images(), cut(after_images(1)), cut(after_partials(1)), status(500))
    for body in (order(n=2), painting(response_format="b64_json"), painting(model="dall-e-3", style="vivid", x=1)):
        valid(json_of(await ask(home, body)), "ImagesResponse")
    streams = [order(stream=True, n=2, partial_images=1), order(stream=True, partial_images=1), painting(stream=True)]
    events: list[Told] = [told for body in streams for told in events_of(await ask(home, body))]
    assert "error" in [told.name for told in events]
    for told in events:
        valid(told.data, "ImageEvent")
    for body in (order(), painting(n=0), painting(model="nothing")):
        valid(json_of(await ask(home, body)), "Error")
    valid(await read(home, "/v1/models"), "ModelList")
    model = await read(home, "/v1/models/painter/scene")
    valid(model, "Model")
    assert model["imagegen"]["parameters"]["seed"] == {"integer": {"low": -(2**63), "high": 2**63 - 1}}


async def test_every_refusal_is_as_described(home: House) -> None:
    """Each way in which a body can be refused has its status on the page, and the headers and members that it says."""
    document = await read(home, "/openapi.json")
    responses: Json = document["paths"]["/v1/images/generations"]["post"]["responses"]
    error = {"$ref": "#/components/schemas/Error", "components": document["components"]}

    def of(described: Json) -> Json:
        """What it is, or what it refers to."""
        *_, kind, named = described.get("$ref", "/").split("/")
        return document["components"][kind][named] if named else described

    for name, refused in REFUSALS.items():
        answer = await ask(home, refused.body, content=refused.content, headers=refused.headers)
        described = of(responses[str(answer.status_code)])
        Draft202012Validator(error).validate(json_of(answer))  # pyright: ignore[reportUnknownMemberType] - untyped
        promised = {header for header, each in described["headers"].items() if of(each)["required"]}
        assert promised <= set(answer.headers), name
        ours = {header for header in answer.headers if header.startswith(("x-", "retry", "allow"))}
        assert ours <= set(described["headers"]), name


async def test_its_schema_of_requests_is_what_is_taken(home: House) -> None:
    """What the gateway refuses by its values the page's schema refuses too, and what it takes the schema takes."""
    document = await read(home, "/openapi.json")
    told = {"$ref": "#/components/schemas/GenerationRequest", "components": document["components"]}
    schema = Draft202012Validator(told)
    values = {"n": (1, 10, 0, 11), "size": ("auto", "64x64", "big", "0x0"), "partial_images": (0, 3, -1, 4)}
    for name, (low, high, *wrong) in values.items():
        for value in (low, high, *wrong):
            answer = await ask(home, painting(**{name: value, "stream": True}))
            taken = schema.is_valid(painting(**{name: value}))  # pyright: ignore[reportUnknownMemberType] - untyped
            assert taken is (answer.status_code == 200), (name, value)
