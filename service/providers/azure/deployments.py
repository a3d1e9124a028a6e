"""Deployments: the names that an operator gave to models at Azure, and what is known of the models behind them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from service.domain.card import ANY, Choice, ModelCard, Range, Sizes, Text, find_card
from service.providers.openai.cards import CARDS

DALLE_3 = "dall-e-3"

GENERAL = replace(CARDS["gpt-image-2.5-sunburst"], family=False, listed=False)
"""What any GPT image model may take: of a deployment whose model is not known, Azure itself says what it does not."""

_DALLE = ModelCard(
    parameters={
        "n": Range(1, 1),
        "size": Sizes(
            names=("1024x1024", "1792x1024", "1024x1792"),
            understood={
                "auto": "1024x1024",
                "256x256": "1024x1024",
                "512x512": "1024x1024",
                "1536x1024": "1792x1024",
                "1024x1536": "1024x1792",
            },
        ),
        "quality": Choice(
            ("standard", "hd"),
            {"auto": "standard", "low": "standard", "medium": "standard", "high": "hd", "xhigh": "hd", "max": "hd"},
        ),
        "style": Choice(("natural", "vivid")),
        "user": Text(),
    },
    extras=True,
    max_prompt=4000,
    family=True,
    listed=False,
)
"""The last model of its kind: one image a call, and an address unless base64 is asked for."""

KNOWN: Mapping[str, ModelCard] = {**CARDS, DALLE_3: _DALLE}


def cards(deployments: Mapping[str, str]) -> dict[str, ModelCard]:
    """The cards by deployment. Where some are named, they alone are listed; any other name is one all the same."""
    named = {
        name: replace(find_card(KNOWN, model) or GENERAL, family=False, listed=True)
        for name, model in deployments.items()
    }
    known = {name: replace(card, listed=False) for name, card in KNOWN.items()} if named else KNOWN
    return {**known, **named, ANY: GENERAL}
