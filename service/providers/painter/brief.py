"""What the painter is asked for, and the dice it throws: every choice in a picture comes from prompt and seed."""

from dataclasses import dataclass
from hashlib import blake2b
from random import Random


@dataclass(frozen=True)
class Brief:
    """One picture to paint. The same brief gives the same pixels."""

    prompt: str
    width: int
    height: int
    seed: int
    quality: str = "medium"
    style: str | None = None
    negative_prompt: str = ""


@dataclass(frozen=True)
class Dice:
    """
    Independent streams of chance, one per label, so that adding a cloud never moves a tree.

    Only prompt and seed go in: quality, style and size change how a composition looks, not which one it is.
    """

    root: bytes

    @classmethod
    def of(cls, brief: Brief) -> "Dice":
        text = f"{brief.seed}\0{' '.join(brief.prompt.split())}"
        return cls(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())

    def cast(self, label: str) -> Random:
        return Random(blake2b(label.encode(), key=self.root, digest_size=16).digest())  # noqa: S311 - it must repeat
