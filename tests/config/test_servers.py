"""URLs of servers: which can be used, and what is shown of them."""

from __future__ import annotations

import pytest

from service.config.servers import masked, postgres, valkey


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/imagegen",
        "postgres://gw@db:5433",
        "postgresql://gw:p:w@db/imagegen",
        "postgresql://gw:p%40%2Fw@db:5432/imagegen?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://gw:pw@db1:5432,db2:5433/imagegen?target_session_attrs=read-write",
        "postgresql://[::1]:5432,[::2]/imagegen",
        "postgresql:///imagegen?host=/run/postgresql",
        "postgresql://gw:pw@/imagegen?host=/run/postgresql&port=5433",
        "postgresql://%2Frun%2Fpostgresql/imagegen?password=p%40%26w",
    ],
)
def test_postgres(url: str) -> None:
    """Servers, several of them, and sockets are good."""
    assert postgres(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "valkey://cache",
        "redis://:p%40w@cache:6379/3",
        "rediss://gw:pw@cache/?ssl_cert_reqs=none&ssl_check_hostname=false",
        "valkeys://[::1]:6379?db=2&password=pw",
    ],
)
def test_valkey(url: str) -> None:
    """A server with and without TLS, a login, a database."""
    assert valkey(url) is None


@pytest.mark.parametrize("scheme", ["postgresql", "rediss"])
@pytest.mark.parametrize(
    "rest",
    [
        "//gw:hu/sh@db/0",
        "//gw:hu@sh@db/0",
        "//gw:hu#sh@db/0",
        "//gw:hu?sh@db/0",
        "//gw:hu[sh@db/0",
        "//gw:hu]sh@db/0",
        "//gw:hu/sh:1@db:port/0",
        "//gw:hush@db:port/0",
        "//gw:hush@db:0/0",
        "//gw:hush@:5432/0",
        "//gw:hush@db,/0",
        "//gw:hush@[db]/0",
        "//gw:hush@",
        "//db/0?password=hu@sh",
        "//db/0?password=hu&sh",
        "//db/0?password=hu&sh=hush",
        "//db/0?password=hush&port=5432",
        "//gw:℀hush@db/0",
        "gw:hush@db/0",
    ],
)
def test_what_cannot_be_read_is_not_repeated(scheme: str, rest: str) -> None:
    """A URL that a driver reads otherwise than it is meant is refused, without a letter of it."""
    said = postgres(f"{scheme}:{rest}") if scheme == "postgresql" else valkey(f"{scheme}:{rest}")

    assert said
    assert not any(secret in said for secret in ("hu", "sh@", "gw", "5432/0"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://gw:hush@db/imagegen", "postgresql://gw:••••@db/imagegen"),
        ("postgresql://gw:p:hush@db/imagegen", "postgresql://gw:••••@db/imagegen"),
        ("postgresql://gw:hu/sh+0@db/imagegen", "postgresql://gw:••••@db/imagegen"),
        ("postgresql://gw:hu@sh@db:5432/imagegen", "postgresql://gw:••••@db:5432/imagegen"),
        ("valkey://:hush@cache", "valkey://:••••@cache"),
        (
            "postgresql://gw@db/x?sslpassword=hush&sslmode=require&password=hu%40sh",
            "postgresql://gw@db/x?sslpassword=••••&sslmode=require&password=••••",
        ),
        ("valkeys://cache?ssl_password=hush", "valkeys://cache?ssl_password=••••"),
        ("postgresql://db:5432/x?password=hu@sh", "postgresql://db:••••@"),
        ("postgresql://gw:a&password=hush@db/x", "postgresql://gw:••••@"),
        ("valkey://[::1]:6379/0", "valkey://[::1]:6379/0"),
        ("https://images.internal.example:8443/v1", "https://images.internal.example:8443/v1"),
    ],
)
def test_masked(url: str, shown: str) -> None:
    """A password is dots, wherever it stands and whatever is in it; what has none is shown whole."""
    assert masked(url) == shown
