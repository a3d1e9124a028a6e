"""URLs of servers: what is wrong with one, and how one is shown.

What a driver cannot read is refused here, because drivers repeat what they could not read, and it may be a password.
No sentence of this file repeats a part of a URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote_plus, urlsplit

from service.config.schema import Secret

DOTS = str(Secret())

_NUMBER = "a number"
_TLS = "TLSv1|TLSv1.1|TLSv1.2|TLSv1.3"

POSTGRES: Mapping[str, str] = {
    **dict.fromkeys(("user", "password", "passfile", "dbname", "database", "search_path", "options"), ""),
    **dict.fromkeys(("sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "krbsrvname"), ""),
    "gsslib": "gssapi|sspi",
    "sslmode": "disable|allow|prefer|require|verify-ca|verify-full",
    "sslnegotiation": "postgres|direct",
    "ssl_min_protocol_version": _TLS,
    "ssl_max_protocol_version": _TLS,
    "target_session_attrs": "any|primary|standby|read-write|read-only|prefer-standby",
}
"""Options of its URLs, with what each may be; empty for anything."""

PLACE: Mapping[str, str] = {"host": "", "port": _NUMBER}
"""Those that say where it is, where that is not said after `://`."""

VALKEY: Mapping[str, str] = {"db": _NUMBER, **dict.fromkeys(("username", "password", "client_name"), "")}
VALKEY_TLS: Mapping[str, str] = {
    **dict.fromkeys(("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password"), ""),
    "ssl_cert_reqs": "none|optional|required",
    "ssl_check_hostname": "true|false",
}

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s,:/\[\]]+)(?::([0-9]{1,5})?)?")
_LOGIN = re.compile(r"(//[^:]*:).*(?=@)", re.DOTALL)
_OPTION = re.compile(r"([?&][^?&=]*password=)([^&]*)", re.IGNORECASE)


def masked(text: str) -> str:
    """With dots in the place of passwords, also of those that end where nobody meant it: too much rather than less."""
    # An "@" stays behind such an option, so that what looks like a login reaches up to it.
    return _LOGIN.sub(rf"\1{DOTS}", _OPTION.sub(lambda m: f"{m[1]}{DOTS}{'@' if '@' in m[2] else ''}", text))


def postgres(url: str) -> str | None:
    """What is wrong with the URL of a PostgreSQL server, or of several with commas between; None where it is good."""
    try:
        hosts, _, query = _parts(url)
        named = dict(_options(query, POSTGRES if hosts else {**POSTGRES, **PLACE}))
        if not hosts:
            hosts = named.get("host", "")
        if not hosts:
            raise ValueError("expected a host after ://, or the directory of a socket as in ?host=/run/postgresql")
        for host in hosts.split(","):
            if not host.startswith("/"):
                _check_host(host)
        if "port" in named:
            _check_port(named["port"])
    except ValueError as error:
        return str(error)
    return None


def valkey(url: str) -> str | None:
    """The same of a Valkey or Redis server, which is one."""
    try:
        host, path, query = _parts(url)
        if not host:
            raise ValueError("expected a host after ://")
        _check_host(host)
        if not re.fullmatch("/?[0-9]*/?", path):
            raise ValueError("expected the number of a database after the host, or nothing")
        secure = url.startswith(("rediss:", "valkeys:"))
        _options(query, {**VALKEY, **VALKEY_TLS} if secure else VALKEY)
    except ValueError as error:
        return str(error)
    return None


def _parts(url: str) -> tuple[str, str, str]:
    """Host, path and query. Nothing may end a password before its time."""
    if "://" not in url:
        raise ValueError("expected :// after the scheme")
    try:
        parts = urlsplit(url)
    except ValueError:  # whose text may hold the password
        parts = None
    if parts is None or parts.netloc.count("@") > 1 or "@" in f"{parts.path}{parts.query}" or "#" in url:
        raise ValueError(
            'expected one "@" at most, before the host, and no "#"; in a name or a password write "@" as %40, '
            '"/" as %2F, "?" as %3F, "#" as %23, "[" as %5B, "]" as %5D'
        )
    return parts.netloc.rpartition("@")[2], parts.path, parts.query


def _check_host(host: str) -> None:
    match = _HOST.fullmatch(host)
    if not match:
        raise ValueError("expected HOST or HOST:PORT, the port a number")
    if match[1]:
        _check_port(match[1])


def _check_port(port: str) -> None:
    if not 1 <= int(port) <= 65535:
        raise ValueError("expected a port from 1 to 65535")


def _options(query: str, known: Mapping[str, str]) -> list[tuple[str, str]]:
    """What stands behind the question mark. Names are taken as they are written."""
    found: list[tuple[str, str]] = []
    for each in query.split("&") if query else ():
        name, equals, value = each.partition("=")
        if name not in known or not equals:
            raise ValueError(f'after "?" expected NAME=VALUE, with "&" between; there are: {", ".join(known)}')
        found.append((name, unquote_plus(value)))
        if not _is_one(found[-1][1], known[name]):
            raise ValueError(f'expected "{name}" to be {known[name].replace("|", " or ")}')
    return found


def _is_one(value: str, kind: str) -> bool:
    if kind == _NUMBER:
        return bool(re.fullmatch("[0-9]{1,5}", value))
    return not kind or value in kind.split("|")
