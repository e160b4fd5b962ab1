"""The other side of the demo: who is simulated, what their meters show, and their processes.

The processes are `python -m broker otherside …`; they are given an address, a token and a file.
"""

import asyncio
import csv
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import broker
from broker.engine.calendar import days_between
from broker.scenarios.demo_messages import first_simulated, metering_centre, second_simulated
from broker.scenarios.demo_register import KWH_A_DAY, rows
from broker.scenarios.posts import Party

_log = logging.getLogger(__name__)

METERS = "meters.csv"
_COLUMNS = ("serial_number", "register", "digits", "taken_at", "value", "per_day")
_STOP_WITHIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A party that answers by itself, the variable with its token, and how it is started."""

    party: Party
    token: str
    arguments: tuple[str, ...]

    @property
    def token_file(self) -> str:
        """The file in the demo's folder that holds its token alone."""
        return f"{self.token.removesuffix('_TOKEN').lower().replace('_', '-')}.token"


SIMULATED = (
    Simulated(
        party=metering_centre(),
        token="METERING_CENTRE_TOKEN",
        arguments=("metering-centre", "--meters", METERS),
    ),
    Simulated(
        party=first_simulated(), token="SONCNA_TOKEN", arguments=("supplier", "--delay", "5s")
    ),
    Simulated(
        party=second_simulated(), token="VZHODNA_TOKEN", arguments=("supplier", "--delay", "5s")
    ),
)


def write_meters(register: Path, path: Path) -> None:
    """Write what each register of the installed meters showed last, and what it adds a day."""
    readings = rows(register, "readings")
    installed = {m["serial_number"] for m in rows(register, "meters") if not m["removed_on"]}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        for one in rows(register, "meter_registers"):
            keys = ("serial_number", "register")
            of_register = [r for r in readings if all(r[key] == one[key] for key in keys)]
            if one["serial_number"] in installed and of_register:
                last = max(of_register, key=_day)
                per_day = _per_day(of_register, Decimal(one["multiplier"]))
                known = {"digits": one["digits"], "per_day": f"{per_day:.3f}"}
                known |= {key: last[key] for key in (*keys, "taken_at", "value")}
                writer.writerow(known)


def _day(reading: dict[str, str]) -> date:
    return date.fromisoformat(reading["taken_at"][:10])


def _per_day(readings: list[dict[str, str]], multiplier: Decimal) -> Decimal:
    """What the register has added a day between its first and its last reading, or the usual."""
    first, last = min(readings, key=_day), max(readings, key=_day)
    grown, days = (
        Decimal(last["value"]) - Decimal(first["value"]),
        days_between(*_days(first, last)),
    )
    return grown / days if days and grown > 0 else KWH_A_DAY / multiplier


def _days(first: dict[str, str], last: dict[str, str]) -> tuple[date, date]:
    return _day(first), _day(last)


@asynccontextmanager
async def other_side(folder: Path, address: str) -> AsyncIterator[None]:
    """The simulated parties at work at this address, each in a process, until the block ends."""
    async with AsyncExitStack() as started:
        for one in SIMULATED:
            await started.enter_async_context(_process(one, folder, address))
        yield


@asynccontextmanager
async def _process(one: Simulated, folder: Path, address: str) -> AsyncIterator[None]:
    """One party's process; it ends with the block, or with us, as it sees its input close."""
    command = [sys.executable, "-m", "broker", "otherside", *one.arguments, "--url", address]
    command += ["--token-file", one.token_file, "--every", "1s", "--while-input-is-open"]
    importable = str(Path(broker.__file__).parent.parent.absolute())
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": importable},
        stdin=asyncio.subprocess.PIPE,
        stdout=sys.stderr,
        start_new_session=True,
    )
    watch = asyncio.create_task(_tell_an_early_end(one, process))
    try:
        yield
    finally:
        watch.cancel()
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_WITHIN_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _tell_an_early_end(one: Simulated, process: asyncio.subprocess.Process) -> None:
    _log.warning("the simulated %s ended by itself: %d", one.party.name, await process.wait())
