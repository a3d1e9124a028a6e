"""The gateway's books, seen from outside: what was entered since a moment, and books that are already long.

The books of a program that was started once are filled by plain SQL, so the schema is always its own.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

SPAN = 90 * 24 * 3600
"""The rows are spread over so many seconds before now."""
BATCH = 20_000


def entered(path: Path, since: float) -> dict[str, int]:
    """How many requests were entered since a moment, by the state that they are in."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as books:
        rows = books.execute(
            "SELECT state, COUNT(*) FROM requests WHERE id >= ? GROUP BY state", (f"{int(since * 1000):012x}",)
        )
        return {str(state): int(count) for state, count in rows}


def length(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as books:
        return int(books.execute("SELECT COUNT(*) FROM requests").fetchone()[0])


def fill(path: Path, rows: int) -> None:
    """Enters finished requests, each with its attempt, until there are `rows`. Nobody else may have the file open."""
    missing = rows - length(path)
    with closing(sqlite3.connect(path)) as books:
        books.execute("PRAGMA journal_mode = WAL")
        books.execute("PRAGMA synchronous = OFF")
        price = books.execute("SELECT digest FROM prices LIMIT 1").fetchone()
        now = time.time()
        for first in range(0, missing, BATCH):
            moments = (now - SPAN + SPAN * each / missing for each in range(first, min(first + BATCH, missing)))
            requests = [_request(moment) for moment in moments]
            with books:
                _insert(books, "requests", requests)
                _insert(books, "attempts", [_attempt(request["id"], price) for request in requests])
        books.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _request(moment: float) -> dict[str, Any]:
    started = int(moment * 1000)
    name = secrets.token_hex(10)
    story: dict[str, Any] = {
        "state": "done",
        "reason": None,
        "images": 1,
        "fallback_index": 0,
        "changes": [],
        "skipped": [],
    }
    return {
        "id": f"{started:012x}{name}",
        "request_id": name,
        "owner": "0" * 16,
        "model": "small/gpt-image-2",
        "operation": "generate",
        "stream": 0,
        "n": 1,
        "trace_id": secrets.token_hex(16),
        "started": started,
        "ended": started + 12_000,
        "state": "done",
        "images": 1,
        "held": 0,
        "cost": 42_000,
        "purses": "[]",
        "story": json.dumps(story),
    }


def _attempt(request: str, price: tuple[str] | None) -> dict[str, Any]:
    return {
        "request": request,
        "number": 1,
        "provider": "small",
        "kind": "openai",
        "model": "gpt-image-2",
        "size": "1024x1024",
        "quality": "medium",
        "price": price[0] if price else None,
        "at_most": 60_000,
        "state": "settled",
        "outcome": "done",
        "milliseconds": 12_000,
        "images": 1,
        "tokens": '{"input_tokens":20,"output_tokens":1056,"total_tokens":1076}',
        "input_tokens": 20,
        "output_tokens": 1056,
        "cost": 42_000,
        "presumed": 0,
        "before": 0,
    }


def _insert(books: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names, marks = ", ".join(rows[0]), ", ".join("?" * len(rows[0]))
    books.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", (tuple(row.values()) for row in rows))
