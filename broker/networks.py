"""Where a request comes from, as far as that tells one caller from another."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

# One customer of a provider has at least as many addresses of IPv6 as differ in these bits.
_ONE_NETWORK_BITS = 64
_ADDRESS_MAX = 50


def network_of(address: str) -> str:
    """What counts as one place: an address, or of IPv6 the network it lies in."""
    try:
        if ip_address(address).version == 4:
            return address
        return str(ip_network(f"{address}/{_ONE_NETWORK_BITS}", strict=False))
    except ValueError:
        return address


def forwarded_for(headers: Sequence[str]) -> str:
    """The last address that a proxy of ours wrote into `X-Forwarded-For`; empty where it did not.

    Those before it are the caller's own words.
    """
    return headers[-1].rpartition(",")[2].strip()[:_ADDRESS_MAX] if headers else ""
