"""People at the dashboard: a browser without a screen, that keeps cookies and fills in forms."""

import re
from dataclasses import dataclass

import aiohttp

from broker.store.staff import StaffRole
from broker.usecases.manage_staff import ManageStaff
from tests.web.running import Broker

PASSWORDS = {"nada": "correct horse battery", "vid": "staple of a viewer"}
ROLES = {"nada": StaffRole.CLERK, "vid": StaffRole.VIEWER}
FULL_NAMES = {"nada": "Nada Zgled", "vid": "Vid Vpogled"}


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    headers: aiohttp.typedefs.LooseHeaders
    text: str
    path: str


class Visitor:
    """One person's browser."""

    def __init__(self, broker: Broker) -> None:
        self._address = broker.service.dashboard_address
        jar = aiohttp.CookieJar(unsafe=True)  # the address is a number, not a name
        self.session = aiohttp.ClientSession(cookie_jar=jar)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies kept, by name."""
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}

    async def get(self, path: str) -> Page:
        """Open a page, redirections followed."""
        async with self.session.get(self._address + path) as answer:
            return await _page(answer)

    async def post(self, path: str, fields: object, *, follow: bool = True) -> Page:
        """Send a form as it is."""
        async with self.session.post(
            self._address + path, data=fields, allow_redirects=follow
        ) as answer:
            return await _page(answer)

    async def fill(self, path: str, fields: dict[str, object], *, on: str = "/") -> Page:
        """Send a form with what is hidden in the forms of the page it stands on."""
        shown = (await self.get(on)).text
        seen = re.findall(r'name="seen" value="(\d+)"', shown)[:1] or ["0"]
        hidden = {"form_token": form_token(shown), "seen": seen[0]}
        return await self.post(path, {**hidden, **fields})

    async def sign_in(self, name: str, password: str | None = None) -> Page:
        """Sign in, by the right password where none is given."""
        fields = {"name": name, "password": password or PASSWORDS[name], "to": "/"}
        return await self.fill("/sign-in", fields, on="/sign-in")


async def _page(answer: aiohttp.ClientResponse) -> Page:
    return Page(answer.status, answer.headers, await answer.text(), answer.url.path_qs)


def form_token(text: str) -> str:
    """The token in the forms of a page."""
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', text)
    assert found, text
    return found[1]


async def let_in(broker: Broker, *names: str) -> None:
    """Let these people of the sample staff sign in."""
    manage = ManageStaff(
        reader=broker.service.reader, writer=broker.service.writer, clock=broker.clock
    )
    for name in names:
        await manage.add(name, FULL_NAMES[name], ROLES[name], PASSWORDS[name], by="test")
