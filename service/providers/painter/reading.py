"""From the words of a prompt to a Scene: longest phrases first, whole words only, colours go to the noun after them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from . import grammar, vocabulary
from .brief import Brief
from .colours import NAMED, Colour
from .scene import Scene, Subject

LONGEST_PHRASE = 4  # words
REACH = 4  # a colour or a number waits for its noun for this many unknown words
MOST_SUBJECTS = 6
MOST_OF_A_KIND = 14

IRREGULAR = {
    "mice": "mouse", "geese": "goose", "women": "woman", "men": "man", "children": "child", "wolves": "wolf",
    "leaves": "leaf", "knives": "knife", "oxen": "ox", "calves": "calf", "loaves": "loaf", "feet": "foot",
    "fishermen": "fisherman", "snowmen": "snowman", "spacemen": "spaceman", "sheep": "sheep",
}  # fmt: skip
AMBIGUOUS = {
    "orange": "orange",
    "rose": "rose",
    "peach": "orange",
    "lime": "lemon",
    "chestnut": "tree",
    "salmon": "fish",
}


@dataclass(frozen=True)
class Term:
    """What a phrase means: a kind of word and the canonical noun (or value) it stands for."""

    kind: str
    name: str


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.split(",")]


def _lexicon() -> Mapping[str, Term]:
    terms: dict[str, Term] = {}

    def learn(kind: str, table: Mapping[str, str]) -> None:
        for name, words in table.items():
            for word in _split(words):
                terms.setdefault(word, Term(kind, name))

    learn("medium", vocabulary.MEDIA)
    learn("scenery", {"forest": "trees", "flowers": "flowers", "village": "houses", "sky": ""})
    learn("figure", vocabulary.FIGURES)
    learn("scenery", vocabulary.SCENERY)
    learn("sky", vocabulary.SKY)
    learn("weather", vocabulary.WEATHER)
    learn("time", vocabulary.TIMES)
    learn("season", vocabulary.SEASONS)
    learn("mood", vocabulary.MOODS)
    learn("abstract", {"abstract": vocabulary.ABSTRACT})
    learn("colour", grammar.COLOURS)
    learn("colour", {name: name for name in NAMED})
    learn("garment", {"garment": grammar.GARMENTS})
    learn("hair", {"hair": grammar.HAIR})
    for count, words in grammar.NUMBERS.items():
        learn("number", {str(count): words})
    learn("size", grammar.SIZES)
    learn("stop", {"stop": grammar.STOPS})
    learn("not", {"not": grammar.NEGATIONS})
    learn("riding", {"riding": grammar.RIDING})
    learn("pose", grammar.POSES)
    learn("figure", {figure: word for word, figure in vocabulary.GENERIC.items()})
    learn("group", {"animals": "animal"})
    for word, figure in AMBIGUOUS.items():
        terms[word] = Term("ambiguous", figure)
    del terms[""]
    return MappingProxyType(terms)


LEXICON = _lexicon()
GROUPS = MappingProxyType({name: frozenset(_split(members)) for name, members in vocabulary.GROUPS.items()})


def tokens(text: str) -> list[str]:
    """Plain lower-case words and numbers; accents and apostrophes go, other scripts are no words of ours."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("'", "").replace("\u2019", "")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[a-z]+|[0-9]+|[.;!?\n]|,", plain)


@lru_cache(maxsize=4096)
def stems(word: str) -> tuple[str, ...]:
    """The word itself, then what it may be an inflection of."""
    forms = [word]
    if word in IRREGULAR:
        forms.append(IRREGULAR[word])
    if len(word) > 3 and word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if len(word) > 3 and word.endswith("es"):
        forms.append(word[:-2])
    if len(word) > 2 and word.endswith("s") and not word.endswith("ss"):
        forms.append(word[:-1])
    return tuple(forms)


