"""Result URLs: whoever holds one sees the picture for an hour, and nobody can make one."""

from __future__ import annotations

import io
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from PIL import Image

from service.engine.delivery import Signer
from tests.house import House
from tests.rest.asking import ask, json_of, painting
from tests.rest.envelope import failure_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGNER = Signer([b"a signing key for tests"])
"""With the key of the house: what an hour's waiting would make of a URL can be had at once."""


async def url_of(home: House, **asked: str) -> str:
    """The path of a new picture's URL."""
    (image,) = json_of(await ask(home, painting(**asked)))["data"]
    base, path = image["url"][: len(home.rest)], image["url"][len(home.rest) :]
    assert base == home.rest
    return path


def signed(file_id: str, expires: int) -> str:
    file = SIGNER.sign(file_id, expires)
    return f"/v1/files/{file_id}/content?exp={expires}&kid={file.key_id}&sig={file.signature}"


def changed(path: str, **by: str | None) -> str:
    """The same URL with parts of its query replaced, or left out."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | by
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


@pytest.mark.parametrize(
    ("form", "media_type"), [("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp"), ("gif", "image/gif")]
)
async def test_a_url_shows_the_picture(home: House, form: str, media_type: str) -> None:
    """The picture in its format, for browsers to show, keep and not to guess about."""
    path = await url_of(home, output_format=form)
    answer = await ask(home, path=path, method="GET")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("inline")
    assert "private" in answer.headers["cache-control"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == (form.upper(), (64, 64))


async def test_head_is_get_without_the_picture(home: House) -> None:
    """The same headers, and no body."""
    path = await url_of(home)
    got, head = [await ask(home, path=path, method=method) for method in ("GET", "HEAD")]
    assert head.status_code == 200
    assert not head.content
    differing = ("date", "x-request-id")
    assert [(k, v) for k, v in sorted(head.headers.items()) if k not in differing] == [
        (k, v) for k, v in sorted(got.headers.items()) if k not in differing
    ]


async def test_a_url_is_good_for_an_hour(home: House) -> None:
    """The time stands in the URL."""
    expires = int(parse_qs(urlsplit(await url_of(home)).query)["exp"][0])
    assert 3590 <= expires - time.time() <= 3600


@pytest.mark.parametrize(
    "by",
    [
        pytest.param({"sig": "0" * 64}, id="another signature"),
        pytest.param({"sig": None}, id="no signature"),
        pytest.param({"sig": "größe"}, id="no hexadecimal"),
        pytest.param({"exp": "9999999999"}, id="more time"),
        pytest.param({"exp": None}, id="no time"),
        pytest.param({"exp": "-1"}, id="time below zero"),
        pytest.param({"exp": "99999999999"}, id="time beyond all dates"),
        pytest.param({"exp": "999999999999999999999"}, id="time beyond numbers"),
        pytest.param({"exp": "²"}, id="a digit that is none"),
        pytest.param({"kid": "00000000"}, id="another key"),
        pytest.param({"kid": None}, id="no key"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_url_cannot_be_changed(home: House, method: str, by: dict[str, str | None]) -> None:
    """Whatever part is touched, the answer is the same 403, and no byte of the picture."""
    answer = await ask(home, path=changed(await url_of(home), **by), method=method)
    assert answer.status_code == 403
    if method == "GET":
        assert failure_of(answer)["error"]["code"] == "signature_invalid"
    else:
        assert not answer.content


async def test_another_file_needs_its_own_signature(home: House) -> None:
    """A signature is for one file."""
    one, other = await url_of(home), await url_of(home, prompt="another")
    mixed = f"{urlsplit(other).path}?{urlsplit(one).query}"
    assert failure_of(await ask(home, path=mixed, method="GET"))["type"] == "signature_invalid"


async def test_an_expired_url_says_so(home: House) -> None:
    """A good signature whose time is over: 403 url_expired, so that the caller knows to ask for a new picture."""
    file_id = urlsplit(await url_of(home)).path.split("/")[3]
    good, late = signed(file_id, int(time.time()) + 60), signed(file_id, int(time.time()) - 1)
    assert (await ask(home, path=good, method="GET")).status_code == 200
    body = failure_of(await ask(home, path=late, method="GET"))
    assert (body["status_code"], body["error"]["code"]) == (403, "url_expired")


@pytest.mark.parametrize(
    "file_id", ["0" * 32 + ".png", "nothing.png", "0" * 32 + ".exe", "x", "..", "%2e%2e%2fetc.png"]
)
async def test_an_unknown_file_is_404(home: House, file_id: str) -> None:
    """Also for an id that could not be one of ours, and also with a good signature."""
    answer = await ask(home, path=signed(file_id, int(time.time()) + 60), method="GET")
    assert failure_of(answer)["status_code"] == 404
