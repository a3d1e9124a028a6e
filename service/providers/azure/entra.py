"""Tokens of Microsoft Entra in the place of keys: one is fetched, shared by all calls, and renewed before its end.

Some minutes before a token ends the next call sets off a renewal and goes on with the old one; a call that finds no
token that will last waits for the one request that is under way. A token that was refused with 401 is renewed once,
unless it has only just been given: then another would be no better.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct

from service.config.schema import Entra
from service.domain.card import KeyCard
from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers.headers import retry_after
from service.providers.http import Answer, Http
from service.providers.openai_compatible.answers import count, table
from service.providers.openai_compatible.keys import Credential
from service.providers.openai_compatible.wire import KeyHeader
from service.providers.secrets import without_secrets
from service.telemetry import log

EARLY = 300.0
"""Seconds before its end at which a token is renewed, though not before half of its life."""

LAST = 30.0
"""Seconds before its end at which a token is no longer sent, though not before nine tenths of its life."""

YOUNG = 60.0
"""Seconds in which a token counts as just given."""

AGAIN = 15.0
"""Seconds until a renewal that failed is tried again, while the old token lasts."""

_BEARER = KeyHeader()
_SHORTEST = 1
_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header: printable ASCII without spaces."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Token(Struct, frozen=True):
    """What was given, and when it was, is to be renewed and is not sent any more; by the clock's seconds."""

    credential: Credential
    given: float
    early: float
    last: float


class Tokens:
    """Credentials of an application that is registered with Entra."""

    def __init__(self, settings: Entra, http: Http, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._token: Token | None = None
        self._flight: asyncio.Task[Token] | None = None
        self._not_before = 0.0

    cards: Sequence[KeyCard] = ()

    async def named(self, name: str) -> Credential:
        """The token, whatever the name: one that lasts, or the one that is being fetched."""
        token, now = self._token, self._clock()
        if token is not None and now < token.last:
            if now >= token.early and now >= self._not_before and self._flight is None:
                self._set_off()
            return token.credential
        try:
            return (await asyncio.shield(self._flight or self._set_off())).credential
        except ProviderError as error:
            failure = error
        raise _another(failure)  # whoever waits adds words to its own: the flight's is everybody's

    def renew(self, refused: Credential) -> bool:
        token = self._token
        if token is None or token.credential is not refused:
            return True  # another call has seen to it
        if self._clock() - token.given < YOUNG:
            return False
        self._token = None
        return True

    async def close(self) -> None:
        if self._flight is not None:
            self._flight.cancel()
            with suppress(asyncio.CancelledError, ProviderError):
                await self._flight
        await self._http.close()

    def _set_off(self) -> asyncio.Task[Token]:
        """One request for a token, whoever waits for it, and though nobody may."""
        self._flight = asyncio.create_task(self._fetch(), name="entra token")
        self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: asyncio.Task[Token]) -> None:
        self._flight = None
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self._token = flight.result()
            return
        self._not_before = self._clock() + AGAIN
        if isinstance(error, ProviderError):
            log("azure").warning(
                "no token",
                client_id=self._settings.client_id,
                reason=error.reason.value,
                status=error.status,
                code=error.code,
                provider_says=error.for_operator,
            )
        else:  # our own mistake, which whoever waits is told of, too
            log("azure").error("no token", client_id=self._settings.client_id, exc_info=error)

    async def _fetch(self) -> Token:
        settings = self._settings
        fields = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.reveal(),
            "scope": settings.scope,
        }
        asked = self._clock()
        try:
            answer = await self._http.form(f"{settings.tenant}/oauth2/v2.0/token", fields)
        except ProviderError as error:
            raise _failed(error.reason, error.message) from None
        body = table(answer.document.value if answer.document else None)
        secret, life = body.get("access_token"), count(body, "expires_in")
        if answer.status != 200 or not isinstance(secret, str) or not _TOKEN.fullmatch(secret) or life < _SHORTEST:
            raise self._refused(answer)
        return Token(
            Credential(name=f"entra {settings.client_id}", secret=secret, headers=_BEARER.headers(secret)),
            given=asked,
            early=asked + max(life - EARLY, life / 2),
            last=asked + max(life - LAST, life * 0.9),
        )

    def _refused(self, answer: Answer) -> ProviderError:
        """An answer without a token: an outage of Entra's, or a matter between it and the operator."""
        body = table(answer.document.value if answer.document else None)
        words = f"{body.get('error', '')} {body.get('error_description', '')}".strip() or "no token that can be sent"
        secret, code = self._settings.client_secret.reveal(), str(body.get("error", ""))
        told = without_secrets(words[:500], secret)
        theirs = answer.status == 429 or answer.status >= 500
        error = _failed(
            Reason.PROVIDER_OVERLOADED if theirs else Reason.PROVIDER_ACCOUNT,
            f"status {answer.status}: {told}",
            retry_after(answer.headers) if theirs else None,
        )
        error.status = answer.status
        error.code = code if _CODE.fullmatch(code) and without_secrets(code, secret) == code else None
        return error


def _failed(reason: Reason, told: str, again: float | None = None) -> ProviderError:
    """No token, so nothing was sent to the provider itself, however the request for the token ended."""
    message = "The gateway could not sign in to the provider."
    error = ProviderError(reason, message, Outcome.NOT_SENT, retry_after=again)
    error.for_operator = f"no token of Entra: {told}"
    return error


def _another(error: ProviderError) -> ProviderError:
    """One that says the same."""
    made = ProviderError(error.reason, error.message, error.outcome, status=error.status, retry_after=error.retry_after)
    made.code, made.for_operator = error.code, error.for_operator
    return made
