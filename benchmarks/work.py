"""What is asked: each kind of work, at how many at once, the request as bytes, and what a good answer is."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from imagegen import v1

from benchmarks import bodies
from benchmarks.mock import PATH

PROMPT = "a lighthouse at dusk, seen from the water, with the lamp just lit and gulls over the rocks"
AIR = 16 * 1024
"""Bytes that an answer may have beyond its pictures: names, tokens, the account of the request."""
METHODS = {"unary": "GenerateImages", "stream": "StreamGenerateImages"}


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work. `body` is the mock's answer, `face` how it is asked for: rest, unary or stream (gRPC)."""

    name: str
    body: str
    face: str
    title: str
    at_once: tuple[int, ...]
    asks: Mapping[str, Any] = field(hash=False)

    @property
    def least(self) -> int:
        """A good answer has no fewer bytes: every picture is in it."""
        pictures = bodies.pictures(self.body)
        return pictures.encoded if self.face == "rest" else pictures.size

    @property
    def most(self) -> int:
        return self.least + AIR


SMALL_AT_ONCE, LARGE_AT_ONCE = (1, 32, 128), (1, 8, 32)
STREAMED = {"stream": True, "partial_images": bodies.PARTIALS}

WORKS = {
    work.name: work
    for work in (
        Work("small", "small", "rest", "small JSON", SMALL_AT_ONCE, {}),
        Work("large", "large", "rest", "2 MB picture as base64", LARGE_AT_ONCE, {}),
        Work("sse", "sse", "rest", "SSE, 3 × 200 KB and 2 MB", LARGE_AT_ONCE, STREAMED),
        Work("grpc-small", "small", "unary", "gRPC, small", (32,), {}),
        Work("grpc-large", "large", "unary", "gRPC, 2 MB unary", LARGE_AT_ONCE, {}),
        Work("grpc-large-stream", "large", "stream", "gRPC, 2 MB streamed, no partials", LARGE_AT_ONCE, {}),
        Work("grpc-stream", "sse", "stream", "gRPC, 3 × 200 KB and 2 MB streamed", LARGE_AT_ONCE, STREAMED),
    )
}


def asked(work: Work, model: str) -> bytes:
    """The JSON that is posted."""
    fields = {"model": model, "prompt": PROMPT, "n": 1, "size": "1024x1024", "quality": "medium", **work.asks}
    return json.dumps(fields).encode()


def http_request(work: Work, port: int, model: str, headers: Mapping[str, str], path: str = PATH) -> bytes:
    """The whole request, as the load generator sends it."""
    body = asked(work, model)
    lines = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", **headers, "Content-Length": len(body)}
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body


def grpc_message(work: Work, model: str) -> v1.GenerateImagesRequest | v1.StreamGenerateImagesRequest:
    parameters = v1.ImageParameters(n=1, size="1024x1024", quality="medium")
    if work.body == "sse":
        parameters.partial_images = bodies.PARTIALS
    generation = v1.Generation(model=model, prompt=PROMPT, parameters=parameters)
    if work.face == "stream":
        return v1.StreamGenerateImagesRequest(generation=generation)
    return v1.GenerateImagesRequest(generation=generation, max_inline_bytes=64 * 1024 * 1024)


def grpc_request(work: Work, model: str) -> bytes:
    """The message with the five bytes that gRPC puts before it."""
    message = grpc_message(work, model).SerializeToString()
    return b"\0" + len(message).to_bytes(4, "big") + message


def pictures_in_json(answer: bytes) -> tuple[bytes, ...]:
    """The pictures of a JSON answer."""
    return tuple(base64.b64decode(entry["b64_json"]) for entry in json.loads(answer)["data"])


def pictures_in_sse(answer: bytes) -> tuple[bytes, ...]:
    """The pictures of an event stream, in the order in which they came."""
    events = [line.partition(b":")[2] for line in answer.splitlines() if line.startswith(b"data:")]
    told = [json.loads(event) for event in events if event.strip() != b"[DONE]"]
    return tuple(base64.b64decode(event["b64_json"]) for event in told if "b64_json" in event)


def pictures_over_grpc(work: Work, port: int, model: str) -> tuple[bytes, ...]:
    """Asks once, with the ordinary client of the language."""
    options = [("grpc.max_receive_message_length", 64 * 1024 * 1024)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        stub = v1.ImageGenerationStub(channel)
        message = grpc_message(work, model)
        if isinstance(message, v1.GenerateImagesRequest):
            return tuple(image.data for image in stub.GenerateImages(message, timeout=60).images)
        found: list[bytearray] = []
        for event in stub.StreamGenerateImages(message, timeout=60):
            if event.HasField("image_start"):
                found.append(bytearray())
            elif event.HasField("image_chunk"):
                found[-1] += event.image_chunk.data
        return tuple(bytes(each) for each in found)
