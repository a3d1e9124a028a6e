"""What a prompt counts for."""

import re


def words(prompt: str) -> int:
    """About as many tokens as a language model would count: one per four letters of a word, one per other sign."""
    return sum((len(word) + 3) // 4 if word.isalnum() else 1 for word in re.findall(r"[^\W_]+|[^\w\s]|_", prompt))
