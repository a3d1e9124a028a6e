"""What each server takes and answers, written down from its own documentation and source.

Nothing here is taken from the gateway's cards: where both are wrong in the same way, it is because the page was.

    nebius      studio.nebius.com, API reference of images/generations; huggingface_hub 1.3.0, _providers/nebius.py
    sgl         sglang 0.5.23, multimodal_gen/runtime/entrypoints/openai
    vllm        vllm-omni 0.30.0, entrypoints/openai
    together    together 3.1.1, types/image*.py; docs.together.ai
    deepinfra   @ai-sdk/deepinfra 2.0.84; deepinfra.com, the models' API pages
    plain       what servers of DALL-E's days took, and many still do
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Check = Callable[[Any], str | None]
"""What is wrong with a value, if anything is."""


def text(value: Any) -> str | None:
    return None if isinstance(value, str) else "Input should be a valid string"


def whole(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "Input should be a valid integer"
        return None if low <= value <= high else f"Input should be between {low} and {high}"

    return check


def number(low: float, high: float) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "Input should be a valid number"
        return None if low <= value <= high else f"Input should be between {low} and {high}"

    return check


def one_of(*values: str) -> Check:
    def check(value: Any) -> str | None:
        return None if value in values else f"Input should be {' or '.join(map(repr, values))}"

    return check


def digits(value: Any) -> str | None:
    fine = isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,4}", value)
    return None if fine else "Input should be a text of digits"


def sides(value: Any) -> str | None:
    fine = isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,4}x[1-9][0-9]{0,4}", value)
    return None if fine else f"Invalid size format: {value}. Expected format: WIDTHxHEIGHT"


def anything(_: Any) -> str | None:
    return None


Envelope = Callable[[int, str, str | None], Mapping[str, Any]]
"""An error's body, of its status, its message and the parameter that is at fault."""


def detail(_status: int, message: str, _param: str | None) -> Mapping[str, Any]:
    return {"detail": message}


def fastapi(status: int, message: str, param: str | None) -> Mapping[str, Any]:
    """A list where a parameter is at fault, as FastAPI itself writes it; else a text."""
    if param is None or status != 422:
        return detail(status, message, param)
    return {"detail": [{"type": "value_error", "loc": ["body", param], "msg": message, "input": "..."}]}


def of_openai(_status: int, message: str, param: str | None) -> Mapping[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}


def of_vllm(status: int, message: str, param: str | None) -> Mapping[str, Any]:
    return {"error": {"message": message, "type": "BadRequestError", "param": param, "code": status}}


def of_deepinfra(_status: int, message: str, param: str | None) -> Mapping[str, Any]:
    return {"detail": {"error": f"{param}: {message}" if param else message}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One server."""

    takes: Mapping[str, Check]
    envelope: Envelope
    path: str = "/v1/images/generations"
    takes_more: bool = True
    """Whether fields that are not described are let pass."""
    needs_key: bool = True
    models: frozenset[str] | None = None
    """None: whatever is asked for."""
    wrong: int = 422
    """The status of an answer to a wrong field."""
    url_by_default: bool = False
    format_field: str = "output_format"
    format_by_default: str = "png"
    base64_word: str = "b64_json"


_SEEDED: Final[Mapping[str, Check]] = {"prompt": text, "seed": whole(-(2**63), 2**63 - 1), "negative_prompt": text}

DESCRIPTIONS: Final[Mapping[str, Description]] = {
    "nebius": Description(
        takes={
            **_SEEDED,
            "model": text,
            "width": whole(64, 4096),
            "height": whole(64, 4096),
            "num_inference_steps": whole(1, 100),
            "guidance_scale": whole(0, 100),
            "response_extension": one_of("png", "jpg", "webp"),
            "response_format": one_of("url", "b64_json"),
            "loras": anything,
        },
        envelope=fastapi,
        takes_more=False,
        models=frozenset({"black-forest-labs/flux-schnell", "black-forest-labs/flux-dev", "stability-ai/sdxl"}),
        url_by_default=True,
        format_field="response_extension",
    ),
    "sgl": Description(
        takes={
            **_SEEDED,
            "model": text,
            "n": whole(1, 10),
            "size": sides,
            "response_format": one_of("url", "b64_json"),
            "output_format": one_of("png", "jpeg", "jpg", "webp"),
            "output_compression": whole(0, 100),
            "background": one_of("auto", "transparent", "opaque"),
            "num_inference_steps": whole(1, 1000),
            "guidance_scale": number(0, 1000),
            "true_cfg_scale": number(0, 1000),
        },
        envelope=fastapi,
        needs_key=False,
        url_by_default=True,
        format_by_default="jpg",
    ),
    "vllm": Description(
        takes={
            **_SEEDED,
            "model": text,
            "n": whole(1, 10),
            "size": sides,
            "response_format": one_of("b64_json", "file"),
            "output_format": one_of("png", "jpeg", "webp"),
            "output_compression": whole(0, 100),
            "num_inference_steps": whole(1, 200),
            "guidance_scale": number(0, 20),
            "true_cfg_scale": number(0, 20),
        },
        envelope=of_vllm,
        needs_key=False,
        models=frozenset({"Qwen/Qwen-Image"}),
        wrong=400,
    ),
    "together": Description(
        takes={
            **_SEEDED,
            "model": text,
            "n": whole(1, 4),
            "width": whole(64, 4096),
            "height": whole(64, 4096),
            "steps": whole(1, 100),
            "guidance_scale": number(0, 100),
            "output_format": one_of("jpeg", "png"),
            "response_format": one_of("base64", "url"),
            "disable_safety_checker": anything,
            "image_loras": anything,
        },
        envelope=of_openai,
        takes_more=False,
        models=frozenset({"black-forest-labs/FLUX.1-schnell", "black-forest-labs/FLUX.1-dev"}),
        wrong=400,
        url_by_default=True,
        format_by_default="jpeg",
        base64_word="base64",
    ),
    "deepinfra": Description(
        takes={
            "prompt": text,
            "num_images": whole(1, 4),
            "width": digits,
            "height": digits,
            "aspect_ratio": text,
            "seed": whole(-(2**63), 2**63 - 1),
            "num_inference_steps": whole(1, 50),
            "guidance_scale": number(0, 20),
        },
        envelope=of_deepinfra,
        path="/v1/inference/",
        takes_more=False,
        models=frozenset({"black-forest-labs/FLUX-1-schnell", "black-forest-labs/FLUX-1-dev"}),
    ),
    "plain": Description(
        takes={
            "prompt": text,
            "model": text,
            "n": whole(1, 10),
            "size": text,
            "quality": text,
            "response_format": one_of("url", "b64_json"),
        },
        envelope=detail,
        needs_key=False,
        url_by_default=True,
        wrong=400,
    ),
}
