"""JSON that traps nobody: one meaning or a refusal that names the member, and never at length."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from imagegen import ImagegenError, v1
from imagegen.strict_json import JsonError, read

from rest_bridge import openai_json
from service.errors import GatewayError, Reason
from service.rpc import codec
from tests.fuzz import TIMES, plays
from tests.fuzz.json_oracle import RefusedError, oracle

MIB = 1024 * 1024

NAMES = st.one_of(st.sampled_from(["a", "b", "a.b", "é", ""]), st.text(max_size=6))
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["a:b", "{[,]}", '"\\', "16:9", "\0", "\ud800", "\U0001f600", "\u2028"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
BITS = [
    *[b'"', b"\\", b":", b",", b"{", b"}", b"[", b"]", b"0", b"1", b".", b"e9", b"-", b" ", b"\n", b"\0", b"\xff"],
    *[b"\xef\xbb\xbf", b"\\u0000", b"\\u0061", b"\\ud800", b"NaN", b"null", b'"a":1,', b"[" * 33, b"1" * 65, b"1e400"],
]


def written(value: Any) -> st.SearchStrategy[bytes]:
    """A value as one of several encoders would write it; half characters in raw bytes, which is no UTF-8."""

    def write(plain: bool, indent: int | None) -> bytes:
        return json.dumps(value, ensure_ascii=plain, indent=indent).encode("utf-8", "surrogatepass")

    return st.builds(write, st.booleans(), st.sampled_from([None, 1]))


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON, sometimes with something put into it, taken out of it or said twice."""
    text = draw(VALUES.flatmap(lambda value: written(value if isinstance(value, dict) else {"a": value})))
    for _ in range(draw(st.integers(0, 2))):
        at, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        end = draw(st.sampled_from([at, min(at + 1, len(text)), end]))
        text = text[:at] + draw(st.one_of(st.sampled_from(BITS), st.just(text[at:end] * 2))) + text[end:]
    return text


def outcome(text: bytes) -> dict[str, Any] | None:
    """What is read, None where it is refused; every refusal can be sent, and is short."""
    try:
        return read(text, msgspec.json.decode)
    except JsonError as refused:
        message, field = refused.message, refused.field or ""
    assert 0 < len(message) < 2000, message
    assert (message + field).encode()
    return None


def expected(text: bytes) -> dict[str, Any] | None:
    try:
        return oracle(text)
    except RefusedError:
        return None


SEEDS = 10_000


def test_ten_thousand_traps() -> None:
    """What is read is what a plain strict reader finds, and no refusal takes ten milliseconds, nor raises another."""
    slow = 0
    for seed in range(SEEDS * TIMES):
        text = trap(random.Random(f"trap {seed}"))
        started = time.process_time()
        found = outcome(text)
        slow += time.process_time() - started > 0.010
        assert json.dumps(found) == json.dumps(expected(text)), (seed, text)
    assert slow <= SEEDS * TIMES // 1000  # machines stutter


def trap(of: random.Random) -> bytes:
    """A small object as some encoder writes it, in most cases broken in one or two places."""
    text = json.dumps(_some(of, 4), ensure_ascii=of.random() < 0.5).encode("utf-8", "surrogatepass")
    for _ in range(of.choice([0, 1, 1, 2])):
        at = of.randrange(len(text) + 1)
        end = of.choice([at, min(at + 1, len(text)), of.randint(at, len(text))])
        text = text[:at] + of.choice([*BITS, text[at:end] * 2]) + text[end:]
    return text


def _some(of: random.Random, depth: int) -> Any:
    if depth == 4 or (depth and of.random() < 0.3):
        if depth < 4 and of.random() < 0.5:
            return [_some(of, depth - 1) for _ in range(of.randrange(4))]
        return {of.choice(["a", "b", "a.b", "\u00e9", "", "c"]): _some(of, depth - 1) for _ in range(of.randrange(5))}
    return of.choice(
        [
            *[None, True, False, 0, -1, 10 ** of.randrange(24), -(2 ** of.randrange(70)), of.uniform(-1e9, 1e9), 1e300],
            *[float("nan"), "", "x", "a:b", "{[,]}", '"\\', "16:9", "\0", "\ud800", "\U0001f600", "\u2028", "a, b"],
        ]
    )


@plays(100)
@given(st.one_of(texts(), st.binary(max_size=40)))
@example(b'{"a":{"x":1},"a":2}')
@example(b'{"a":":","a":1}')
@example(b'{"a":"x","b":"\\",\\"a\\":1"}')
@example(b'{"a":1.5,"b":"\\\\","b":":"}')
def test_it_reads_what_the_standard_library_reads_strictly(text: bytes) -> None:
    """Whatever the text, it is the same object as a plain strict reader finds, or both refuse it."""
    assert json.dumps(outcome(text)) == json.dumps(expected(text)), text


