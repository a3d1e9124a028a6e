"""One call to OpenAI's images API, unary or streamed.

`call.cancelled` is not looked at: closing a call does not end its bill, and only its end tells what it cost.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from random import choices
from typing import Any

from service.config.schema import Key
from service.domain.card import ModelCard
from service.domain.event import AdapterEvent, Answered, ImageReady, Outcome, PartialImage
from service.domain.image import Image
from service.errors import ProviderError, Reason
from service.providers import links, pictures
from service.providers.base import Call
from service.providers.http import Http, Stream
from service.providers.lifting import Document
from service.providers.openai import answers
from service.providers.openai.cards import CARDS
from service.providers.secrets import without_secrets

BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class OpenAI:
    http: Http
    keys: tuple[Key, ...]

    @property
    def models(self) -> Mapping[str, ModelCard]:
        return CARDS

    @property
    def configured(self) -> bool:
        return bool(self.keys)

    async def close(self) -> None:
        await self.http.close()

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        body = {
            "model": call.model,
            "prompt": call.request.prompt,
            **call.request.parameters.named(),
            **call.request.parameters.extras,
        }
        if call.request.stream:
            body["stream"] = True
        key = self._key(call)
        secret = key.value.reveal()
        try:
            async with self.http.post(
                "images/generations", body, {"authorization": f"Bearer {secret}"}, call.trace
            ) as answer:
                if answer.status >= 300:
                    raise answers.failure(await answer.whole())
                images = call.request.parameters.n or 1
                read = _streamed(answer, images) if answer.is_events else self._unary(answer, images, call)
                async with aclosing(read) as events:
                    async for event in events:
                        yield event
        except ProviderError as error:
            error.message = without_secrets(error.message, secret)
            error.for_operator = f"key {key.name}: {without_secrets(error.for_operator or error.message, secret)}"
            raise

    async def _unary(self, stream: Stream, images: int, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        """One JSON object with every image, or with the addresses where they lie."""
        answer = await stream.whole()
        document = answer.document
        if document is None:
            raise _unreadable("The provider's answer is not JSON.")
        body = answers.table(document.value)
        if body.get("error"):
            raise answers.error(answers.table(body["error"]), answer.status, answer.headers)
        traits = answers.traits(body)
        yield Answered(answers.usage(body), traits)
        items = [answers.table(entry) for entry in answers.entries(body)[:images]]
        fetched = await links.fetched(items, lambda url: self.http.fetch(url, call.trace))
        for index, item in enumerate(items):
            picture = links.picture(document, item, traits, fetched.get(index))
            revised = item.get("revised_prompt")
            yield ImageReady(Image(index=index, picture=picture, revised_prompt=str(revised) if revised else None))

    def _key(self, call: Call) -> Key:
        """One of the keys that serve the model, by weight."""
        fit = [key for key in self.keys if "*" in key.models or call.model in key.models]
        if not fit:
            raise ProviderError(
                Reason.PROVIDER_ACCOUNT, f"No key of this provider serves {call.model}.", Outcome.NOT_SENT
            )
        drawn = choices(fit, [key.weight for key in fit])  # noqa: S311 - spreads load, guards nothing
        return drawn[0]


async def _streamed(stream: Stream, images: int) -> AsyncGenerator[AdapterEvent, None]:
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
                told = answers.table(body.get("error")) or body
                raise _in_stream(told)
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
                if index == images:
                    break
    await stream.finish()


async def _read(stream: Stream, text: bytes) -> Document:
    try:
        return await stream.document(text)
    except ValueError:
        raise _unreadable("The provider's stream has an event that is not JSON.") from None


def _in_stream(told: Mapping[str, Any]) -> ProviderError:
    """An error after the stream began. A refusal is one anywhere; all else may have been billed."""
    error = answers.error(told, 200)
    if error.reason is not Reason.CONTENT_REFUSED:
        error.outcome = Outcome.UNKNOWN
    return error


def _unreadable(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_INVALID_ANSWER, message, Outcome.UNKNOWN)
