"""A broker to try out: sample register and parties, cases in several states, messages of today.

Everything lies in one folder, which is made afresh every time. Only files of a folder that bears
the demo's own mark are ever replaced.
"""

import asyncio
import os
import shlex
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from broker.config import Config
from broker.engine.calendar import LJUBLJANA, local_day, start_of
from broker.engine.state import Phase
from broker.ids import new_token
from broker.messages.identifiers import Eic
from broker.scenarios.demo_messages import (
    first_simulated,
    new_supplier,
    reading,
    remote_reading,
    request,
    withdrawal,
)
from broker.scenarios.demo_other_side import METERS, SIMULATED, write_meters
from broker.scenarios.demo_past import DemoCase, live_through_the_past
from broker.scenarios.demo_register import metering_site, usual_value, write_moved_register
from broker.scenarios.demo_staff import DemoPerson, new_staff
from broker.scenarios.posts import party_named
from broker.store import participants
from broker.store.connection import hold, open_for_writing
from broker.store.schema import migrate
from broker.usecases.import_register import import_register

PARTIES = {
    "NEW_SUPPLIER_TOKEN": new_supplier(),
    "OLD_SUPPLIER_TOKEN": party_named("Severna energija"),
    **{one.token: one.party for one in SIMULATED},
    "PROVIDER_TOKEN": party_named("Storitve Zgled"),
    "OPERATOR_TOKEN": party_named("Omrežje Zgled"),
}
MESSAGES = {
    "request.xml": "a request that is approved at once",
    "reading.xml": "the customer's reading that completes it",
    "reading-too-high.xml": "a reading that departs from the average without a reason (E90)",
    "request-remote.xml": "a request for a point read remotely, to be switched today",
    "reading-remote.xml": "the reading that completes it, for who plays the metering centre",
    "request-by-soncna.xml": "Sončna oddaja asks for a point of Južna elektrika",
    "request-in-doubt.xml": "a request the operator must decide: the customer's name differs",
    "request-wrong-digit.xml": "a request with two wrong check digits (422)",
    "request-broken.xml": "a request the schema does not allow (400)",
    "withdrawal.xml": "takes back the request that awaits approval",
}

_MARK = "demo.txt"
_DATABASE = "demo.sqlite"
_TOKENS = "tokens.sh"
_REGISTER = "register"
_OWN_FILES = (
    *MESSAGES,
    METERS,
    *(one.token_file for one in SIMULATED),
    _TOKENS,
    _DATABASE,
    f"{_DATABASE}-wal",
    f"{_DATABASE}-shm",
)
_PLAIN, _OF_NEW_SUPPLIER, _REMOTE, _DOUBTED = 1, 2, 3, 12


class UnableToMakeDemo(Exception):
    """The folder named for the demo holds something else; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What was made: the settings to serve it with, whose tokens, which cases."""

    folder: Path
    config: Config
    tokens: dict[str, str]
    staff: tuple[DemoPerson, ...]
    cases: tuple[DemoCase, ...]

    def announce(self, address: str, *, alone: bool = False) -> str:
        """Write the tokens and this address to a file to source; gives what to tell a person.

        `alone`: nobody answers by itself.
        """
        lines = [f"export URL={shlex.quote(address)}"]
        lines += [f"export {name}={shlex.quote(token)}" for name, token in self.tokens.items()]
        _write_private(self.folder / _TOKENS, "\n".join(lines) + "\n")
        return "\n".join(
            [
                f"a fresh demo lies in {self.folder}; the next --demo replaces it",
                "",
                "cases, of Južna elektrika as applicant:",
                *(f"  {_line(case)}" for case in self.cases),
                "",
                f"messages to post, in {self.folder}:",
                *(f"  {name:24}{about}" for name, about in MESSAGES.items()),
                "",
                f"tokens (source {self.folder / _TOKENS}):",
                *(
                    f"  {name:22} {token}  {PARTIES[name].name}"
                    for name, token in self.tokens.items()
                ),
                "",
                "signs in to the dashboard (user name, password, role):",
                *(f"  {one.name:6} {one.password}  {one.role.value}" for one in self.staff),
                "",
                *(() if alone else _ANSWERING),
            ]
        )


_ANSWERING = (
    "answering by themselves, each in its own process (docs/other-side.md; not with --alone):",
    *(f"  {one.party.name}" for one in SIMULATED),
    "",
)


