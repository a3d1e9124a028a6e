"""How a worker gets the configuration's text from the one that watches: first on its standard input, with its length.

So it begins with what the others have in force, whatever the file holds by then.
"""

from __future__ import annotations

from typing import BinaryIO

from terminal.speaking import Failure


def packed(text: bytes) -> bytes:
    return b"%d\n%b" % (len(text), text)


def unpacked(given: BinaryIO) -> bytes:
    """What comes first. Raises Failure where whoever was to give it has gone."""
    length = given.readline()
    text = given.read(int(length)) if length.endswith(b"\n") else b""
    if length != b"%d\n" % len(text):
        raise Failure("whoever started this worker has gone")
    return text
