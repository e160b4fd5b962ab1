"""What a party can do over HTTP: list its mailbox, read and acknowledge documents, post messages.

Nothing is tried twice in here: what failed for a while is raised, and the caller comes again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout, InvalidURL

from broker.otherside.documents import UnreadableDocument, codes_of, numbers_of

_LISTED_MAX = 1000
_ACKNOWLEDGED_AT_ONCE_MAX = 100
_TIMEOUT = ClientTimeout(total=30)


class UnableToReachBroker(Exception):
    """The broker does not answer, or asks to come again later; nothing is lost by that."""


class UnableToTakePart(Exception):
    """The broker knows no such party, or what the party was started with cannot be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a message was answered: 200, or why not, as codes such as 260:E19."""

    status: int
    codes: tuple[str, ...]


class Exchange:
    """The door as one party sees it, by its token."""

    def __init__(self, session: ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    async def waiting(self) -> tuple[str, ...]:
        """The numbers of the documents that wait, oldest first, at most 1000."""
        _, body = await self._ask("GET", f"/mailbox?limit={_LISTED_MAX}")
        try:
            return numbers_of(body)
        except UnreadableDocument as error:
            raise UnableToTakePart(f"{self._url} is no broker: {error}") from error

    async def document(self, number: str) -> bytes:
        """One document."""
        _, body = await self._ask("GET", f"/mailbox/{number}")
        return body

    async def acknowledge(self, numbers: Iterable[str]) -> None:
        """Take these documents out of the waiting ones; again is harmless."""
        wanted = list(numbers)
        for start in range(0, len(wanted), _ACKNOWLEDGED_AT_ONCE_MAX):
            some = wanted[start : start + _ACKNOWLEDGED_AT_ONCE_MAX]
            await self._ask("DELETE", "/mailbox?" + "&".join(f"id={number}" for number in some))

    async def post(self, message: bytes) -> Answer:
        """Send a message; refused or taken, it is answered."""
        status, body = await self._ask("POST", "/messages", message)
        return Answer(status, () if status == 200 else codes_of(body))

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Raises UnableToReachBroker where it helps to come again, UnableToTakePart where not."""
        headers = self._headers | ({"Content-Type": "application/xml"} if body else {})
        try:
            async with self._session.request(
                method, self._url + path, data=body, headers=headers, timeout=_TIMEOUT
            ) as answer:
                status, content = answer.status, await answer.read()
        except InvalidURL as error:
            raise UnableToTakePart(f"{self._url!r} is no address") from error
        except (ClientError, TimeoutError) as error:
            raise UnableToReachBroker(f"{self._url} does not answer: {error}") from error
        if status == 429 or status >= 500:
            raise UnableToReachBroker(f"{self._url} answers {status}")
        if status in (401, 403):
            raise UnableToTakePart(f"{self._url} answers {status}: is the token that of this role?")
        return status, content
