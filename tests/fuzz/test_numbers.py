"""Number tricks: whatever stands in a numeric field, over either face, is a picture or a refusal that names it."""

from __future__ import annotations

import json
import math
import random
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from imagegen import Client, ImagegenError

from tests.fuzz import TIMES
from tests.house import House, open_house
from tests.rest.asking import GENERATIONS, PAINTING, client

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = ("n", "output_compression", "partial_images", "num_inference_steps", "guidance_scale", "seed")
OURS = {"num_inference_steps": "steps", "guidance_scale": "guidance"}
DRAWS = 120


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    async with open_house(tmp_path_factory.mktemp("house"), only=("painter",)) as house:
        yield house


def written(of: random.Random) -> str:
    """A number as somebody may write it in JSON, or something that only looks like one."""
    edge = of.choice([0, 1, 2, 3, 4, 10, 11, 100, 101, 1000, 2**31, 2**32, 2**53, 2**63, 2**64, 2**100, 10**400])
    near = edge + of.randint(-1, 1)
    return of.choice(
        [
            *(str(near), str(-near), f"{near}.0", f"{near}.5", f"{near}e0", f"-{near}e-1", f"1e{of.randrange(500)}"),
            *("-0", "-0.0", "1E+2", "5e-324", "1e-999", "0.1", "NaN", "Infinity", "-Infinity", "true", "false"),
            *(f'"{near}"', "[1]", "{}", "0x10", "01", "+1", "1_0", ".5", "1.", "--1", str(10 ** of.randrange(70))),
        ]
    )


@pytest.mark.parametrize("name", FIELDS)
async def test_any_number_over_rest(home: House, name: str) -> None:
    """200 with as many pictures as were asked for, or 400 that names the field or says that this is no JSON."""
    pictures = 0
    async with client(home) as caller:
        for seed in range(DRAWS * TIMES):
            text = written(random.Random(f"{name} {seed}"))
            body = f'{json.dumps(dict(PAINTING))[:-1]}, "{name}": {text}}}'
            answer = await caller.post(GENERATIONS, content=body.encode(), headers={"content-type": "application/json"})
            told = answer.json()
            if answer.status_code == 200:
                pictures += 1
                assert len(told["data"]) == (float(text) if name == "n" else 1), text
            else:
                assert answer.status_code == 400, (text, told)
                assert told["error"].get("param") == name or told["type"] == "invalid_request", (text, told)
    assert 0 < pictures < DRAWS * TIMES


@pytest.mark.parametrize("name", FIELDS)
async def test_any_number_over_grpc(home: House, name: str) -> None:
    """What a message can hold is a picture or a refusal that names the field: also NaN, which only it can hold."""
    ours = OURS.get(name, name)
    of = random.Random(name)
    near = [edge + of.randint(-1, 1) for edge in (0, 1, 3, 10, 100, 1000, -1, 2**31 - 2, -(2**31) + 1)]
    whole = [*near, 2**63 - 1, -(2**63)] if name == "seed" else near
    values = (
        [math.nan, math.inf, -math.inf, 5e-324, -0.0, 1e308, 100.0, 100.00001] if name == "guidance_scale" else whole
    )
    async with Client(home.grpc) as caller:
        for value in values:
            try:
                answer = await caller.generate("x", model="painter/scene", size="64x64", **{ours: value})
            except ImagegenError as refused:
                error = refused
            else:
                assert len(answer.pictures) == (value if name == "n" else 1)
                continue
            assert (error.name, error.field) == ("invalid_parameter", ours), (value, error)