def phrases(words: list[str]) -> Iterator[tuple[str, Term | None, bool]]:
    """Each phrase with its meaning, if it has one, and whether it is a plural; the longest match wins."""
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            lead = " ".join(words[at : at + length - 1])
            found = None
            for stem in stems(words[at + length - 1]):
                phrase = f"{lead} {stem}" if lead else stem
                if phrase in LEXICON:
                    found = (" ".join(words[at : at + length]), LEXICON[phrase], stem != words[at + length - 1])
                    break
            if found:
                yield found
                at += length
                break
        else:
            number = Term("number", words[at][:4]) if words[at].isdigit() else None
            yield words[at], number, False
            at += 1


def banned(negative_prompt: str) -> frozenset[str]:
    """Every noun that a negative prompt names."""
    names: set[str] = set()
    for _, term, _ in phrases(tokens(negative_prompt)):
        names |= _meant(term)
    return frozenset(names)


def _meant(term: Term | None) -> frozenset[str]:
    if term is None or term.kind in ("stop", "number", "not", "colour", "size"):
        return frozenset()
    return frozenset((term.name,)) | GROUPS.get(vocabulary.WHOLE.get(term.name, ""), frozenset())


def _coat(phrase: str) -> Colour | None:
    """The colour that is part of the name: a raven is a black bird."""
    words = (vocabulary.COATS.get(stem) for stem in stems(phrase))
    return next((NAMED[word] for word in words if word), None)


class _Reader:
    """Walks over the phrases once, holding what still waits for its noun."""

    def __init__(self) -> None:
        self.subjects: list[Subject] = []
        self.scenery: dict[str, None] = {}
        self.sky: dict[str, None] = {}
        self.weather: dict[str, None] = {}
        self.single: dict[str, str] = {}  # time, season, mood, medium: the first one said
        self.colours: dict[str, Colour] = {}
        self.accents: list[Colour] = []
        self.without: set[str] = set()
        self.abstract = False
        self._colours: list[Colour] = []
        self._count = 0
        self._size = 1.0
        self._pose: str | None = None
        self._patience = 0
        self._negated = 0
        self._riding = 0
        self._last: str | None = None
        self._linked = False

    def read(self, words: list[str]) -> None:
        heard = list(phrases(words))
        for index, (phrase, term, plural) in enumerate(heard):
            after = heard[index + 1][1] if index + 1 < len(heard) else None
            follows = index + 1 < len(heard) and heard[index + 1][0].isalpha()
            if term and term.kind == "ambiguous":
                noun_next = follows and (
                    after is None or after.kind in ("figure", "scenery", "sky", "garment", "weather")
                )
                is_colour = noun_next and not plural and phrase in NAMED
                term = Term("colour", phrase) if is_colour else Term("figure", term.name)
            self._hear(phrase, term, plural)
        self._drop()

    def _hear(self, phrase: str, term: Term | None, plural: bool) -> None:
        if phrase in {",", ".", ";", "!", "?", "\n"}:
            self._drop()
            self._negated = 0
            return
        if self._negated and (term is None or term.kind not in ("not", "number", "stop", "colour", "size", "mood")):
            self._negated -= 1
            if term is not None:
                self.without |= _meant(term)
                self._negated = 0
            return
        if term is None:
            self._linked = phrase in ("is", "are")
            self._patience -= 1
            if self._patience <= 0:
                self._drop()
            return
        match term.kind:
            case "not":
                self._negated = REACH
            case "colour":
                self._colour(NAMED[term.name])
            case "number":
                self._count = int(term.name)
                self._patience = REACH
            case "size":
                self._size = float(term.name)
                self._patience = REACH
            case "pose":
                self._pose = term.name
                if self.subjects and not self._colours:
                    self.subjects[-1] = replace(self.subjects[-1], pose=term.name)
            case "riding":
                self._riding = 3
            case "stop":
                self._drop()
            case "garment":
                self._dress()
            case "figure":
                self._figure(term.name, plural, _coat(phrase))
            case "group" if term.name == "animals":
                for name in ("deer", "fox", "rabbit"):
                    self._figure(name, plural=False)
            case "scenery" | "sky" | "weather":
                self._place(term)
            case "time" | "season" | "mood" | "medium":
                self.single.setdefault(term.kind, term.name)
                if term.kind == "season" and self._colours:
                    self.accents += self._colours
                    self._colours = []
            case "abstract":
                self.abstract = True
            case _:
                self._colours = []

    def _colour(self, colour: Colour) -> None:
        if self._linked and self._last is not None:
            if self.subjects and self.subjects[-1].noun == self._last:
                self.subjects[-1] = replace(self.subjects[-1], colour=colour)
            self.colours[self._last] = colour
        else:
            self._colours.append(colour)
            self._patience = REACH
        self._linked = False

    def _figure(self, noun: str, plural: bool, coat: Colour | None = None) -> None:
        count = self._count or (3 if plural else 1)
        if plural and self._count == 1:
            count = 3
        count = min(MOST_OF_A_KIND, max(1, count))
        subject = Subject(noun, count, self._colours[-1] if self._colours else coat, self._size, None, self._pose)
        rider = self.subjects[-1] if self.subjects else None
        if self._riding > 0 and rider is not None and rider.riding is None:
            self.subjects[-1] = replace(rider, riding=subject)
        else:
            same = next((i for i, known in enumerate(self.subjects) if known.noun == noun), None)
            if same is not None:
                kept = self.subjects[same]
                self.subjects[same] = replace(
                    kept,
                    count=max(kept.count, count),
                    colour=kept.colour or subject.colour,
                    size=max(kept.size, self._size),
                )
            elif len(self.subjects) < MOST_SUBJECTS:
                self.subjects.append(subject)
        self._settle(noun)

    def _place(self, term: Term) -> None:
        target = {"scenery": self.scenery, "sky": self.sky, "weather": self.weather}[term.kind]
        target.setdefault(term.name)
        if self._colours:
            self.colours[term.name] = self._colours[-1]
        self._settle(term.name)

    def _settle(self, noun: str) -> None:
        self._last = noun
        self._colours, self._count, self._size, self._pose = [], 0, 1.0, None
        self._riding = 0

    def _dress(self) -> None:
        if self._colours and self.subjects:
            self.subjects[-1] = replace(self.subjects[-1], colour=self._colours[-1])
            self._colours = []

    def _drop(self) -> None:
        """What waited for a noun found none: its colours become accents of the whole picture."""
        self.accents += self._colours
        self._colours, self._count, self._size, self._patience = [], 0, 1.0, 0
        self._riding = max(0, self._riding - 1)


