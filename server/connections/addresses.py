"""Whom a connection is counted for."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

_LONGEST = 64  # characters; a forwarded address is whatever a proxy passes on


def neighbour(host: str) -> str:
    """The name under which connections from an address are counted.

    One computer may choose among all addresses of its IPv6 network, so the first half of an address counts. What is no
    address counts by its text.

    Examples
    --------
    >>> neighbour("192.0.2.7"), neighbour("::ffff:192.0.2.7"), neighbour("2001:db8:1:2:aaaa::1")
    ('192.0.2.7', '192.0.2.7', '2001:db8:1:2::')
    """
    return _neighbour(host[:_LONGEST])


@lru_cache(maxsize=4096)
def _neighbour(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> 64 << 64))
