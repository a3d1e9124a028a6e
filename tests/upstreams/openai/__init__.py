"""A double of OpenAI's images API: real HTTP, strict about requests, with its own bill, able to fail in every way.

```python
async with OpenAIDouble() as openai:
    openai.url, openai.key                     # base URL ending in /v1, and the key it knows; others get a 401
    openai.next(status(429, retry_after="7"), reset())   # the coming well-formed orders, one each; then the default
    openai.always(late(0.2) | crlf())          # the default, until always() or clear()
    openai.when(lambda seen: seen.body["model"] == "gpt-image-1.5", stall())   # asked before next() and always()
    openai.clear(); openai.scripted            # forget the script; how many of next() were not met yet
    openai.requests                            # list[Seen]: index, method, path, headers, body, traceparent, status,
                                               #   behaviour, started_at, finished, client_left, broken_off
    openai.bill, openai.billed_micro_usd       # tuple[Charge, ...]: request, model, size, quality, images, usage,
                                               #   micro_usd
    openai.calls, openai.in_flight, openai.open_connections
    await openai.accepted(2)                   # until two orders in all were accepted; held and stalled ones count
    await openai.idle(timeout=5)               # until nothing is in flight
```

It answers POST /v1/images/generations, GET /v1/models and GET /v1/models/{id}. A request that it refuses by its own
strictness uses up nothing of the script. An accepted order is billed at once (`bill_when="on_finish"`: when the double
is done with it), also when the answer is then stalled, cut, reset or a lie. An error answer is not billed.

Each picture says which request, image and partial it is: `number_in(png)` is the index into `requests`, `drawn_in(png)`
says all three. `big_png(20_000_000)` makes noise to show with `showing(...)`. A picture behind an address
(`url_instead()`) lies on `openai.shelf`, at GET /files/...: whoever comes there with a key, a cookie or anything else
but the signed address is refused; `requests` has those too, `calls` has not.

Behaviours, joined with `|` and applied from left to right (first content, then dialect, then what breaks):

* going well: faithful, late, held (an asyncio.Event), showing, output_details, auto_in_events
* error answers (`denials`): status, rate_limited_until, quota_exhausted, billing_limit_reached, moderation_blocked,
  html_error, empty_error, refusing (any Refusal), echoed_secret
* no answer (`breaks`): stall, cut, reset, trickle, heartbeats
* wrong answers (`lies`): empty_data, fewer_images, error_in_200, error_event, html_in_200, invalid_json,
  invalid_base64, not_an_image, url_instead, wrong_content_type, wrong_length, json_for_stream, sse_for_json
* the same stream otherwise written (`dialects`): crlf, cr, comments, multiline_data, split, no_space, no_event_lines,
  done_marker, bom, unknown_events, extra_keys
* where (`points`, for late, held, stall, cut, reset, error_event): before_answer, after_headers, mid_body, end_of_body,
  after_partials(k), after_images(k)

A script that asks for a point which the answer does not have is the test's mistake: leaving the double raises it.
"""

from .behaviours import Behaviour, auto_in_events, faithful, held, late, output_details, showing
from .bill import Charge, Usage, usage_of
from .breaks import cut, heartbeats, reset, stall, trickle
from .catalogue import MODELS, RETIRED, Card
from .denials import (
    billing_limit_reached,
    echoed_secret,
    empty_error,
    html_error,
    moderation_blocked,
    quota_exhausted,
    rate_limited_until,
    refusing,
    status,
)
from .dialects import (
    STRANGE,
    bom,
    comments,
    cr,
    crlf,
    done_marker,
    extra_keys,
    multiline_data,
    no_event_lines,
    no_space,
    split,
    unknown_events,
)
from .double import KEY, OpenAIDouble
from .lies import (
    empty_data,
    error_event,
    error_in_200,
    fewer_images,
    html_in_200,
    invalid_base64,
    invalid_json,
    json_for_stream,
    not_an_image,
    sse_for_json,
    url_instead,
    wrong_content_type,
    wrong_length,
)
from .order import FORBIDDEN, Order
from .pictures import Drawn, big_png, drawn_in, number_in
from .points import Point, after_headers, after_images, after_partials, before_answer, end_of_body, mid_body
from .reception import Seen
from .refusals import Refusal

__all__ = [
    "FORBIDDEN",
    "KEY",
    "MODELS",
    "RETIRED",
    "STRANGE",
    "Behaviour",
    "Card",
    "Charge",
    "Drawn",
    "OpenAIDouble",
    "Order",
    "Point",
    "Refusal",
    "Seen",
    "Usage",
    "after_headers",
    "after_images",
    "after_partials",
    "auto_in_events",
    "before_answer",
    "big_png",
    "billing_limit_reached",
    "bom",
    "comments",
    "cr",
    "crlf",
    "cut",
    "done_marker",
    "drawn_in",
    "echoed_secret",
    "empty_data",
    "empty_error",
    "end_of_body",
    "error_event",
    "error_in_200",
    "extra_keys",
    "faithful",
    "fewer_images",
    "heartbeats",
    "held",
    "html_error",
    "html_in_200",
    "invalid_base64",
    "invalid_json",
    "json_for_stream",
    "late",
    "mid_body",
    "moderation_blocked",
    "multiline_data",
    "no_event_lines",
    "no_space",
    "not_an_image",
    "number_in",
    "output_details",
    "quota_exhausted",
    "rate_limited_until",
    "refusing",
    "reset",
    "showing",
    "split",
    "sse_for_json",
    "stall",
    "status",
    "trickle",
    "unknown_events",
    "url_instead",
    "usage_of",
    "wrong_content_type",
    "wrong_length",
]
