"""A configuration that changes while the gateway runs: new requests see it whole, or not at all."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import Counter
from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from imagegen import Client
from structlog.testing import capture_logs

from service.providers.http import Http
from tests.callers import ask as open_call
from tests.e2e.changing import Json, Live, applied, is_refused, live, metric, nothing_happens, refused
from tests.house import FORMS, as_toml, settled, until
from tests.rest.asking import GENERATIONS, ask, client, events_of, json_of, order, painting
from tests.upstreams.openai import after_partials, held, late, status, url_instead

WRONG = "sk-nobody-knows-this-one"
DEAR = {"prices": {"openai/gpt-image-2": {"per_image": "9"}}}
STREAM = order(stream=True, partial_images=2)


@pytest.fixture(params=FORMS)
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Live]:
    async with live(tmp_path, request.param) as opened:
        yield opened


def drawn_by(here: Live, painter: str, drawer: str, prices: tuple[str, str]) -> Json:
    """`picture` leads to one of two painters, at the first of the prices, and `drawing` to one of two providers, which
    alone has a key that works. Half of this with half of another such state would show.
    """
    painters, drawers = ("left", "right"), ("openai", "second")
    keys = {name: {"keys": [{"value": here.house.openai.key if name == drawer else WRONG}]} for name in drawers}
    ordered = (painter, *(each for each in painters if each != painter))
    return {
        "providers": here.providers(**keys, **{name: {"kind": "painter"} for name in painters}),
        "models": {
            "picture": {"targets": [{"target": f"{painter}/scene"}]},
            "drawing": {"targets": [{"target": f"{drawer}/gpt-image-2"}]},
        },
        "prices": {f"{name}/scene": {"per_image": price} for name, price in zip(ordered, prices, strict=True)},
    }


async def test_ten_changes_under_load(here: Live) -> None:
    """Twenty callers at once and ten changes between two states that differ in routes, prices and keys: every answer
    is wholly of one state, and none fails.
    """
    drawn = "0.005895"
    one, other = (
        (drawn_by(here, "left", "openai", ("0.01", "0.02")), (("left", "0.01"), ("openai", drawn))),
        (drawn_by(here, "right", "second", ("0.03", "0.04")), (("right", "0.03"), ("second", drawn))),
    )
    paid: Counter[tuple[str, str]] = Counter()
    stop = asyncio.Event()
    here.house.openai.always(late(0.02))
    await here.apply(**one[0])

    async def again(over: httpx2.AsyncClient, body: Json) -> None:
        while not stop.is_set():
            answer = await over.post(GENERATIONS, json=body)
            assert answer.status_code == 200, answer.text
            told = json_of(answer)["extra_fields"]
            paid[told["provider_name"], told["cost_usd"]] += 1

    async with client(here.house) as over:
        bodies = [painting(model="picture"), order(model="drawing")] * 10
        async with asyncio.TaskGroup() as callers:
            for body in bodies:
                callers.create_task(again(over, body))
            for state, answers in itertools.islice(itertools.cycle((other, one)), 10):
                before = paid.copy()
                await here.apply(**state)
                await until(lambda b=before, a=answers: all(paid[each] > b[each] + 2 for each in a), within=20)
            stop.set()

    assert set(paid) == {*one[1], *other[1]}
    assert not [each for each in here.house.openai.requests if WRONG in each.headers["authorization"]]


REFUSED: dict[str, tuple[Json, str]] = {
    "an unknown setting": (
        {"engine": {"after_unknwon": "fail"}},
        "engine.after_unknwon: unknown setting; did you mean",
    ),
    "an unknown kind": ({"providers": {"new": {}}}, 'providers.new.kind: there is no kind "new"'),
    "an unknown model": (
        {"models": {"x": {"targets": [{"target": "painter/none"}]}}},
        "models.x: painter has no model",
    ),
    "a name that the environment lacks": ({"providers": {"painter": {"base_url": "${NOT_THERE}"}}}, "no NOT_THERE"),
    "where it listens": ({"service": {"listen": "127.0.0.1:1"}}, "service.listen: differs from what this process"),
    "TLS": (
        {"service": {"listen": "127.0.0.1:0", "tls": {"certificate": "a", "key": "b"}}},
        "service.tls: differs from",
    ),
    "where the records are": ({"stores": {"records": "sqlite:elsewhere.db"}}, "stores.records: differs from what"),
    "the grace": (
        {"drain": {"grace": "1s"}},
        "drain.grace: differs from what this process started with: it needs a res",
    ),
    "the bridge": ({"bridge": {"listen": "127.0.0.1:0", "cors": ["https://a.example"]}}, "bridge.cors: differs from"),
    "the collector": ({"telemetry": {"otlp": "http://127.0.0.1:4317"}}, "telemetry.otlp: differs from what this"),
}


@pytest.mark.parametrize("wrong", REFUSED)
async def test_a_wrong_file_is_refused_whole(tmp_path: Path, wrong: str) -> None:
    """Nothing of it is taken, one line names file and setting, the metrics say so; the next good one is taken."""
    tables, told = REFUSED[wrong]
    async with live(tmp_path) as here:
        new = {"models": {"new": {"targets": [{"target": "painter/scene"}]}}}
        with capture_logs() as logs:
            await here.refuse(as_toml(here.tables(**{**new, **tables})))
            assert is_refused()
            await nothing_happens()
        assert (await ask(here.house, painting(model="new"))).status_code == 404
        assert (await ask(here.house, painting(model="dall-e-2", response_format="b64_json"))).status_code == 200
        (line,) = [each["told"] for each in logs if each["event"].startswith("configuration refused")]
        assert line.startswith(f"{here.path}: ")
        assert told in line

        await here.apply(**new)
        assert not is_refused()
        assert (await ask(here.house, painting(model="new"))).status_code == 200


async def test_what_cannot_be_read_is_refused(here: Live) -> None:
    """No TOML, no text, no file: each is told once, and what was there before is not even taken anew."""
    whole = here.path.read_text()
    with capture_logs() as logs:
        await here.refuse("[engine\n")
        await here.refuse(whole + '\n[engine]\nafter_unknown = "fail\n')
        before = refused()
        here.path.write_bytes(b"\xff\xfe")
        await until(lambda: refused() == before + 1)
        here.path.unlink()
        await until(lambda: refused() == before + 2)
        await nothing_happens()
        assert is_refused()
        assert (await ask(here.house, painting())).status_code == 200
        here.put(whole)
        await until(lambda: not is_refused())
        await nothing_happens()

    says = [each["told"].removeprefix(f"{here.path}: ").partition(":")[0] for each in logs if "told" in each]
    assert says == ["is not TOML", "is not TOML", "is not UTF-8 text", "cannot be read"]


async def test_what_was_made_for_a_refused_file_is_closed(here: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that alone: what is in force goes on. One that fails to close keeps no other open."""
    closed: list[Http] = []

    async def close(http: Http) -> None:
        closed.append(http)
        raise RuntimeError("it does not close")

    monkeypatch.setattr(Http, "close", close)
    there = {"base_url": here.house.openai.url, "keys": [{"value": WRONG}], "kind": "openai"}
    new = {"providers": here.providers(new=there, another=there, openai={"timeout": {"total": "9s"}})}
    unknown = {"models": {"x": {"targets": [{"target": "new/nothing"}]}}}
    await here.refuse(as_toml(here.tables(**new, **unknown)))
    assert len({id(each) for each in closed}) == 3
    await here.refuse(as_toml(here.tables(providers={**new["providers"], "last": {"kind": "nothing"}})))
    assert len({id(each) for each in closed}) == 6
    monkeypatch.undo()
    assert (await ask(here.house, order())).status_code == 200


