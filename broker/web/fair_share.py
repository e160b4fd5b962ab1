"""What one party may use of the door, so that nobody can keep the others from it.

Counted is by party, whichever of its tokens it uses; strangers by the address they come from.
"""

from collections import Counter
from collections.abc import Callable

from aiohttp import web

from broker.config import LimitSettings
from broker.messages.identifiers import Eic
from broker.networks import forwarded_for, network_of
from broker.web.allowances import Allowances
from broker.web.bodies import SMALL_BYTES_MAX, Bodies

_MIB = 1024 * 1024


class FairShare:
    """Who has how much under way, and how much left to ask for."""

    def __init__(self, settings: LimitSettings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._parties = Allowances(
            most=settings.requests_burst,
            per_second=settings.requests_per_second,
            monotonic=monotonic,
        )
        self._strangers = Allowances(
            most=settings.strangers_burst,
            per_second=settings.strangers_per_second,
            monotonic=monotonic,
        )
        self._under_way: Counter[Eic] = Counter()
        self.bodies = Bodies(
            bytes_max=settings.bodies_mib_max * _MIB,
            bytes_per_party_max=settings.bodies_per_party_mib_max * _MIB,
        )

    def begin(self, party: Eic) -> int:
        """Let a request of the party in, to be ended by `end`: 0, or the seconds it has to wait."""
        if self._under_way[party] >= self._settings.requests_at_once_max:
            return 1
        wait = self._parties.seconds_to_wait(party)
        if not wait:
            self._under_way[party] += 1
        return wait

    def end(self, party: Eic) -> None:
        """A request of the party has been answered."""
        self._under_way[party] -= 1

    def charge_for(self, party: Eic, size: int) -> None:
        """A message that was received counts for more than one request if it is large."""
        self._parties.charge(party, size // SMALL_BYTES_MAX)

    def stranger_has_to_wait(self, request: web.Request) -> int:
        """0 where whoever bears no token may ask from this address, or how many seconds not."""
        address = network_of(client_address(request, self._settings.proxies))
        return self._strangers.seconds_to_wait(address)


def client_address(request: web.Request, proxies: tuple[str, ...]) -> str:
    """Where the request comes from: of a proxy of ours as that says, else as the connection."""
    remote = request.remote or ""
    told = forwarded_for(request.headers.getall("X-Forwarded-For", [])) if remote in proxies else ""
    return told or remote
