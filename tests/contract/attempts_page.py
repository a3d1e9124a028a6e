"""docs/attempts.md, made from the table of verdicts: `python -m tests.contract.attempts_page` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.event import Outcome
from service.engine.verdict import TABLE, Then
from tests.contract.sources import HOUSE

PAGE = HOUSE / "docs" / "attempts.md"

_INTRODUCTION = """\
# Attempts

<!-- Made from service/engine/verdict.py by `python -m tests.contract.attempts_page`; do not edit. -->

What follows when a provider has been asked, and who is asked next. There is one owner of retries: the service. The
bridge, gRPC channels and the HTTP client make none.

A call ends in one of four ways. *Not sent*: nothing reached the provider. *Rejected*: it answered with a complete
error. *Unknown*: it may have accepted the request, and billed it (a timeout, a reset, half an answer, 502, 504).
*Done*: at least one image came. The table is read from above; of what stands under "then" the first that is possible
is done, and the request fails where nothing is.

| the call | reason | then | because |
|---|---|---|---|
"""

_THEN = {
    Then.SERVED: "the request is served",
    Then.SAME_KEY: "the same key again, after a pause",
    Then.NEXT_KEY: "the provider's next key",
    Then.NEXT_TARGET: "the next target",
    Then.NEXT_PROVIDER: "the next target at another provider, once",
    Then.STOP: "the request fails",
}

_WORDS = {Outcome.NOT_SENT: "not sent", Outcome.REJECTED: "rejected", Outcome.UNKNOWN: "unknown", Outcome.DONE: "done"}

_NOTES = """
* **Once bytes of an image have left for the caller**, previews too, nothing follows: the failure is told. Where several
  calls make the images of one request, that holds for each call; and no fallback begins once one image has come.
* **Where several calls make the images of one request**, at most four of them are under way at a time, and not more
  than the provider has places. Each is tried anew by itself. But once one of them may have been billed, or was refused,
  no other is begun at that provider, or made anew there: those under way go on, and an image that was not asked for is
  told with that reason.
* **The same key again**: as often as the provider's `retries` says (1), what was asked with another key counted in,
  after half a second, twice as long each time, or as long as the provider asks for (`Retry-After`): at most 5 s where
  another target can be asked instead, else at most 60 s, and never beyond the request's deadline. **The next key**:
  where one is left that is not known to be out. Of a provider's calls a fifth may be such retries, with the same key or
  another, and ten in any case, so that a provider in trouble is not asked for more.
* **In the last second** before the deadline no call is begun, but for the request's first: it could only be paid for
  in vain.
* **While others could follow** a call has two thirds of the time that is left; one that takes longer counts as
  unknown, and as a failure of its target, at once. A call has all the time where nobody could follow: where not a
  second would be left for others, where no target of another provider is left, after a first unknown end, with
  `after_unknown = "fail"`, and once bytes of an image of the request have left. Before that its provider's own
  `timeout` may end it.
* **After unknown** another provider may make the images, and both may bill them. What may have been billed in vain is
  in the cost, and in `possible_duplicate_cost_usd` by itself. With `after_unknown = "fail"` (of the configuration, of a
  route, of a request) nobody is asked. The second call is held for beside the first; where the budget has no room for
  both, it is not made.
* **A refusal** of the content ends the request; a route with `fallback_on_refusal = true` takes it to the next target.
* A request whose chain is used up fails as its first target failed; `extra_fields.attempts` has every call.

## Who is asked first

A model with one key of a provider is **out** when it failed five times in a row, or half of at least 20 calls in half a
minute: ten seconds the first time, twice as long each time after, five minutes at most. Then one call finds out whether
it is well again. A key that used up its rate is out for as long as the provider says (a minute at most); one that the
provider does not serve, for a minute, twice as long each time, an hour at most. Refusals and bad requests count for
nobody's failure.

A provider's `limits` say how many calls may be under way at once (`concurrent`; 0, the default, is as many as come) and
how many may wait for a place (`queue`, 1,000). They are served in the order of coming. A call waits five seconds where
another target can be asked instead, else until a second before its deadline. One that would be too late by the time
that calls have taken, or finds the queue full, is not made: the next target is asked, or the caller is told when to
come back (`overloaded`, 503). Nothing is held for a call that waits. Calls of one request wait for each other: what
has no place while another of them has one is tried again when that one ends.

Whoever is out is asked after all others, of the targets of a request as of the keys of a provider, and is still asked
where nobody else is left; of keys that are all out, the one that is back first. `imagegen plan` and `PlanImages` say
who is, and why.
"""


def page() -> str:
    return _INTRODUCTION + "\n".join(_rows()) + "\n" + _NOTES


def _rows() -> Iterator[str]:
    for rule in TABLE:
        named = any(each.outcome is rule.outcome and each.reasons for each in TABLE)
        others = "any other" if named else "any"
        reasons = ", ".join(f"`{reason}`" for reason in rule.reasons) or others
        then = "; else ".join(_THEN[each] for each in rule.then or (Then.STOP,))
        yield f"| {_WORDS[rule.outcome]} | {'' if rule.outcome is Outcome.DONE else reasons} | {then} | {rule.why} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