@pytest.mark.parametrize("told", ["var: File exists", "var/signing.key is not a signing key"])
async def test_a_key_of_its_own_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """The file and why, since somebody has to mend it; and nothing of what is in it."""
    async with live(tmp_path) as here:
        monkeypatch.chdir(tmp_path)
        if "signing.key" in told:
            (tmp_path / "var").mkdir()
        (tmp_path / told.partition(":")[0].partition(" ")[0]).write_text(WRONG)
        with capture_logs() as logs:
            await here.refuse(as_toml(here.tables(files={})))
    (line,) = [each["told"] for each in logs if "told" in each]
    assert line.startswith(f"{here.path}: files.signing_keys: there are none, and the one in the data directory cannot")
    assert told in line
    assert WRONG not in line


async def test_what_is_the_same_changes_nothing(here: Live) -> None:
    """A file that is written anew, or with another comment, is in force already."""
    pipeline = here.house.gateway.pipeline
    here.put(here.path.read_text())
    await nothing_happens()
    here.put(f"# the same\n{here.path.read_text()}")
    await nothing_happens()
    assert here.house.gateway.pipeline is pipeline


async def test_half_a_file_is_not_taken(here: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is good as far as it is written, while it is written, is left until it is whole."""
    await here.apply(models={"first": {"targets": [{"target": "painter/scene"}]}})
    monkeypatch.setattr("service.renewal.EVERY", 0.5)
    await asyncio.sleep(0.1)  # for the look that was waited for before
    text = as_toml(here.tables(models={"second": {"targets": [{"target": "painter/scene"}]}}))
    counts = applied(), refused()
    with here.path.open("w") as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            file.flush()
            await asyncio.sleep(0.15)  # several lines between two looks, and several looks over the whole
    await until(lambda: applied() > counts[0])
    assert (applied(), refused()) == (counts[0] + 1, counts[1])
    assert (await ask(here.house, painting(model="second"))).status_code == 200
    assert (await ask(here.house, painting(model="first"))).status_code == 404


async def test_kubernetes_swaps_a_link(tmp_path: Path) -> None:
    """The file is a link through a link to a folder; another folder takes its place, and the old file is gone."""
    folder = tmp_path / "config"
    (folder / "..one").mkdir(parents=True)
    (folder / "..data").symlink_to("..one")
    async with live(tmp_path) as here:
        text = as_toml(here.tables(models={"new": {"targets": [{"target": "painter/scene"}]}}))
        (folder / "..one" / here.path.name).write_text(here.path.read_text())
        here.path.unlink()
        here.path.symlink_to(folder / "..data" / here.path.name)
        await nothing_happens()

        (folder / "..two").mkdir()
        (folder / "..two" / here.path.name).write_text(text)
        (folder / "..data_tmp").symlink_to("..two")
        before = applied()
        os.replace(folder / "..data_tmp", folder / "..data")
        (folder / "..one" / here.path.name).unlink()
        await until(lambda: applied() == before + 1)
        assert (await ask(here.house, painting(model="new"))).status_code == 200


@pytest.mark.parametrize("change", ["another key", "gone"])
async def test_what_is_under_way_ends_as_it_began(here: Live, change: str) -> None:
    """A stream finishes at its old provider, with its old price; then the old connections are closed."""
    gate, openai = asyncio.Event(), here.house.openai
    openai.next(held(gate, at=after_partials(1)))
    asking = asyncio.create_task(ask(here.house, STREAM))
    await openai.accepted()
    if change == "gone":
        await here.apply(providers=here.providers(openai=None))
    else:
        await here.apply(providers=here.providers(openai={"keys": [{"value": WRONG}]}), **DEAR)
        plan = json_of(await ask(here.house, order(), "/v1/images/plan"))
        assert plan["max_cost_usd"] == "9"
    failed = json_of(await ask(here.house, order()))["error"]
    assert failed["code"] == ("provider_not_configured" if change == "gone" else "provider_account")
    assert (openai.open_connections, openai.in_flight) == (1 if change == "gone" else 2, 1)

    gate.set()
    completed = events_of(await asking)[-1]
    assert completed.name == "image_generation.completed"
    assert Decimal(completed.data["extra_fields"]["cost_usd"]) * 1_000_000 == openai.billed_micro_usd
    await until(lambda: openai.open_connections == (0 if change == "gone" else 1))
    assert metric("imagegen_attempts_active", provider="openai") == 0


async def test_a_call_outlives_its_caller_and_its_provider(here: Live) -> None:
    """The caller leaves, the provider is taken out, and the call goes on to its end, which tells what it cost."""
    gate, gateway, openai = asyncio.Event(), here.house.gateway, here.house.openai
    openai.next(held(gate))
    _, writer = await open_call(here.house, order())
    await openai.accepted()
    writer.transport.abort()
    await until(lambda: metric("imagegen_requests_active", operation="generate") == 0)
    await here.apply(providers=here.providers(openai=None))
    assert (gateway.attempts.running, openai.open_connections) == (2, 1)

    gate.set()
    await settled(here.house)
    await until(lambda: openai.open_connections == 0)


async def test_a_request_falls_back_under_the_configuration_it_began_with(here: Live) -> None:
    """Its first target fails after both of its providers were taken out: it goes on to the second all the same."""
    gate, openai = asyncio.Event(), here.house.openai
    assert (await ask(here.house, order(model="second/gpt-image-2"))).status_code == 200
    openai.next(status(500) | held(gate))
    asking = asyncio.create_task(ask(here.house, order(fallbacks=["second/gpt-image-2"])))
    await openai.accepted(2)
    await here.apply(providers=here.providers(openai=None, second=None))
    assert openai.in_flight == 1
    gate.set()
    told = json_of(await asking)
    assert told["extra_fields"]["provider_name"] == "second"
    await until(lambda: openai.open_connections == 0)


async def test_whoever_is_kept_keeps_connections_and_circuit(here: Live) -> None:
    """What changes elsewhere is nothing to it; a change of its own makes a new beginning of it."""
    openai, second = here.house.openai, order(model="second/gpt-image-2")
    others = metric("imagegen_targets_out", provider="second")
    openai.next(*[status(503)] * 5)
    for _ in range(5):
        await ask(here.house, second)
    await ask(here.house, second)
    kept = here.house.gateway.pipeline.adapters["second"]
    openai.next(*[status(503)] * 5)
    for _ in range(5):
        await ask(here.house, second)
    connections = openai.open_connections
    assert await out(here) == {"second"}

    await here.apply(providers=here.providers(openai=None, second={"retries": 2}), models={})
    assert await out(here) == {"second"}
    assert here.house.gateway.pipeline.adapters["second"] is kept
    assert openai.open_connections == connections == 1

    await here.apply(providers=here.providers(second={"timeout": {"total": "9s"}}))
    assert await out(here) == set()
    assert metric("imagegen_targets_out", provider="second") == others
    assert here.house.gateway.pipeline.adapters["second"] is not kept
    await until(lambda: openai.open_connections == 0)
    assert (await ask(here.house, second)).status_code == 200
    openai.next(*[status(503)] * 5)
    for _ in range(5):
        await ask(here.house, second)
    assert await out(here) == {"second"}


async def test_where_answers_may_lead_changes(here: Live) -> None:
    """A picture at an address that is listed from now on is fetched from now on."""
    openai, house = here.house.openai, here.house
    elsewhere = {"base_url": openai.url.replace("127.0.0.1", "localhost")}
    listed = openai.url.removeprefix("http://").removesuffix("/v1")
    openai.always(url_instead())
    await here.apply(providers=here.providers(openai=elsewhere))
    assert (await ask(house, order())).status_code == 502
    painter = house.gateway.pipeline.adapters["painter"]
    await here.apply(providers=here.providers(openai=elsewhere), outgoing={"allow": [listed]})
    assert (await ask(house, order())).status_code == 200
    assert house.gateway.pipeline.adapters["painter"] is painter  # it asks nobody


async def out(here: Live) -> set[str]:
    """The providers of which a target is out."""
    listed = json_of(await ask(here.house, method="GET", path="/api/providers"))["data"]
    return {each["name"] for each in listed if each.get("out")}


async def test_places_are_counted_on(here: Live) -> None:
    """Calls under way keep their places when the configuration changes, and when the number of places does."""
    gate, openai, house = asyncio.Event(), here.house.openai, here.house

    def limited(concurrent: int, **more: Any) -> Json:
        return here.providers(openai={"limits": {"concurrent": concurrent}, **more})

    await here.apply(providers=limited(1))
    openai.always(held(gate))
    asking = [asyncio.create_task(ask(house, order())) for _ in range(4)]
    await until(lambda: metric("imagegen_calls_waiting", provider="openai") == 3)
    await here.apply(providers=limited(1, retries=1, timeout={"total": "19s"}))
    asking.append(asyncio.create_task(ask(house, order())))
    await until(lambda: metric("imagegen_calls_waiting", provider="openai") == 4)
    assert openai.in_flight == 1

    await here.apply(providers=limited(3))
    await openai.accepted(3)
    await until(lambda: metric("imagegen_calls_waiting", provider="openai") == 2)
    await here.apply(providers=limited(0))
    await openai.accepted(5)
    gate.set()
    assert [each.status_code for each in await asyncio.gather(*asking)] == [200] * 5
    assert metric("imagegen_calls_waiting", provider="openai") == 0


@pytest.mark.parametrize("meanwhile", ["no limit", "no such provider", "never a limit"])
async def test_places_are_counted_through_a_time_without_any(here: Live, meanwhile: str) -> None:
    """Whoever is inside counts when places are counted again: nobody is let in beside three where there is one."""
    gate, openai, house = asyncio.Event(), here.house.openai, here.house
    limited = {"limits": {"concurrent": 3}}
    if meanwhile != "never a limit":
        await here.apply(providers=here.providers(openai=limited))
    openai.always(held(gate))
    asking = [asyncio.create_task(ask(house, order())) for _ in range(3)]
    await openai.accepted(3)
    match meanwhile:
        case "no limit":
            await here.apply(providers=here.providers())
        case "no such provider":
            await here.apply(providers=here.providers(openai=None))
        case _:
            pass
    await here.apply(providers=here.providers(openai={"limits": {"concurrent": 1}}))
    asking.append(asyncio.create_task(ask(house, order())))
    await until(lambda: metric("imagegen_calls_waiting", provider="openai") == 1)
    assert openai.in_flight == 3
    gate.set()
    assert [each.status_code for each in await asyncio.gather(*asking)] == [200] * 4
    assert metric("imagegen_calls_waiting", provider="openai") == 0


async def test_providers_and_models_come_and_go(here: Live) -> None:
    """Every list shows at once what there is, and what is gone is answered like what never was."""
    for path in ("/v1/models", "/api/providers"):
        assert b"openai" in (await ask(here.house, method="GET", path=path)).content
    await here.apply(
        providers=here.providers(openai=None, second=None, third={"kind": "painter"}),
        models={"new": {"targets": [{"target": "third/scene"}]}},
    )
    house = here.house
    models = {each["id"] for each in json_of(await ask(house, method="GET", path="/v1/models"))["data"]}
    assert {"new", "third/scene"} < models
    assert not [each for each in models if each.startswith(("openai/", "second/", "dall-e"))]
    async with Client(house.grpc) as grpc:
        assert [each.name for each in await grpc.providers()] == ["painter", "keyless", "nobody", "third"]
        assert set(await grpc.models()) == models
    assert (await ask(house, painting(model="new"))).status_code == 200
    gone, never = await ask(house, order()), await ask(house, order(model="second/gpt-image-2"))
    assert (gone.status_code, json_of(gone)["error"]["code"]) == (400, "provider_not_configured")
    assert (never.status_code, json_of(never)["error"]["code"]) == (404, "model_not_found")


async def test_keys_of_urls_rotate(here: Live) -> None:
    """The first key signs, all verify: a URL lasts as long as the key that signed it is in the list."""
    usual, new = here.house.tables["files"]["signing_keys"][0], "another signing key of tests"

    async def url() -> str:
        answer = await ask(here.house, painting(response_format="url"))
        return str(json_of(answer)["data"][0]["url"])

    async def opens(address: str) -> bool:
        async with client(here.house) as reader:
            return (await reader.get(address)).status_code == 200

    first = await url()
    await here.apply(files={"signing_keys": [new, usual]})
    second = await url()
    assert [await opens(each) for each in (first, second)] == [True, True]
    await here.apply(files={"signing_keys": [new]})
    assert [await opens(each) for each in (first, second)] == [False, True]


async def test_content_is_recorded_from_now_on(here: Live) -> None:
    """Requests that begin afterwards have their prompts kept, and no other."""
    prompts: list[str] = []
    for i, recorded in enumerate((False, True, False)):
        model = {f"picture {i}": {"targets": [{"target": "painter/scene"}]}}
        await here.apply(telemetry={"record_content": recorded}, models=model)
        answer = await ask(here.house, painting(prompt=f"a boat, kept: {recorded}"))
        assert answer.status_code == 200
        async with Client(here.house.grpc) as grpc:
            prompts.append((await grpc.request(answer.headers["x-request-id"])).prompt)
    assert prompts == ["", "a boat, kept: True", ""]
