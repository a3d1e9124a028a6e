"""How a bad parameter is told: its name, what is wrong, what would be right."""

from __future__ import annotations

from service.errors import GatewayError, Reason


def missing(field: str) -> GatewayError:
    return GatewayError(Reason.MISSING_PARAMETER, f"{field} is required and must not be empty.", field=field)


def invalid(field: str, problem: str) -> GatewayError:
    return GatewayError(Reason.INVALID_PARAMETER, f"{field} {problem}.", field=field)


def one_of(field: str, value: str, allowed: tuple[str, ...], model: str = "") -> GatewayError:
    words = ", ".join(f'"{word}"' for word in allowed)
    for_model = f" for {model}" if model else ""
    return invalid(field, f"must be one of {words}{for_model}, not {quoted(value)}")


def quoted(value: str) -> str:
    """A caller's text in a complaint: short, and on one line."""
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    return '"' + shown.encode("unicode_escape").decode().replace('"', "'") + '"'
