"""What the books say, as a person reads it: a line for a request, its whole story, a table of sums. Times are UTC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import v1
from imagegen.report import dollars, outcome, state
from rich.console import Console
from rich.table import Table
from rich.text import Text

from terminal.printing import of_change

_STYLES = {"done": "green", "partial": "yellow", "failed": "red", "lost": "red", "left": "yellow"}
_FIELDS = {"key": "key_id", "team": "team_id", "customer": "customer_id"}


def usage(console: Console, answer: v1.SumUsageResponse, by: Sequence[v1.UsageGrouping.ValueType]) -> None:
    names = [v1.UsageGrouping.Name(each).removeprefix("USAGE_GROUPING_").lower() for each in by]
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for title in ("requests", "attempts", "images", "cost", "presumed", "tokens in", "tokens out"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in answer.rows:
        table.add_row(*(_value(row, name) for name in names), *_numbers(row))
    total = ["total", *("" for _ in names[1:])] if names else []
    table.add_row(*total, *_numbers(answer.total), style="bold")
    console.print(table)


def _value(row: v1.UsageRow, name: str) -> str:
    field = _FIELDS.get(name, name)
    if not row.HasField(field):  # pyright: ignore[reportArgumentType] - its fields, by name
        return "-"
    return state(row) if name == "state" else shown(getattr(row, field))


def _numbers(row: v1.UsageRow) -> list[str]:
    counts = (row.requests, row.attempts, row.images)
    money = (row.cost_micro_usd, row.presumed_micro_usd)
    tokens = (row.input_tokens, row.output_tokens)
    return [*map(str, counts), *(f"${dollars(each)}" for each in money), *map(str, tokens)]


def line(console: Console, of: v1.RecordedRequest) -> None:
    word = state(of)
    parts = [f"  {_asked(of)}", f"{of.images}/{of.n}", _took(of), _cost(of), _who(of), of.request_id, of.reason]
    rest = "  ".join(part for part in parts if part)
    console.print(
        Text.assemble(_time(of.create_time), "  ", (f"{word:<7}", _STYLES.get(word, "")), rest), soft_wrap=True
    )


def story(console: Console, of: v1.GetRequestResponse) -> None:
    """Everything that is known of one request."""
    request, report = of.request, of.report
    word = state(request)
    console.print(Text.assemble((request.request_id, "bold"), "  ", (word, _STYLES.get(word, "")), f"  {request.id}"))
    for name, value in _facts(request):
        console.print(f"{name:<9}{value}", soft_wrap=True)
    for title, lines in (
        ("attempts", [_attempt(each, request, last=each is report.attempts[-1]) for each in report.attempts]),
        ("parameters", [shown(of_change(each)) for each in report.changes]),
        ("left out", [f"{shown(each.target)}: {shown(each.explanation)}" for each in report.skipped]),
        ("prices", list(_prices(of.prices))),
        ("prompt", [shown(each) for each in of.prompt.splitlines()]),
        ("pictures", [shown(each.file_id) for each in of.images]),
    ):
        if lines:
            console.print(f"\n{title}", style="bold")
            for each in lines:
                console.print(f"  {each}", soft_wrap=True)


def _facts(of: v1.RecordedRequest) -> Iterator[tuple[str, str]]:
    ended = f", ended {_time(of.end_time)}, {_took(of)}" if of.HasField("end_time") else ""
    yield "began", f"{_time(of.create_time)} UTC{ended}"
    yield "model", _asked(of)
    yield "images", f"{of.images} of {of.n}{', streamed' if of.stream else ''}"
    held = f", and ${dollars(of.held_micro_usd)} held" if of.held_micro_usd else ""
    yield "cost", f"{_cost(of)}{held}"
    for name, value in (("who", _who(of)), ("reason", of.reason), ("trace", of.trace_id)):
        if value:
            yield name, value


def _attempt(of: v1.Attempt, request: v1.RecordedRequest, *, last: bool) -> str:
    under_way = last and not request.HasField("end_time")
    parts = [
        f"{of.number}. {of.provider}/{of.model}",
        "under way" if under_way else outcome(of).replace("_", " "),
        of.reason,
        str(of.status) if of.HasField("status") else "",
        "" if under_way else f"{of.duration.ToTimedelta().total_seconds():.1f} s",
        _images(of.images),
        _money(of.cost_micro_usd) + (" presumed" if of.presumed else ""),
    ]
    return "  ".join(part for part in parts if part)


def _prices(prices: Sequence[v1.AttemptPrice]) -> Iterator[str]:
    """What each attempt's cost follows from; the same terms are told once."""
    told: set[str] = set()
    for each in prices:
        asked = f"{each.number}. {each.size}, quality {each.quality}"
        if not each.HasField("price"):
            yield f"{asked}: no price"
            continue
        dated = f" of {each.as_of}" if each.as_of else ""
        yield f"{asked}: at most ${dollars(each.at_most_micro_usd)}, by the prices{dated} ({each.price})"
        if each.HasField("usage"):
            yield f"   tokens: {each.usage.input_tokens} in, {each.usage.output_tokens} out"
        if each.price not in told:
            told.add(each.price)
            yield from _terms(each)


def _terms(of: v1.AttemptPrice) -> Iterator[str]:
    for row in of.per_image:
        yield f"   an image of {row.size}, quality {row.quality}: ${dollars(row.cost_micro_usd)}"
    if of.HasField("per_million"):
        tokens = of.per_million
        yield (
            f"   a million tokens: text in ${tokens.text_in}, image in ${tokens.image_in}, "
            f"text out ${tokens.text_out}, image out ${tokens.image_out}"
        )


def _time(of: Timestamp) -> str:
    return f"{of.ToDatetime():%Y-%m-%d %H:%M:%S}"


def _took(of: v1.RecordedRequest) -> str:
    if not of.HasField("end_time"):
        return ""
    return f"{(of.end_time.ToNanoseconds() - of.create_time.ToNanoseconds()) / 1e9:.1f} s"


def _asked(of: v1.RecordedRequest) -> str:
    """What was asked for, and where it led."""
    led = f"{of.provider}/{of.answered_model}" if of.HasField("provider") else ""
    return shown(of.model) if led in ("", of.model) else f"{shown(of.model)} → {led}"


def _images(count: int) -> str:
    return "" if not count else "1 image" if count == 1 else f"{count} images"


def _money(micro_usd: int) -> str:
    return f"${dollars(micro_usd)}" if micro_usd else "free"


def _cost(of: v1.RecordedRequest) -> str:
    if not of.presumed_micro_usd:
        return _money(of.cost_micro_usd)
    whole = of.presumed_micro_usd == of.cost_micro_usd
    return f"{_money(of.cost_micro_usd)}{'' if whole else f', ${dollars(of.presumed_micro_usd)} of it'} presumed"


def _who(of: v1.RecordedRequest) -> str:
    named = (("key", of.key_id), ("team", of.team_id), ("customer", of.customer_id))
    return ", ".join(f"{kind} {shown(name)}" for kind, name in named if name)


def shown(text: str) -> str:
    """Somebody's text on one line, with nothing in it that a terminal would obey."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
