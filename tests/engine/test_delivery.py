"""How a finished image leaves: as bytes or as a file, and by whom a file's address was signed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.domain.event import ImageReady
from service.domain.image import FileRef, Image, Picture
from service.domain.request import ImageRequest
from service.engine.delivery import URL_SECONDS, Delivery, Signer, wants_url
from service.errors import GatewayError, Reason
from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Shelf

KEY, OTHER = b"a signing key for tests", b"another signing key for tests"
NAME = "0123456789abcdef0123456789abcdef.png"
EXPIRES = 2_000_000_000


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("gpt-image-2", False),
        ("openai/gpt-image-2", False),
        ("gpt-image-1", False),
        ("eu/gpt-image-1.5", False),
        ("chatgpt-image-latest", False),
        ("openai/chatgpt-image-latest", False),
        ("dall-e-3", True),
        ("painter/scene", True),
        ("pictures", True),
        ("my-gpt-image-2", True),
        ("gpt-images", True),
        ("gpt-image-2/scene", True),
    ],
)
def test_openais_default_goes_by_the_name(model: str, answer: bool) -> None:
    """Where OpenAI's defaults apply, its image models by name mean base64 and all others mean URLs."""
    assert wants_url(ImageRequest(model=model, prompt="x", openai_defaults=True)) is answer


@pytest.mark.parametrize("model", ["gpt-image-2", "dall-e-3"])
@pytest.mark.parametrize("openai", [True, False], ids=["OpenAI's defaults", "gRPC"])
@pytest.mark.parametrize(("asked", "answer"), [("url", True), ("b64_json", False)])
def test_what_is_asked_wins(model: str, openai: bool, asked: str, answer: bool) -> None:
    """Whoever says how images shall arrive gets them so, whatever the model's name."""
    request = ImageRequest(model=model, prompt="x", openai_defaults=openai, response_format=asked)

    assert wants_url(request) is answer


def test_bytes_where_nobody_says() -> None:
    """Over gRPC unset means bytes; a stream carries bytes in any case."""
    assert not wants_url(ImageRequest(model="dall-e-3", prompt="x"))
    assert not wants_url(ImageRequest(model="dall-e-3", prompt="x", openai_defaults=True, stream=True))


def refusal(signer: Signer, file: FileRef, now: float = EXPIRES - 1) -> Reason | None:
    try:
        signer.verify(file, now)
    except GatewayError as error:
        return error.reason
    return None


def test_good_signature() -> None:
    """What was signed is good until its time is over, and then says that it is over."""
    file = Signer([KEY]).sign(NAME, EXPIRES)

    assert refusal(Signer([KEY]), file, 0) is None
    assert refusal(Signer([KEY]), file, EXPIRES) is None
    assert refusal(Signer([KEY]), file, EXPIRES + 1) is Reason.URL_EXPIRED
    assert (file.file_id, file.expires) == (NAME, EXPIRES)


@pytest.mark.parametrize("field", ["file_id", "key_id", "signature"])
def test_every_flipped_bit_is_refused(field: str) -> None:
    """Flip any one bit of what was signed, or of the signature, and it is refused as what it is: forged."""
    signer = Signer([KEY])
    file = signer.sign(NAME, EXPIRES)

    forged = [replace(file, **{field: text}) for text in _flipped(getattr(file, field))]
    assert len(forged) >= 56
    assert {refusal(signer, each) for each in forged} == {Reason.SIGNATURE_INVALID}


def test_later_end_is_refused() -> None:
    """Nobody prolongs a signature: each other end is forged, an earlier one as well."""
    signer = Signer([KEY])
    file = signer.sign(NAME, EXPIRES)

    for bit in range(34):
        assert refusal(signer, replace(file, expires=EXPIRES ^ 1 << bit), 0) is Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("text", ["", "é", "0" * 64, "\x00", "🌅" * 100, "sha256=1"], ids=ascii)
@pytest.mark.parametrize("field", ["file_id", "key_id", "signature"])
def test_nonsense_is_refused(field: str, text: str) -> None:
    """Whatever anybody writes in the place of a part, it is refused like a forgery and never an inner failure."""
    signer = Signer([KEY])

    assert refusal(signer, replace(signer.sign(NAME, EXPIRES), **{field: text})) is Reason.SIGNATURE_INVALID


def test_forged_and_expired_is_forged() -> None:
    """A forgery learns nothing of the clock."""
    file = replace(Signer([KEY]).sign(NAME, EXPIRES), signature="0" * 64)

    assert refusal(Signer([KEY]), file, EXPIRES + 1) is Reason.SIGNATURE_INVALID


def test_keys_rotate() -> None:
    """The first key signs, all verify; a key that was taken away verifies no more."""
    old, both, new = Signer([KEY]), Signer([OTHER, KEY]), Signer([OTHER])

    assert refusal(both, old.sign(NAME, EXPIRES)) is None
    assert refusal(new, both.sign(NAME, EXPIRES)) is None
    assert refusal(new, old.sign(NAME, EXPIRES)) is Reason.SIGNATURE_INVALID
    assert refusal(old, new.sign(NAME, EXPIRES)) is Reason.SIGNATURE_INVALID


def test_key_is_not_in_its_id() -> None:
    """A reference names its key and does not tell it."""
    file = Signer([KEY]).sign(NAME, EXPIRES)

    assert KEY.decode() not in f"{file.key_id} {file.signature}"
    assert KEY.hex() not in f"{file.key_id} {file.signature}"


def ready(index: int, size: int) -> ImageReady:
    return ImageReady(Image(index=index, picture=Picture(data=bytes([index]) * size, media_type="image/png")))


async def test_bytes_as_long_as_there_is_room(tmp_path: Path) -> None:
    """Images are carried while the answer has room for them; what would burst it becomes a file."""
    delivery = Delivery(FileBlobs(tmp_path), Signer([KEY]))
    one = delivery.for_request(ImageRequest(model="m", prompt="x"), 1000)

    files = [(await one.deliver(ready(index, size))).file for index, size in enumerate((600, 500, 400, 1))]
    assert [file is not None for file in files] == [False, True, False, True]


async def test_stream_carries_everything(tmp_path: Path) -> None:
    """Without a limit nothing becomes a file."""
    one = Delivery(FileBlobs(tmp_path), Signer([KEY])).for_request(ImageRequest(model="m", prompt="x"), None)

    assert (await one.deliver(ready(0, 10_000_000))).file is None


async def test_url_leads_to_the_picture(tmp_path: Path) -> None:
    """Where a URL was asked for the picture lies in the store, under a name of its own, signed for an hour."""
    blobs, signer = FileBlobs(tmp_path), Signer([KEY])
    one = Delivery(blobs, signer).for_request(ImageRequest(model="m", prompt="x", response_format="url"), 10**9)
    before = time.time()

    files = [(await one.deliver(ready(index, 10))).file for index in range(2)]
    assert all(file is not None and refusal(signer, file, before) is None for file in files)
    assert all(file is not None and before - 1 <= file.expires - URL_SECONDS <= time.time() for file in files)
    assert len({file.file_id for file in files if file}) == 2
    for index, file in enumerate(files):
        blob = await blobs.open(Shelf.RESULTS, file.file_id if file else "", 4)
        assert blob is not None
        assert b"".join([piece async for piece in blob.pieces]) == bytes([index]) * 10


def _flipped(text: str) -> Iterator[str]:
    """The text with each of its bits turned over, one at a time."""
    for place, letter in enumerate(text):
        for bit in range(7):
            yield text[:place] + chr(ord(letter) ^ 1 << bit) + text[place + 1 :]
