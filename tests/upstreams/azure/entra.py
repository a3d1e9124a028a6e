"""Microsoft Entra, as far as an application asks it for tokens with its secret: strict, and it can be made to fail."""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from tests.upstreams.openai import Seen
from tests.upstreams.openai.acts import Acts, Gate
from tests.upstreams.openai.answers import document

TENANT: Final = "8b2a7c1e-0000-4000-8000-00000000cafe"
CLIENT: Final = "3f0c9d5a-0000-4000-8000-0000000000ff"
SECRET: Final = "double~secret~0123456789abcdef"
SCOPE: Final = "https://cognitiveservices.azure.com/.default"
PATH: Final = f"/{TENANT}/oauth2/v2.0/token"


@dataclass(slots=True)
class Entra:
    """Tokens that it has given, and what it does with the coming requests."""

    life: float = 3600
    """Seconds that a token lasts; `expires_in` is this in whole seconds, at least one."""
    given: dict[str, float] = field(default_factory=dict[str, float])
    """Tokens, and when they end."""
    asked: int = 0
    token: str | None = None
    """What is given as a token, where it shall not be one that nobody has seen before."""
    gate: asyncio.Event | None = None
    """Where there is one, answers wait for it."""
    failures: deque[tuple[int, str]] = field(default_factory=deque[tuple[int, str]])
    """What the coming requests are answered with, one each: a status, and an error's name."""

    def knows(self, token: str) -> bool:
        return time.monotonic() < self.given.get(token, 0)

    def revoke(self) -> None:
        """No token that was given until now is good any more."""
        self.given.clear()

    def answer(self, seen: Seen, raw: bytes) -> Acts:
        self.asked += 1
        held: Acts = (Gate(self.gate),) if self.gate else ()
        return *held, *self._answer(seen, raw)

    def _answer(self, seen: Seen, raw: bytes) -> Acts:
        seen.body = "a secret"  # what is sent here stands nowhere
        if seen.method != "POST" or seen.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            return _refused(400, "invalid_request", "AADSTS900144: The request body must be a form.")
        if self.failures:
            status, error = self.failures.popleft()
            return _refused(status, error, f"AADSTS{status}: as the script says.")
        if seen.path != PATH:
            return _refused(400, "invalid_request", "AADSTS90002: Tenant not found.")
        said = {name: values[0] for name, values in parse_qs(raw.decode(), strict_parsing=True).items()}
        return self._give(said)

    def _give(self, said: Mapping[str, str]) -> Acts:
        if sorted(said) != ["client_id", "client_secret", "grant_type", "scope"]:
            return _refused(400, "invalid_request", f"AADSTS900144: not these fields: {sorted(said)}.")
        if said["grant_type"] != "client_credentials":
            return _refused(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        if said["scope"] != SCOPE:
            return _refused(400, "invalid_scope", "AADSTS70011: The scope is not valid.")
        if said["client_id"] != CLIENT:
            return _refused(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if said["client_secret"] != SECRET:
            return _refused(401, "invalid_client", f"AADSTS7000215: Invalid client secret: '{said['client_secret']}'.")
        token = f"eyJ.{secrets.token_urlsafe(48)}" if self.token is None else self.token
        self.given[token] = time.monotonic() + self.life
        life = max(1, int(self.life))
        body = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}
        return document(200, json.dumps(body).encode())


def _refused(status: int, error: str, description: str) -> Acts:
    return document(status, json.dumps({"error": error, "error_description": description}).encode())