def _line(case: DemoCase) -> str:
    return f"{case.phase.value:28}{case.case_id}  {metering_site(case.point)}  {case.about}"


def make_demo(folder: Path, config: Config, now: datetime) -> Demo:
    """Make the folder afresh, with the past up to `now`. Raises UnableToMakeDemo, UnableToOpen."""
    _claim(folder)
    database = folder / _DATABASE
    tokens = {name: new_token() for name in PARTIES}
    staff = new_staff()
    own = replace(config, service=replace(config.service, database=database))
    with hold(database):
        write_moved_register(folder / _REGISTER, local_day(now))
        for name in _OWN_FILES:
            (folder / name).unlink(missing_ok=True)
        _first_set_up(database, folder / _REGISTER, tokens, now)
    by_party = {PARTIES[name].eic: token for name, token in tokens.items()}
    cases = asyncio.run(live_through_the_past(own, folder / _REGISTER, by_party, staff, now))
    for name, content in _messages(folder / _REGISTER, cases, now).items():
        (folder / name).write_bytes(content)
    write_meters(folder / _REGISTER, folder / METERS)
    for one in SIMULATED:
        _write_private(folder / one.token_file, tokens[one.token] + "\n")
    demo = Demo(folder=folder, config=own, tokens=tokens, staff=staff, cases=cases)
    lines = [_line(case) for case in cases]
    (folder / _MARK).write_text("\n".join([_MARK_TEXT, *lines, ""]), "utf-8")
    return demo


_MARK_TEXT = """Made by `scripts/serve --demo`, which replaces what it has made here. Its cases:
"""


def _claim(folder: Path) -> None:
    """Make the folder, or take one that an earlier demo has marked as its own."""
    mark = folder / _MARK
    if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UnableToMakeDemo(
            f"{folder} holds other things; name an empty or a new folder with --demo-folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not mark.exists():
        mark.write_text(_MARK_TEXT, "utf-8")


def _first_set_up(database: Path, register: Path, tokens: dict[str, str], now: datetime) -> None:
    with closing(open_for_writing(database)) as connection:
        migrate(connection)
        import_register(connection, register)
        for name, token in tokens.items():
            participants.issue_token(connection, Eic(PARTIES[name].eic), "demo", token, now)


def _messages(register: Path, cases: tuple[DemoCase, ...], now: datetime) -> dict[str, bytes]:
    """The messages of `MESSAGES`, for points that no case of the demo is about."""
    today, waiting = local_day(now), {case.phase: case for case in cases}[Phase.AWAITING_APPROVAL]
    stamp = f"{now.astimezone(LJUBLJANA):%Y%m%d-%H%M%S}"
    wrong_digits = {
        "Point/AccountingPoint": "383199900000000018",
        "ContractingParty/TaxNumber": "12345678",
    }
    return {
        "request.xml": request(_PLAIN, f"JE-{stamp}-1", now),
        "reading.xml": reading(
            _PLAIN, f"JE-{stamp}-2", now, value=usual_value(register, _PLAIN, today)
        ),
        "reading-too-high.xml": reading(
            _PLAIN, f"JE-{stamp}-3", now, value=usual_value(register, _PLAIN, today, times=10)
        ),
        "request-remote.xml": request(
            _REMOTE,
            f"JE-{stamp}-4",
            now,
            others={"RequestedDate/Date": today.isoformat()},
            without=("RequestedDate/AsSoonAsPossible",),
        ),
        "request-by-soncna.xml": request(
            _OF_NEW_SUPPLIER, f"SO-{stamp}-1", now, by=first_simulated()
        ),
        "reading-remote.xml": remote_reading(
            _REMOTE,
            f"MC-{stamp}-1",
            now,
            taken_at=start_of(today),
            value=usual_value(register, _REMOTE, today),
        ),
        "request-in-doubt.xml": request(
            _DOUBTED, f"JE-{stamp}-5", now, customer_name="Katarina Poskus Kranjc"
        ),
        "request-wrong-digit.xml": request(_PLAIN, f"JE-{stamp}-6", now, others=wrong_digits),
        "request-broken.xml": request(
            _PLAIN,
            f"JE-{stamp}-7",
            now,
            others={"NetworkChargePayer": "neighbour"},
            without=("ChosenSupplier/Direction",),
        ),
        "withdrawal.xml": withdrawal(waiting.point, f"JE-{stamp}-8", now, case_id=waiting.case_id),
    }


def _write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
