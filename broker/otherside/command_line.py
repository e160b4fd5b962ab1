"""The command line of the simulated parties: `python -m broker otherside …`."""

import argparse
import asyncio
import re
import signal
import sys
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from broker.clock import SystemClock
from broker.otherside.duties import Conduct, Party
from broker.otherside.exchange import Exchange, UnableToTakePart
from broker.otherside.metering_centre import MeteringCentre
from broker.otherside.meters import meters_of
from broker.otherside.supplier import Supplier

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
_LENGTH_OF_TIME = re.compile(r"(\d{1,6})([smhd]?)")


def add_other_side(commands: Any) -> None:
    """Add `otherside` with its two roles to the commands of a parser."""
    command = commands.add_parser("otherside", help="a simulated party, over HTTP alone")
    roles = command.add_subparsers(required=True, metavar="role")

    role = roles.add_parser("metering-centre", help="answers reading orders")
    _add_conduct(role)
    role.add_argument("--meters", type=Path, required=True, help="what the meters show (CSV)")
    role.set_defaults(run=lambda options: _run(options, _metering_centre(options)))

    role = roles.add_parser("supplier", help="reports its new customers' readings")
    _add_conduct(role)
    role.add_argument(
        "--per-day", type=_decimal, default=Decimal(10), help="what a register adds a day"
    )
    role.set_defaults(run=lambda options: _run(options, Supplier(options.per_day, options.delay)))


def _add_conduct(role: argparse.ArgumentParser) -> None:
    role.add_argument("--url", default="http://127.0.0.1:8080")
    role.add_argument("--token-file", type=Path, required=True)
    role.add_argument("--every", type=_length_of_time, default="5s", help="how often it looks")
    role.add_argument("--delay", type=_length_of_time, default="0", help="be late: 90s, 15m, 25h")
    role.add_argument("--silent", action="store_true", help="answer and acknowledge nothing")
    role.add_argument(
        "--faulty-once", action="store_true", help="begin with a reading that goes backwards"
    )
    role.add_argument(
        "--while-input-is-open", action="store_true", help="end when the standard input ends"
    )


def _metering_centre(options: argparse.Namespace) -> MeteringCentre:
    return MeteringCentre(meters_of(options.meters), options.delay)


def _run(options: argparse.Namespace, role: MeteringCentre | Supplier) -> int:
    """Be this party until SIGTERM or SIGINT. Raises UnableToTakePart."""
    asyncio.run(_be(options, role))
    return 0


async def _be(options: argparse.Namespace, role: MeteringCentre | Supplier) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    if options.while_input_is_open:
        await loop.connect_read_pipe(lambda: _EndOfInput(stop), sys.stdin)
    conduct = Conduct(
        every_seconds=max(options.every.total_seconds(), 0.1),
        silent=options.silent,
        faulty_once=options.faulty_once,
    )
    async with ClientSession() as session:
        exchange = Exchange(session, options.url, _token(options.token_file))
        name = f"otherside.{options.token_file.stem}"
        await Party(exchange, SystemClock(), role.duty_of, conduct, name).work(stop)


class _EndOfInput(asyncio.Protocol):
    """Who started us holds our input open; it ends when they do, however that comes."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._stop.set()


def _token(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UnableToTakePart(f"{path} cannot be read: {error}") from error


def _length_of_time(text: str) -> timedelta:
    matched = _LENGTH_OF_TIME.fullmatch(text)
    if matched is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time such as 90s, 15m or 25h")
    return timedelta(seconds=int(matched[1]) * _SECONDS[matched[2]])


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error
