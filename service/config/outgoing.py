"""What `outgoing.allow` may list: networks, hosts, and hosts with a port."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from service.config.servers import masked

Network = IPv4Network | IPv6Network

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62}\.?)*(?<![.-])")
_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/\[\]]+)(?::([0-9]{1,5}))?")


class Listed(Struct, frozen=True):
    """One entry: a network, or a host with the port that it is listed for (None: the usual ones)."""

    network: Network | None = None
    host: str = ""
    port: int | None = None


def listed(entry: str) -> Listed:
    """Reads an entry. Raises ValueError, whose sentence says what was expected."""
    shown = masked(entry)
    if "/" in entry and "://" not in entry:
        try:
            return Listed(network=ip_network(entry))
        except ValueError:
            raise ValueError(
                f'expected a network such as "10.1.0.0/16", without bits behind its length, got "{shown}"'
            ) from None
    match = _HOST_AND_PORT.fullmatch(entry.lower())
    if not match:
        raise ValueError(f'expected a network, a HOST or HOST:PORT (an IPv6 address in brackets), got "{shown}"')
    host = match[1].removeprefix("[").removesuffix("]")
    port = int(match[2]) if match[2] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f'expected a port from 1 to 65535, got "{shown}"')
    if match[1] != host or re.search(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", host):
        try:
            ip = ip_address(host)
        except ValueError:
            raise ValueError(f'expected an IP address as it is usually written, got "{shown}"') from None
        return Listed(network=ip_network(ip)) if port is None else Listed(host=str(ip), port=port)
    if not _NAME.fullmatch(host):
        raise ValueError(f'expected a host\'s name in ASCII letters, digits, "-" and ".", got "{shown}"')
    return Listed(host=host, port=port)
