"""Where the gateway may go when somebody else names the address: decided here, without touching the network.

An address in somebody's answer is a wish. It is read by a grammar of our own, narrower than any URL parser, so that
nothing is left for the client to read differently; and what a name leads to is judged when the socket is made, so that
no second look into the DNS can tell another story. What is allowed, and why: docs/decisions/0013-outgoing.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NoReturn
from urllib.parse import urljoin

from msgspec import Struct
from yarl import URL

from service.config.outgoing import Network, listed

LONGEST = 8192
"""Characters of an address. Signed ones have about two thousand."""

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?P<port>:[0-9]{1,5})?(?P<path>/[!-~]*)?(?P<query>\?[!-~]*)?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_READABLE = re.compile(r"[!-\[\]-~]+")
"""ASCII without blanks, control characters and backslashes."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_USUAL = {"https": 443, "http": 80}

_NOBODYS = frozenset({"alt", "example", "internal", "invalid", "local", "localdomain", "localhost", "onion", "test"})
"""Last labels that no host of the public internet has."""
_HOMES = ".home.arpa"

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' translation; one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # one cloud's own services, on an address that looks public
        "169.254.0.0/16",  # link-local: the clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; one cloud's metadata
        "192.0.2.0/24",  # documentation, as are 198.51.100 and 203.0.113
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation, as is 3fff
        "2002::/16",  # 6to4: any IPv4 address inside
        "3fff::/20",
    )
)
_PUBLIC_IPV6 = ip_network("2000::/3")
"""All else (loopback, mapped, NAT64, unique local, link-local, site-local, multicast) is no global unicast."""


class Forbidden(OSError):  # noqa: N818 - a verdict, which the client takes for a failed connection
    """An address that is not gone to, and why; no word of the address in it."""

    host = ""
    """The host alone, for the log, where it can be read."""


class Destination(Struct, frozen=True):
    """An address that may be gone to."""

    url: URL
    host: str
    port: int
    vouched: bool
    """Whether the operator named this very host and port: then what it resolves to is the operator's business."""
    listed: bool
    """Whether it stands in the list, rather than in base_url."""


class Allowed:
    """What the operator lists in `outgoing.allow`."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        read = [listed(each) for each in entries]
        self._networks = tuple(each.network for each in read if each.network)
        self._hosts = {(each.host, each.port) for each in read if each.host}

    def has_address(self, ip: IPv4Address | IPv6Address) -> bool:
        return any(ip in network for network in self._networks)

    def has(self, host: str, port: int, ip: IPv4Address | IPv6Address | None) -> bool:
        """Whether a host is listed for a port; without one it is for those that http and https usually have."""
        if (host, port) in self._hosts:
            return True
        return port in _USUAL.values() and ((host, None) in self._hosts or bool(ip and self.has_address(ip)))

    def may_connect(self, address: str) -> bool:
        """Whether a socket may be opened to an address that a name resolved to, or that stood in the URL itself."""
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, IPv6Address) and ip.scope_id:
            return False
        return self.has_address(ip) or is_public(ip)


NOTHING = Allowed()


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether an address is global unicast. By a table of ours: Python's own changes from version to version."""
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    return isinstance(ip, IPv4Address) or ip in _PUBLIC_IPV6


class Destinations:
    """Which addresses one provider's answers may lead to."""

    def __init__(self, base_url: str, allowed: Allowed = NOTHING) -> None:
        base = URL(base_url).with_user(None)
        self._base = str(base).rstrip("/") + "/"
        self._own = (base.scheme, _plain(base.raw_host or ""), base.port)
        self._allowed = allowed

    def find(self, address: str) -> Destination:
        """Where an address leads; relative to the provider where it is relative. Raises Forbidden."""
        return self._judge(self._absolute(address, self._base))

    def follow(self, here: Destination, location: str) -> Destination:
        """Where a redirect leads: to the same host, or to one that the operator listed. Raises Forbidden."""
        there = self._judge(self._absolute(location, str(here.url)))
        if here.url.scheme == "https" and there.url.scheme != "https":
            raise Forbidden("it redirects from https to http")
        if there.host != here.host and not there.listed:
            raise Forbidden("it redirects to another host, which is not listed in outgoing.allow")
        return there

    def _absolute(self, address: str, base: str) -> str:
        if len(address) > LONGEST:
            raise Forbidden(f"it is longer than {LONGEST} characters")
        if not _READABLE.fullmatch(address):
            raise Forbidden("it is empty, or has characters that no URL has")
        if _SCHEME.match(address):
            return address
        try:
            return urljoin(base, address)
        except ValueError:
            _unreadable()

    def _judge(self, address: str) -> Destination:
        match = _ADDRESS.fullmatch(address.partition("#")[0])
        if not match:
            _unreadable()
        scheme, host = match["scheme"].lower(), match["host"].lower()
        port = int(match["port"][1:]) if match["port"] else _USUAL[scheme]
        if not 1 <= port <= 65535:
            raise Forbidden("its port is none")
        try:
            return self._at(scheme, host, port, (match["path"] or "/") + (match["query"] or ""))
        except Forbidden as error:
            error.host = host
            raise

    def _at(self, scheme: str, host: str, port: int, rest: str) -> Destination:
        ip = _ip(host)
        name = host if ip is None else str(ip)
        own = (scheme, name, port) == self._own
        is_listed = self._allowed.has(name, port, ip)
        if not own and not is_listed:
            if scheme != "https":
                raise Forbidden("it is not https, and its host is not listed in outgoing.allow")
            if port != _USUAL[scheme]:
                raise Forbidden("its port is not 443, and not listed in outgoing.allow")
            if ip is None:
                _refuse_private_name(name)
            elif not is_public(ip):
                raise Forbidden("it leads to an address that is not public, and not listed in outgoing.allow")
        url = URL(f"{scheme}://{host}:{port}{rest}", encoded=True)
        return Destination(url, name, port, vouched=own or is_listed, listed=is_listed)


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, None where it is a name. Raises Forbidden for what could be taken for either."""
    literal = host.startswith("[")
    if not literal and not _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
        if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise Forbidden("its host is no name that the DNS has")
        return None
    try:
        ip = ip_address(host[1:-1] if literal else host)
    except ValueError:
        raise Forbidden("its host is an IP address in an unusual spelling") from None
    if literal != isinstance(ip, IPv6Address):
        raise Forbidden("its host is an IP address in an unusual spelling")
    return ip


def _plain(host: str) -> str:
    """The operator's own host, in the spelling in which hosts are compared here."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower()


def _refuse_private_name(name: str) -> None:
    if "." not in name or name.rpartition(".")[2] in _NOBODYS or f".{name}".endswith(_HOMES):
        raise Forbidden("its host is not a public one, and not listed in outgoing.allow")


def _unreadable() -> NoReturn:
    raise Forbidden("it is not an http or https URL without a user's name")
