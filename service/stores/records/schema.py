"""The numbered migrations, and the work of applying one.

A migration expands: it adds tables, columns with defaults and indexes, so that the version before goes on beside it
while replicas are replaced one by one. What the newer version no longer needs is dropped by a migration of the release
after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from service.stores.records.port import Work


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...]


def migrations() -> tuple[Migration, ...]:
    folder = resources.files("service.stores.records") / "migrations"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(_read(file.name, file.read_text(encoding="utf-8")) for file in found)


def migrate() -> Work[list[str]]:
    """Applies what is missing, all or nothing; returns the names. Whoever does this work does it alone."""
    yield "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL)", ()
    applied = {row[0] for row in (yield "SELECT number FROM migrations", ())}
    missing = [each for each in migrations() if each.number not in applied]
    for migration in missing:
        for statement in migration.statements:
            yield statement, ()
        yield "INSERT INTO migrations (number, name) VALUES ($1, $2)", (migration.number, migration.name)
    return [migration.name for migration in missing]


def _read(file: str, text: str) -> Migration:
    number, name = file.removesuffix(".sql").split("_", 1)
    plain = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    return Migration(int(number), name, tuple(each.strip() for each in plain.split(";") if each.strip()))
