"""Durations, sizes and addresses, as the file writes them."""

from __future__ import annotations

import ipaddress
import re


def seconds(duration: str) -> float:
    """ "5s", "1.5s", "200ms", "2m", "1h" in seconds."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", duration)
    if not match:
        raise ValueError(f'expected a duration like "5s", "200ms" or "2m", got "{duration}"')
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[match[2]]


def size(text: str) -> int:
    """ "512MiB", "2GiB" in bytes."""
    match = re.fullmatch(r"([0-9]{1,6})(KiB|MiB|GiB)", text)
    if not match:
        raise ValueError(f'expected a size like "512MiB" or "2GiB", got "{text}"')
    return int(match[1]) * {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}[match[2]]


def address(listen: str) -> tuple[str, int]:
    """ "127.0.0.1:8080" or "[::1]:8080" as host and port."""
    host, _, port = listen.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError(f'expected HOST:PORT such as "127.0.0.1:8080", got "{listen}"')
    return host.removeprefix("[").removesuffix("]"), int(port)


def joined(host: str, port: int) -> str:
    """An address that can be used: HOST:PORT, with brackets around IPv6."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than localhost may mean anything."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
