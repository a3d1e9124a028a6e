"""Answers that are complete and wrong: a 200 without an image, words that do not fit, the other kind of answer.

All of them are billed, and their usage is that of the whole order.
"""

import base64
from typing import Any

from .acts import Acts, Body
from .answers import document, event, streamed, unary
from .behaviours import Behaviour
from .breaks import cut
from .order import Order
from .points import Point, after_headers, end_of_body, mid_body
from .refusals import Refusal
from .rewriting import fitted, length_of, on_headers, on_json, on_pictures

_FAILURE = Refusal(500, "The image could not be generated.", "server_error", type="image_generation_server_error")


def empty_data() -> Behaviour:
    """200 with `data: []`; a stream that ends without a finished image."""
    return fewer_images(by=10)


def fewer_images(by: int = 1) -> Behaviour:
    """So many images fewer than asked, without a word about it."""

    def rewrite(order: Order, acts: Acts) -> Acts:
        keep = max(0, order.images - by)
        finished = [index for index, act in enumerate(acts) if isinstance(act, Body) and act.kind == "completed"]
        fewer = tuple(act for index, act in enumerate(acts) if index not in finished[keep:])
        return on_json(fewer, lambda fields: fields | {"data": fields["data"][:keep]}, ("document",))

    return Behaviour(f"fewer_images({by})", rewrite)


def error_in_200() -> Behaviour:
    """200 whose JSON is an error; in a stream, an error event in place of the images."""

    def rewrite(order: Order, acts: Acts) -> Acts:
        if order.stream:
            return error_event(at=after_headers).rewrite(order, acts)
        return document(200, _FAILURE.encoded(), request_id=order.request_id)

    return Behaviour("error_in_200", rewrite)


def error_event(at: Point = after_headers) -> Behaviour:
    """The stream says `event: error` at this point and ends."""

    def rewrite(_: Order, acts: Acts) -> Acts:
        before, _after = at.divide(acts)
        return *before, event("error", _FAILURE.body, "error")

    return Behaviour(f"error_event({at.name})", rewrite)


def html_in_200() -> Behaviour:
    """200 with a web page, and it says so."""
    page = document(200, b"<!doctype html><title>Just a moment...</title>", content_type="text/html; charset=UTF-8")
    return Behaviour("html_in_200", lambda _, __: page)


def invalid_json() -> Behaviour:
    """JSON that stops half way in a body that is complete; in a stream, the last event's data does."""

    def rewrite(order: Order, acts: Acts) -> Acts:
        before, _after = mid_body.divide(acts)
        return (*before, Body(b"\n\n", "other")) if order.stream else fitted(before)

    return Behaviour("invalid_json", rewrite)


def invalid_base64() -> Behaviour:
    """Pictures whose base64 no decoder takes."""
    return Behaviour("invalid_base64", lambda _, acts: on_pictures(acts, "*** this is not base64 ***"))


def not_an_image() -> Behaviour:
    """Good base64 of a text."""
    text = base64.b64encode(b"I am sorry, there is no picture today. " * 20).decode()
    return Behaviour("not_an_image", lambda _, acts: on_pictures(acts, text))


def url_instead(address: str | None = None) -> Behaviour:
    """An address in place of each picture, as the retired models gave: of the double's own shelf, where the picture
    lies; or the one given, whatever that is. For JSON answers."""

    def rewrite(order: Order, acts: Acts) -> Acts:
        def shelved(fields: dict[str, Any]) -> dict[str, Any]:
            kept = (order.keep(base64.b64decode(item["b64_json"])) for item in fields["data"])
            return fields | {"data": [{"url": own if address is None else address} for own in kept]}

        return on_json(acts, shelved, ("document",))

    return Behaviour(f"url_instead({address or ''})", rewrite)


def wrong_content_type(content_type: str = "text/plain") -> Behaviour:
    """The right body under another name."""
    return Behaviour("wrong_content_type", lambda _, acts: on_headers(acts, content_type=content_type))


def wrong_length(by: int) -> Behaviour:
    """A Content-Length that is off: more than comes (then the connection closes), or less (the JSON is cut off)."""
    off = Behaviour(f"wrong_length({by})", lambda _, acts: on_headers(acts, content_length=str(length_of(acts) + by)))
    return off | cut(end_of_body) if by > 0 else off


def json_for_stream() -> Behaviour:
    """The JSON answer where a stream was asked."""
    return Behaviour("json_for_stream", lambda order, _: unary(order))


def sse_for_json() -> Behaviour:
    """A stream where JSON was asked."""
    return Behaviour("sse_for_json", lambda order, _: streamed(order))
