"""The books, read: requests page by page, the story of one, and sums over many.

A request's id begins with the moment at which it began, so a stretch of time is a stretch of the primary key. What a
filter says becomes parameters; the words of a statement are all written here.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.access import recall
from service.access.ledger import id_at
from service.domain.record import Filter, Grouping, Recorded, Story, UsageRow
from service.stores.records.port import Value, Work

MAX_ROWS = 10_000
"""Of sums: more than anybody reads, and less than a message holds."""

_LAST = 0xFFFF_FFFF_FFFF  # the latest moment that an id can begin with

REQUESTS = """
SELECT page.*,
  (SELECT COUNT(*) FROM attempts AS a WHERE a.request = page.id),
  (SELECT CAST(COALESCE(SUM(a.cost), 0) AS BIGINT) FROM attempts AS a WHERE a.request = page.id AND a.presumed = 1),
  last.provider, last.kind, last.model
FROM (SELECT {columns}
  FROM requests AS r WHERE {where} ORDER BY r.id DESC LIMIT {limit}) AS page
LEFT JOIN attempts AS last ON last.request = page.id
  AND last.number = (SELECT MAX(a.number) FROM attempts AS a WHERE a.request = page.id)
ORDER BY page.id DESC
"""
NEWEST = "SELECT MAX(id) FROM requests WHERE request_id = $1"
CONTENT = "SELECT story, prompt FROM requests WHERE id = $1"
ATTEMPTS = """
SELECT a.number, a.provider, a.kind, a.model, a.size, a.quality, a.price, a.at_most, a.outcome, a.reason, a.status,
  a.milliseconds, a.images, a.tokens, a.cost, a.presumed, p.terms
FROM attempts AS a LEFT JOIN prices AS p ON p.digest = a.price WHERE a.request = $1 ORDER BY a.number
"""
SUMS = """
SELECT {keys} COUNT(DISTINCT r.id), COUNT(a.number),
  CAST(COALESCE(SUM(a.images), 0) AS BIGINT), CAST(COALESCE(SUM(a.cost), 0) AS BIGINT),
  CAST(COALESCE(SUM(a.cost * a.presumed), 0) AS BIGINT),
  CAST(COALESCE(SUM(a.input_tokens), 0) AS BIGINT), CAST(COALESCE(SUM(a.output_tokens), 0) AS BIGINT)
FROM requests AS r {join} attempts AS a ON a.request = r.id {of_provider} WHERE {where} {group}
LIMIT {limit}
"""

_KEYS = {
    Grouping.DAY: "r.started / 86400000",
    Grouping.MODEL: "r.model",
    Grouping.PROVIDER: "a.provider",
    Grouping.KEY: "r.key_id",
    Grouping.TEAM: "r.team_id",
    Grouping.CUSTOMER: "r.customer_id",
    Grouping.STATE: "r.state",
}


class _Words:
    """Conditions as they come together, each with its value as the next parameter."""

    def __init__(self, wanted: Filter, before: str | None = None) -> None:
        self.values: list[Value] = []
        until = [each for each in (_place(wanted.until), before) if each is not None]
        conditions = {
            "r.id >= $": _place(wanted.since),
            "r.id < $": min(until, default=None),
            "r.request_id = $": wanted.request_id,
            "r.key_id = $": wanted.key_id,
            "r.team_id = $": wanted.team_id,
            "r.customer_id = $": wanted.customer_id,
            "r.model = $": wanted.model,
            "r.state = $": wanted.state,
        }
        self._conditions = [self.word(each, value) for each, value in conditions.items() if value is not None]

    def word(self, condition: str, value: Value) -> str:
        self.values.append(value)
        return condition.replace("$", f"${len(self.values)}")

    def also(self, condition: str, value: Value) -> None:
        self._conditions.append(self.word(condition, value))

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "TRUE"


def _place(moment: int | None) -> str | None:
    """Where requests of that moment begin in the primary key."""
    return None if moment is None else id_at(max(0, min(moment, _LAST)))


def requests(wanted: Filter, most: int, before: str | None = None) -> Work[list[Recorded]]:
    """The newest requests, of those whose id is less than `before`."""
    words = _Words(wanted, before)
    if wanted.provider is not None:
        words.also("EXISTS (SELECT 1 FROM attempts AS a WHERE a.request = r.id AND a.provider = $)", wanted.provider)
    return (yield from _requests(words, most))


def story(name: str) -> Work[Story | None]:
    """The request of that id, else the newest that was called so."""
    found = yield from _by_id(name)
    if not found:
        rows = yield NEWEST, (name,)
        found = (yield from _by_id(rows[0][0])) if rows[0][0] else []
    if not found:
        return None
    (recorded,) = found
    ((written, prompt),) = yield CONTENT, (recorded.id,)
    attempts = yield ATTEMPTS, (recorded.id,)
    return Story(
        recorded=recorded,
        attempts=tuple(recall.attempt(row) for row in attempts),
        ending=recall.ending(recorded, written) if written else None,
        prompt=prompt,
    )


def sums(wanted: Filter, by: Sequence[Grouping]) -> Work[tuple[list[UsageRow], UsageRow]]:
    """The sums of each group, the smallest values first, and those of all; at most one group more than MAX_ROWS."""
    rows = (yield from _sums(wanted, by)) if by else []
    (total,) = yield from _sums(wanted, ())
    return sorted(rows, key=lambda row: [(value is None, value or "") for value in row.group]), total


def _sums(wanted: Filter, by: Sequence[Grouping]) -> Work[list[UsageRow]]:
    words = _Words(wanted)
    of_provider = "" if wanted.provider is None else words.word("AND a.provider = $", wanted.provider)
    statement = SUMS.format(
        keys="".join(f"{_KEYS[each]}, " for each in by),
        join="JOIN" if of_provider else "LEFT JOIN",
        of_provider=of_provider,
        where=words,
        group="GROUP BY " + ", ".join(str(i + 1) for i in range(len(by))) if by else "",
        limit=MAX_ROWS + 1,
    )
    rows = yield statement, words.values
    return [recall.sums(row, by) for row in rows]


def _by_id(id: str) -> Work[list[Recorded]]:  # noqa: A002 - it is one
    words = _Words(Filter())
    words.also("r.id = $", id)
    return (yield from _requests(words, 1))


def _requests(words: _Words, most: int) -> Work[list[Recorded]]:
    statement = REQUESTS.format(columns=", ".join(recall.COLUMNS), where=words, limit=words.word("$", most))
    rows = yield statement, words.values
    return [recall.recorded(row) for row in rows]
