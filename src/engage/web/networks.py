"""Networks of addresses, and whether an address lies in one of them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(texts: Iterable[str]) -> Networks:
    """Return networks that were checked before."""
    return tuple(ip_network(text, strict=False) for text in texts)


def is_in(address: str | None, those: Networks) -> bool:
    """Tell whether an address lies in a network; what is no address lies in none.

    >>> is_in("::ffff:192.0.2.7", networks(["192.0.2.0/24"]))
    True
    """
    if not those or address is None:
        return False
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found.version == network.version and found in network for network in those)
