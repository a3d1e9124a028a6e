"""One call to an images API of OpenAI's kind, unary or streamed.

`call.cancelled` is not looked at: closing a call does not end its bill, and only its end tells what it cost.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from service.domain.card import KeyCard, ModelCard
from service.domain.event import AdapterEvent, Answered, ImageReady, Outcome, PartialImage
from service.domain.image import Image
from service.errors import ProviderError, Reason
from service.providers import links, pictures
from service.providers.base import Call
from service.providers.http import Http, Stream
from service.providers.lifting import NAME, Document
from service.providers.openai_compatible import answers, failures
from service.providers.openai_compatible.keys import Credentials
from service.providers.openai_compatible.wire import Wire

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatible:
    """A server of that kind. `known_as` says which model stands behind a name that the operator gave it."""

    http: Http
    wire: Wire
    models: Mapping[str, ModelCard]
    credentials: Credentials
    configured: bool
    known_as: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def keys(self) -> Sequence[KeyCard]:
        return self.credentials.cards

    async def close(self) -> None:
        await self.credentials.close()
        await self.http.close()

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        place = self.wire.place(call.model)
        body = self.wire.body(call.request, call.model, self.known_as.get(call.model, call.model))
        renewed = False
        while True:
            credential = await self.credentials.named(call.key)
            try:
                async with self.http.post(place, body, credential.headers, call.trace) as answer:
                    if answer.status >= 300:
                        told = await answer.whole()
                        if answer.status == _UNAUTHORIZED and not renewed and self.credentials.renew(credential):
                            renewed = True  # nothing was done: the one answer after which the same is sent again
                            continue
                        raise failures.failure(told, self.wire)
                    read = self._streamed(answer, call) if answer.is_events else self._unary(answer, call)
                    async with aclosing(read) as events:
                        async for event in events:
                            yield event
                return
            except ProviderError as error:
                error.message = credential.cleared(error.message)
                error.credential = credential.name
                if error.code and credential.cleared(error.code) != error.code:
                    error.code = None
                if error.for_operator:
                    error.for_operator = credential.cleared(error.for_operator)
                raise

    async def _unary(self, stream: Stream, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        """One JSON object with every image."""
        answer = await stream.whole()
        document = answer.document
        if document is None:
            raise _unreadable("The provider's answer is not JSON.")
        body = answers.table(document.value)
        if body.get("error"):
            raise failures.within(body, answer.status, self.wire, answer.headers)
        traits = answers.traits(body)
        yield Answered(answers.usage(body), traits)
        entries = answers.entries(body, self.wire.images)[: call.request.parameters.n or 1]
        withheld = self._withheld(body, entries)
        items = [_NOTHING if index in withheld else _item(entry) for index, entry in enumerate(entries)]
        fetched = await links.fetched(items, lambda url: self.http.fetch(url, call.trace))
        categories = sorted({each for found in withheld.values() for each in found})
        missing: list[ProviderError] = []
        for index, item in enumerate(items):
            if index in withheld:
                missing.append(failures.withheld(categories, answer.status))
                continue
            try:
                picture = links.picture(document, item, traits, fetched.get(index))
            except ProviderError as error:
                missing.append(error)  # told once the others are out: they are made, and paid for
                continue
            yield ImageReady(Image(index=index, picture=picture, revised_prompt=_revised(item, call)))
        if missing:
            raise missing[0]

    def _withheld(self, body: Mapping[str, Any], entries: Sequence[Any]) -> Mapping[int, Sequence[str]]:
        """Which images were made and not handed out, and for what."""
        indecent = answers.entries(body, self.wire.nsfw)[: len(entries)] if self.wire.nsfw else ()
        found: dict[int, Sequence[str]] = {index: ("nsfw",) for index, word in enumerate(indecent) if word is True}
        for index, entry in enumerate(entries):
            item = _item(entry)
            if not item.get(NAME) and not item.get("url") and (categories := failures.filtered(item)):
                found[index] = categories
        return found

    async def _streamed(self, stream: Stream, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        """Image after image: partials, then `completed`. The wire says which partial; which image is counted."""
        index = 0
        async with aclosing(stream.events()) as events:
            async for event in events:
                if event.data == b"[DONE]":
                    break
                document = await _read(stream, event.data)
                body = answers.table(document.value)
                kind = str(body.get("type") or event.name)
                if kind == "error" or body.get("error"):
                    raise self._in_stream(body)
                if kind.endswith(".partial_image"):
                    traits = answers.traits(body)
                    try:
                        picture = pictures.from_json(document, body, traits)
                    except ProviderError:
                        continue  # a preview that cannot be read is no reason to lose the picture
                    yield PartialImage(index, answers.count(body, "partial_image_index"), picture)
                elif kind.endswith(".completed"):
                    traits = answers.traits(body)
                    picture = pictures.from_json(document, body, traits)
                    yield ImageReady(Image(index=index, picture=picture, usage=answers.usage(body)))
                    index += 1
                    if index == (call.request.parameters.n or 1):
                        break
        await stream.finish()

    def _in_stream(self, body: Mapping[str, Any]) -> ProviderError:
        """An error after the stream began. A refusal is one anywhere; all else may have been billed."""
        error = failures.within(body, 200, self.wire)
        if error.reason is not Reason.CONTENT_REFUSED:
            error.outcome = Outcome.UNKNOWN
        return error


_NOTHING: Mapping[str, Any] = {}


def _item(entry: Any) -> Mapping[str, Any]:
    """An entry of the list of images; one that is a text is an address."""
    return {"url": entry} if isinstance(entry, str) else answers.table(entry)


def _revised(item: Mapping[str, Any], call: Call) -> str | None:
    """The prompt as the model has changed it; some servers repeat it unchanged."""
    revised = item.get("revised_prompt")
    return str(revised) if revised and revised != call.request.prompt else None


async def _read(stream: Stream, text: bytes) -> Document:
    try:
        return await stream.document(text)
    except ValueError:
        raise _unreadable("The provider's stream has an event that is not JSON.") from None


def _unreadable(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_INVALID_ANSWER, message, Outcome.UNKNOWN)
