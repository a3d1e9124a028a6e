"""The few parameters that have one name in the contract and another in JSON."""

from __future__ import annotations

JSON_NAMES = {"steps": "num_inference_steps", "guidance": "guidance_scale"}


def json_name(field: str) -> str:
    """A parameter's name as REST callers write it."""
    return JSON_NAMES.get(field, field)