@plays(50)
@given(texts(), st.integers(0, 12))
def test_a_large_text_means_the_same(text: bytes, cut: int) -> None:
    """What is looked at by its head first is read as any other, wherever the head ends."""
    pad = b" " * 20_000 + b'{"pad":"%b",' % (b"x" * (45_536 - 9 - cut))
    large = pad + text.strip()[1:]
    assert json.dumps(outcome(large)) == json.dumps(expected(large)), large[65_000:]


FLOODS = {
    "brackets": b"[" * 4 * MIB,
    "brackets in a member": b'{"a":' + b"[" * 4 * MIB,
    "one name": b"{" + b'"a":1,' * (4 * MIB // 6) + b'"b":1}',
    "many names": b"{" + b",".join(b'"%d":1' % i for i in range(350_000)) + b"}",
    "digits": b'{"a":' + b"1" * 4 * MIB + b"}",
    "digits of a fraction": b'{"a":0.' + b"1" * 4 * MIB + b"}",
    "commas": b"," * 4 * MIB,
    "blanks": b" " * 4 * MIB + b"{}",
    "empty lists": b'{"a":[' + b"[]," * MIB + b"1]}",
    "numbers": b'{"a":[' + b"1," * 2 * MIB + b"1]}",
    "quotes": b'"' * 4 * MIB,
    "zero bytes": b"\0" * 4 * MIB,
    "a thousand lists": b'{"a":[' + b",".join([b'{"k":[1.5]}'] * 340) + b'],"b":{"c":1,"c":1}}',
    "the deepest": b'{"a":' * 32 + b"[" * 1000,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_refused_at_once(flood: str) -> None:
    """Megabytes of nothing cost a few milliseconds, and no recursion; the best of three, in CPU time."""
    took: list[float] = []
    for _ in range(3):
        started = time.process_time()
        assert outcome(FLOODS[flood]) is None
        took.append(time.process_time() - started)
    assert min(took) < 0.010


def test_a_long_text_is_no_flood() -> None:
    """A large picture in base64, and a prompt in escapes alone, are read."""
    picture = "A" * 3 * MIB
    assert outcome(json.dumps({"image": picture}).encode()) == {"image": picture}
    prompt = "\U0001f600" * 32_000
    assert outcome(json.dumps({"prompt": prompt, "negative_prompt": prompt}).encode()) is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a":1,"a":2}', "a is given twice"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "a nests deeper than 32 levels"),
        ('{"a":NaN}', "NaN"),
        ('{"a":1e400}', "64 bits"),
        ('{"a":123456789012345678901234567890}', "64 bits"),
        ('{"a":"\\ud800"}', "half of a character"),
        ('{"a":"\\u0000"}', "U+0000"),
        ("\ufeff{}", "byte order mark"),
        ("", "empty"),
        ("[]", "JSON object"),
    ],
)
def test_extra_json_over_grpc_is_read_as_strictly(text: str, says: str) -> None:
    """The same rules over gRPC, where the text is a field and the complaint names it and the member."""
    message = v1.Generation(model="painter/scene", prompt="x", parameters=v1.ImageParameters(extra_json=text))
    with pytest.raises(GatewayError) as refused:
        codec.request(message, stream=False)
    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, "extra_json")
    assert says in refused.value.message
    assert "extra_json" in refused.value.message


KNOWN = (*openai_json.GenerationBody.__struct_fields__, "steps", "guidance", "x")


def body(of: random.Random) -> bytes:
    """A body whose members are what they should be, or anything."""
    return json.dumps({of.choice(KNOWN): _some(of, 2) for _ in range(of.randrange(6))}).encode()


def test_any_body_becomes_a_message_or_a_refusal() -> None:
    """No JSON raises anything but our own error, naming what is at fault; what is taken, gRPC can carry."""
    taken = 0
    for seed in range(5000 * TIMES):
        of = random.Random(f"body {seed}")
        taken += _becomes_a_message(body(of), of.choice([None, "dall-e-3", ""]))
    assert 500 < taken / TIMES < 4500


def _becomes_a_message(text: bytes, deployment: str | None) -> bool:
    try:
        known, extras = openai_json.typed(openai_json.members(text))
        message = openai_json.message(known, extras, deployment)
    except ImagegenError as refused:
        error = refused
    else:
        again = v1.Generation.FromString(message.SerializeToString())
        assert again == message
        assert not extras or json.loads(again.parameters.extra_json) == dict(extras)
        return True
    assert error.reason == (v1.REASON_INVALID_REQUEST if error.field is None else v1.REASON_INVALID_PARAMETER)
    return False
