"""Posts a document's bytes to a party's endpoint, signed, and tells what was answered.

An endpoint is a stranger's machine in the broker's own network's reach. So: HTTPS with checked
certificates and public addresses alone, but for hosts that the settings name; no redirection is
followed, no answer's body read, no cookie kept, no proxy taken from the environment.
"""

import asyncio
import errno
import hmac
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from broker.delivery.hand_over import Destination, Fault, Parcel, UnableToHandOver

_LOOK_UPS_AT_ONCE = 32
_READ_AHEAD_BYTES = 4096
# So short that an endpoint has hardly ever hung up when a line is used again.
_LINE_KEPT_SECONDS = 2.0
_WHY_MAX = 300

_FAULTS: dict[int, Fault] = {
    HTTPStatus.UNAUTHORIZED: Fault.UNWELCOME,
    HTTPStatus.FORBIDDEN: Fault.UNWELCOME,
    HTTPStatus.NOT_FOUND: Fault.NOT_THERE,
    HTTPStatus.METHOD_NOT_ALLOWED: Fault.NOT_THERE,
    HTTPStatus.MISDIRECTED_REQUEST: Fault.NOT_THERE,
    HTTPStatus.GONE: Fault.GONE,
    HTTPStatus.REQUEST_TIMEOUT: Fault.BUSY,
    HTTPStatus.TOO_EARLY: Fault.BUSY,
    HTTPStatus.TOO_MANY_REQUESTS: Fault.BUSY,
    HTTPStatus.SERVICE_UNAVAILABLE: Fault.BUSY,
}


class UnfitAddress(ValueError):
    """Nothing is ever posted to such an address; the text says why."""


def fit_address(text: str, inside_hosts: Iterable[str]) -> str:
    """The address of an endpoint, as it is used. Raises UnfitAddress."""
    try:
        url = URL(text)
    except ValueError as error:
        raise UnfitAddress(f"not an address: {error}") from error
    host = url.host
    if url.scheme not in ("https", "http") or not host or not text.isprintable() or " " in text:
        raise UnfitAddress("an endpoint has an address that begins with https://")
    if url.user is not None or url.password is not None or url.fragment:
        raise UnfitAddress("the address of an endpoint holds no user, password or fragment")
    if host in inside_hosts:
        return str(url)
    if url.scheme != "https":
        raise UnfitAddress(f"https:// is needed; {host} is not among inside_hosts")
    if (":" in host or host.replace(".", "").isdigit()) and not _is_public(host):
        raise UnfitAddress(f"{host} is not public, and not among inside_hosts")
    return str(url)


def sign(secret: str, timestamp: int, content: bytes) -> str:
    """HMAC-SHA256 over the seconds, a dot and the bytes, as hexadecimal digits."""
    return hmac.new(secret.encode(), b"%d." % timestamp + content, sha256).hexdigest()


class Webhooks:
    """The client for all endpoints; to be made with the event loop running."""

    def __init__(self, *, inside_hosts: Iterable[str], within_seconds: float) -> None:
        self._inside_hosts = frozenset(inside_hosts)
        self._within_seconds = within_seconds
        self._resolver = _PublicResolver(self._inside_hosts)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                ssl=ssl.create_default_context(),
                resolver=self._resolver,
                keepalive_timeout=_LINE_KEPT_SECONDS,
            ),
            timeout=aiohttp.ClientTimeout(total=within_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "switch-broker"},
            read_bufsize=_READ_AHEAD_BYTES,
        )

    async def close(self) -> None:
        """End every connection."""
        await self._session.close()
        await self._resolver.close()

    async def hand_over(self, parcel: Parcel, to: Destination, *, at: datetime) -> None:
        """Post the document; return where it is answered 2xx. Raises UnableToHandOver."""
        try:
            address = fit_address(to.address, self._inside_hosts)
        except UnfitAddress as error:  # the settings have changed since it was set up
            raise UnableToHandOver(Fault.NOT_THERE, str(error)) from error
        timestamp = int(at.timestamp())
        signatures = (sign(secret, timestamp, parcel.content) for secret in to.secrets)
        headers = {
            "Content-Type": "application/xml",
            "Document-Number": parcel.document_id,
            "Document-Kind": parcel.kind,
            "Delivery-Timestamp": str(timestamp),
            "Delivery-Signature": ", ".join(f"sha256={one}" for one in signatures),
        }
        try:
            async with self._session.post(
                URL(address), data=parcel.content, headers=headers, allow_redirects=False
            ) as answer:
                status, retry_after = answer.status, answer.headers.get("Retry-After", "")
        except TimeoutError as error:
            told = f"no answer within {self._within_seconds:g} s"
            raise UnableToHandOver(Fault.UNREACHABLE, told) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise UnableToHandOver(Fault.INSECURE, _told(error)) from error
        except (aiohttp.ClientConnectionError, OSError) as error:
            raise UnableToHandOver(Fault.UNREACHABLE, _told(error)) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise UnableToHandOver(Fault.FAILING, _told(error)) from error
        if not 200 <= status < 300:
            raise UnableToHandOver(_fault_of(status), _named(status), wait=_wait(retry_after))


def _fault_of(status: int) -> Fault:
    """Whose fault an answer that is not 2xx means."""
    if status < 400:
        return Fault.NOT_THERE
    return _FAULTS.get(status, Fault.FAILING if status >= 500 else Fault.DOCUMENT_REFUSED)


def _named(status: int) -> str:
    """The status with its usual name; what the answer itself says is a stranger's text."""
    known = {one.value for one in HTTPStatus}
    return f"answered {status} {HTTPStatus(status).phrase if status in known else ''}".strip()


def _wait(retry_after: str) -> timedelta | None:
    """The seconds of Retry-After; a date there is left alone."""
    text = retry_after.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return timedelta(seconds=int(text[:6]))


def _told(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"[:_WHY_MAX]
    return "".join(c if c.isprintable() else " " for c in text)


class _PublicResolver(AbstractResolver):
    """Looks names up in threads of its own and leaves out what is not public.

    A name may be changed by its party at any time, so it is judged at every connection. Slow
    look-ups take no thread that anything else of the service needs.
    """

    def __init__(self, inside_hosts: frozenset[str]) -> None:
        self._inside_hosts = inside_hosts
        self._threads = ThreadPoolExecutor(_LOOK_UPS_AT_ONCE, thread_name_prefix="look-up")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises OSError where none may be connected to."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        results = [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _type, protocol, _name, place in found
            if host in self._inside_hosts or _is_public(str(place[0]))
        ]
        if not results:
            raise OSError(errno.EACCES, "no public address, and not among inside_hosts")
        return results

    async def close(self) -> None:
        """Wait for no look-up."""
        self._threads.shutdown(wait=False, cancel_futures=True)


# By these every address of IPv4 can be named, also one inside (RFC 6052, RFC 3056).
_LEADS_TO_IPV4 = (ip_network("64:ff9b::/96"), ip_network("2002::/16"))


def _is_public(number: str) -> bool:
    """Whether an address of the network is anybody's to reach; what is none is not."""
    try:
        address = ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
        if any(address in one for one in _LEADS_TO_IPV4):
            return False
    return address.is_global and not address.is_multicast
