"""Which addresses are public: the last forbidden one of a range, and its first public neighbour."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from service.providers.destinations import is_public

PUBLIC = (
    "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17 "
    "169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 "
    "203.0.112.255 203.0.114.0 223.255.255.255 2001:4860:4860::8888 2606:4700::1111 2a00:1450:4001:80b::200e"
)
PRIVATE = (
    "0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.255.255.255 168.63.129.16 "
    "169.254.0.0 169.254.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 "
    "203.0.113.0 203.0.113.255 224.0.0.0 255.255.255.255 :: ::1 ::ffff:8.8.8.8 64:ff9b::808:808 2001:db8::1 "
    "2002:808:808::1 fc00::1 fe80::1 ff02::1"
)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_it_is_public(address: str) -> None:
    """Pictures may be fetched from there."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE.split())
def test_it_is_not_public(address: str) -> None:
    """Nothing may be fetched from there, unless the operator lists it."""
    assert not is_public(ip_address(address))
