"""Lines of JSON on standard error, or coloured text where a person reads along.

What a line may hold is decided here and not where it is written: an exception is its type and the places it passed,
never its message, which may quote a prompt or a key; a line of another library is its template without what was filled
in; and what a provider says in words of its own stands only where the operator wants content recorded.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import MutableMapping
from functools import cache
from types import TracebackType
from typing import Any, cast

import orjson
import structlog
from structlog.typing import Processor

LONGEST = 4096
"""Characters in a field; longer ones are cut."""
DEEPEST = 20
"""Places of an exception that are named, the innermost."""

CONTENT = ("provider_says",)
"""Fields that may quote what a caller wrote."""

Event = MutableMapping[str, Any]

_kept: set[str] = set()
"""Those of CONTENT that stand in lines."""


@cache
def log(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a room; bound once, because binding takes longer than a line."""
    return structlog.get_logger(name).bind()


def set_up_logs(level: str = "info", *, to_terminal: bool = False, content: bool = False) -> None:
    def dumps(event: Event, **_: object) -> bytes:
        return orjson.dumps(event, default=_foreign)

    to = structlog.PrintLoggerFactory(sys.stderr) if to_terminal else structlog.BytesLoggerFactory(sys.stderr.buffer)
    render: Processor = structlog.dev.ConsoleRenderer() if to_terminal else structlog.processors.JSONRenderer(dumps)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            _without_content,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=to,
        cache_logger_on_first_use=False,
    )
    log.cache_clear()
    keep_content(content)
    logging.basicConfig(handlers=[_OfOthers()], level=logging.WARNING, force=True)


def keep_content(yes: bool) -> None:
    """Whether lines hold, from now on, what may quote a caller."""
    _kept.clear()
    _kept.update(CONTENT if yes else ())


def on_loop_failure(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For the loop: what nobody caught."""
    log("loop").error(
        "unexpected failure", what=type(context.get("future")).__name__, exc_info=context.get("exception")
    )


def _without_words(_: object, __: str, event: Event) -> Event:
    """An exception as its type and places, every text within bounds."""
    error: object = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):  # as the standard library hands it on
        error = cast(tuple[object, ...], error)[1]
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["at"] = _places(error.__traceback__)
    for name, value in event.items():
        if isinstance(value, str) and len(value) > LONGEST:
            event[name] = value[:LONGEST] + "…"
    return event


def _without_content(_: object, __: str, event: Event) -> Event:
    for name in CONTENT:
        if name not in _kept:
            event.pop(name, None)
    return event


def _places(trail: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trail)[-DEEPEST:]
    return [f"{'/'.join(each.filename.split('/')[-3:])}:{each.lineno} {each.name}" for each in frames]


def _foreign(value: object) -> str:
    return f"<{type(value).__name__}>"


class _OfOthers(logging.Handler):
    """Lines of libraries, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        log(record.name).log(record.levelno, template, exc_info=record.exc_info)
