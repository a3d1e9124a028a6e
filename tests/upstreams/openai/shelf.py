"""Where pictures lie that an answer names addresses for. Whoever fetches one comes with nothing but the address."""

import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from .acts import Acts
from .answers import document
from .reception import Seen
from .refusals import Refusal

FILES: Final = "/files/"

_WELCOME: Final = frozenset({"host", "user-agent", "accept", "accept-encoding", "connection"})
"""What a request for a picture may say. A key, a cookie, a trace or a referrer are nobody's business there."""


@dataclass(slots=True)
class Shelf:
    """Signed addresses and the pictures behind them."""

    origin: str = ""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def put(self, picture: bytes) -> str:
        """Keeps a picture, and says its address."""
        signed = urlencode({"se": "2026-11-29T12:00:00Z", "sig": secrets.token_urlsafe(32) + "+/="})
        target = f"{FILES}picture-{len(self.files)}.png?{signed}"
        self.files[target] = picture
        return self.origin + target

    def show(self, seen: Seen) -> Acts:
        """The picture behind an address. Raises the Refusal for one that is wrong, or that is asked for with more."""
        if seen.method != "GET":
            raise Refusal(405, "A picture is fetched by GET.")
        told = {name.lower() for name in seen.headers} - _WELCOME
        if told:
            raise Refusal(400, f"A signed address needs no {', '.join(sorted(told))}.")
        picture = self.files.get(seen.target)
        if picture is None:
            raise Refusal(403, "Signature did not match.")
        return document(200, picture, content_type="image/png")
