"""What an expression of Prometheus asks for: metrics, and the labels that it matches or groups by.

No whole parser: promtool has said already that the expression is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^()]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{((?:[^{}\"]|\"[^\"]*\")*)\}")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")
_TEXT = re.compile(r"\"[^\"]*\"")
_DURATION = re.compile(r"\[[^]]*\]|\boffset\s+\w+")
_WORD = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*+(?!\s*\()")
_OPERATORS = {"and", "or", "unless", "offset", "bool", "by", "on", "without", "ignoring", "sum", "count", "max", "min"}


@dataclass(frozen=True, slots=True)
class Selector:
    metric: str
    matched: Mapping[str, str]
    """Labels, and the text or pattern that they are compared with."""


@dataclass(frozen=True, slots=True)
class Query:
    text: str

    @property
    def selectors(self) -> list[Selector]:
        """Every metric that is asked for, each time it is."""
        with_braces = [Selector(name, dict(_MATCHER.findall(inside))) for name, inside in _SELECTOR.findall(self.text)]
        rest = _DURATION.sub(" ", _TEXT.sub(" ", _GROUPING.sub(" ", _SELECTOR.sub(" ", self.text))))
        return [*with_braces, *(Selector(word, {}) for word in _WORD.findall(rest) if word not in _OPERATORS)]

    @property
    def grouped(self) -> set[str]:
        return {name.strip() for names in _GROUPING.findall(self.text) for name in names.split(",") if name.strip()}


def alternatives(pattern: str) -> Iterator[str]:
    """The words that a pattern like `a|b_(c|d)` stands for; only this form is read."""
    opened = re.fullmatch(r"(.*?)\(([^()]*)\)(.*)", pattern)
    if opened and "|" not in opened[1] + opened[3]:
        yield from (f"{opened[1]}{word}{opened[3]}" for word in opened[2].split("|"))
    else:
        yield from pattern.split("|")
