"""The copy of the seed's schema is the seed's, and as strict as the tests that rely on it believe."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from tests.rest.asking import Json
from tests.rest.seed import ERROR, EVENT, KEPT, SEED, WHOLE, is_valid


def test_the_copy_is_the_seeds_own() -> None:
    """What is kept here is what the seed says, wherever the seed is at hand."""
    if not SEED.exists():
        assert not SEED.parent.exists(), f"{SEED} has gone, and its folder has not"
        return
    _, _, text = SEED.read_text(encoding="utf-8").partition("````yaml")
    document: Json = yaml.safe_load(text.partition("\n")[2].partition("\n````")[0])
    responses = document["paths"]["/openai/v1/images/generations"]["post"]["responses"]
    said = {
        f"{code} {kind}": content["schema"]
        for code in ("200", "400")
        for kind, content in responses[code]["content"].items()
    }
    assert said == KEPT
    assert responses["500"]["content"] == responses["400"]["content"]


@pytest.mark.parametrize(
    ("wrong", "against"),
    [
        pytest.param({"created": "now"}, WHOLE, id="a text for a number"),
        pytest.param({"created": 2**63}, WHOLE, id="more than int64"),
        pytest.param({"data": [{"url": "files/x"}]}, WHOLE, id="no URL"),
        pytest.param({"data": [{"seed": 1}]}, WHOLE, id="an unknown member"),
        pytest.param({"usage": {"input_tokens_details": None}}, WHOLE, id="null"),
        pytest.param({"type": "image_generation.thinking"}, EVENT, id="an unknown event"),
        pytest.param({"error": {"code": 404}}, ERROR, id="a number for a text"),
        pytest.param({"extra_fields": {"provider": "acme"}}, ERROR, id="an unknown provider"),
    ],
)
def test_the_schema_can_say_no(wrong: Json, against: Draft202012Validator) -> None:
    """A check that accepts everything would prove nothing: types, formats, names and nulls are refused."""
    with pytest.raises(ValidationError):
        is_valid(wrong, against)