def sitters(subjects: list[Subject]) -> tuple[Subject, ...]:
    """A portrait of somebody is one picture of one: a person becomes the portrait, anything else is seen from near."""
    if len(subjects) < 2 or subjects[0].noun != "portrait":
        return tuple(subjects)
    frame, sitter, *others = subjects
    if sitter.noun in GROUPS["people"]:
        return (replace(frame, colour=frame.colour or sitter.colour, pose=sitter.noun), *others)
    return (replace(sitter, size=max(sitter.size, 1.45)), *others)


def read(brief: Brief) -> Scene:
    reader = _Reader()
    reader.read(tokens(brief.prompt))
    without = frozenset(reader.without) | banned(brief.negative_prompt)

    def kept(names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if name not in without)

    subjects = sitters([subject for subject in reader.subjects if subject.noun not in without])
    scene = Scene(
        subjects=subjects,
        scenery=kept(reader.scenery),
        sky=kept(reader.sky),
        weather=kept(reader.weather),
        time=reader.single.get("time"),
        season=reader.single.get("season"),
        mood=reader.single.get("mood"),
        medium=reader.single.get("medium"),
        colours=MappingProxyType(reader.colours),
        accents=tuple(dict.fromkeys(reader.accents)),
        without=without,
    )
    if reader.abstract and not subjects:
        return replace(
            scene, subjects=(), scenery=frozenset(), sky=frozenset(), weather=frozenset(), time=None, season=None
        )
    return scene
