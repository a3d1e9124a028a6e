"""Cards of compatible servers are data, and strict: each mistake in one is found and named."""

from __future__ import annotations

import pytest

from service.domain.card import ANY, Choice, Range, Text
from service.domain.price import Price
from service.providers import registry
from service.providers.openai_compatible import cards
from service.providers.openai_compatible.cards import card, read

GOOD = """
prices_as_of = "2026-11-20"
any_model = true

[wire]
base_url = "https://images.example/v1"
names = { steps = "num_steps" }
always = { response_format = "b64_json" }

[wire.errors.refused]
codes = ["unsafe"]

[takes]
numbers = { n = [1, 4], steps = [1, 50], guidance = [0, 20] }
whole = ["guidance"]
words.output_format.values = ["png", "jpeg"]
texts = ["negative_prompt"]
extras = true

[models.fast]
numbers = { steps = [1, 4] }
without = ["negative_prompt"]
extras = false
price.per_image = "0.002"

[models.fine]
max_prompt = 512
"""


@pytest.mark.parametrize("kind", cards.kinds())
def test_every_card_is_good(kind: str) -> None:
    """Each card that is shipped can be read, is found as a kind, and has models or lets any name pass."""
    read_card = card(kind)
    assert kind in registry.kinds()
    found = registry.find(kind)
    assert found is not None
    assert found.settings == {"models"}
    assert read_card.models
    assert (ANY in read_card.models) != bool(read_card.wire.base_url)  # any name where the server is one's own
    assert read_card.wire.key.optional != bool(read_card.wire.base_url)


def test_a_model_takes_what_all_take_and_its_own() -> None:
    """A model's table stands over what all take; what it is without is gone; a price is that model's."""
    found = read(GOOD)
    assert found.models["fast"].parameters == {
        "n": Range(1, 4),
        "steps": Range(1, 4),
        "guidance": Range(0, 20, whole=True),
        "output_format": cards.Words(("png", "jpeg")),
    }
    assert (found.models["fast"].extras, found.models["fine"].extras) == (False, True)
    assert found.models["fine"].max_prompt == 512
    assert found.models["fine"].parameters == found.general.parameters
    assert found.general.parameters["negative_prompt"] == Text()
    assert isinstance(found.general.parameters["output_format"], Choice)
    assert not found.models[ANY].listed
    assert found.prices == {"fast": Price(per_image={("*", "*"): 2000}, as_of="2026-11-20")}


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("any_model", "anymodel", "anymodel"),
        ("[takes]", "[taks]", "taks"),
        ("base_url", "baseurl", "baseurl"),
        ("names = { steps", "names = { stepps", "stepps"),
        ("texts = [", "texts = [ 'negative_promt',", "negative_promt"),
        ("{ n = [1, 4]", "{ m = [1, 4]", "there is no parameter m"),
        ("[1, 4], steps", "[1, 4, 5], steps", "length 2"),
        ("words.output_format.values", "words.output_format.value", "value"),
        ("words.output_format", "words.output_forma", "output_forma"),
        ('whole = ["guidance"]', 'whole = ["seed"]', "whole"),
        ("codes", "code", "code"),
        ("[wire.errors.refused]", "[wire.errors.refuse]", "refuse"),
        ("without", "witout", "witout"),
        ('prices_as_of = "2026-11-20"', "", "prices_as_of"),
        ("price.per_image", "price.per_picture", "per_picture"),
        ('names = { steps = "num_steps" }', "words = { step = { a = 'b' } }", "step"),
        ('texts = ["negative_prompt"]', 'size = { names = ["auto"] }', None),
        ('names = { steps = "num_steps" }', 'size = "numbers"\n', None),
        ('names = { steps = "num_steps" }', 'size = "number"', "number"),
    ],
)
def test_a_mistake_is_named(good: str, bad: str, says: str | None) -> None:
    """A name that is none, a value of another kind, a price without a date: the card is refused, and that named."""
    text = GOOD.replace(good, bad)
    if says is None:
        read(text)
        return
    with pytest.raises(ValueError, match=says):
        read(text)


def test_auto_has_no_sides() -> None:
    """A server that takes width and height cannot be told "auto": the card has to say which size it means."""
    sized = GOOD.replace("names = { steps", 'size = "numbers"\nnames = { steps')
    read(sized.replace("[takes]", '[takes]\nsize = { names = ["1024x1024"], understood = { auto = "1024x1024" } }'))
    for wrong in ('{ names = ["auto"] }', '{ names = ["1024x1024"], understood = { "512x512" = "auto" } }'):
        with pytest.raises(ValueError, match="auto"):
            read(sized.replace("[takes]", f"[takes]\nsize = {wrong}"))


def test_a_bad_card_stops_the_start(tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a provider of a kind whose card is wrong hears which file it is, and what is wrong in it."""

    class Folder:
        def __truediv__(self, name: str) -> Folder:
            return self

        def read_text(self, encoding: str) -> str:
            return "[wire]\nbase_urls = 'x'"

    cards.card.cache_clear()
    monkeypatch.setattr(cards, "_folder", Folder)
    with pytest.raises(ValueError, match=r"cards/nebius\.toml: .*base_urls"):
        cards.card("nebius")
    cards.card.cache_clear()
