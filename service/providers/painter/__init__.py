"""
The painter: the embedded image model. It composes a picture from what a prompt says, offline and repeatably.

A prompt is read into a Scene (`reading`), the scene gets its colours (`palette`) and its place (`composition`),
the rooms named after nouns draw it layer by layer, and `finish` gives it the medium. The door is `paint`.
"""

from __future__ import annotations

from service.config.schema import Provider
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.providers.painter.adapter import Painter

EMBEDDED = True
"""It paints in this process: it has no address, no keys, and nothing to wait for."""


def make(settings: Provider, allowed: Allowed) -> Adapter:
    return Painter()
