"""The command line: serve, first set-up, verification, scenarios, and the operator's decisions."""

import argparse
import asyncio
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from broker import (
    access_command,
    ask_service,
    channel_command,
    evidence_command,
    import_command,
    keeping_command,
    staff_command,
)
from broker.ask_service import ask, in_path
from broker.clock import SystemClock
from broker.config import Config, UnableToReadConfig, read_config
from broker.ids import new_token
from broker.messages.identifiers import Eic
from broker.otherside.command_line import add_other_side
from broker.otherside.exchange import UnableToTakePart
from broker.places import UnableToListen
from broker.scenarios.coverage import PAGE, write_page
from broker.scenarios.demo import UnableToMakeDemo, make_demo
from broker.scenarios.demo_other_side import other_side
from broker.scenarios.files import FaultyScenario
from broker.scenarios.replay import replay_scenarios
from broker.scenarios.walkthrough import PAGE as WALKTHROUGH
from broker.scenarios.walkthrough import write_walkthrough
from broker.service import Service
from broker.store import participants, seals
from broker.store.connection import UnableToOpen, hold, open_for_writing
from broker.store.register import RegisterIsEmpty
from broker.store.schema import migrate
from broker.store.writer import UnableToWrite
from broker.usecases.operator_verbs import Verb
from broker.web.broken_http import leave_out_what_was_sent


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit code: 0 done, 1 refused or damaged, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # else two lines for every tick
    logging.getLogger("aiohttp.server").addFilter(leave_out_what_was_sent)
    try:
        code: int = options.run(options)
    except (
        UnableToReadConfig,
        UnableToOpen,
        UnableToWrite,
        RegisterIsEmpty,
        UnableToListen,
        UnableToMakeDemo,
        UnableToTakePart,
        FaultyScenario,
        LookupError,
    ) as error:
        print(f"broker: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broker", description=__doc__)
    parser.add_argument("--config", type=Path, help="settings file (TOML)")
    parser.add_argument("--database", type=Path, help="the SQLite file, before the settings")
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("serve", help="run the service")
    command.add_argument("--port", type=int, help="where to listen, before the settings")
    command.add_argument("--demo", action="store_true", help="serve a fresh sample to try out")
    command.add_argument(
        "--demo-folder", type=Path, default=Path("demo"), help="where the demo is made"
    )
    command.add_argument(
        "--alone", action="store_true", help="the demo without the simulated other side"
    )
    command.set_defaults(run=_serve)

    import_command.add_to(commands, _config)

    command = commands.add_parser("token", help="issue a first token (service stopped)")
    command.add_argument("eic")
    command.add_argument("label")
    command.set_defaults(run=_token)

    evidence_command.add_to(commands, _config)

    command = commands.add_parser("replay", help="run scenarios and tell them as timelines")
    command.add_argument("paths", type=Path, nargs="+", metavar="file-or-folder")
    command.set_defaults(run=_replay)

    command = commands.add_parser("coverage", help="write docs/rules-coverage.md anew")
    command.add_argument("--check", action="store_true", help="only say whether it is right")
    command.set_defaults(run=_coverage)

    command = commands.add_parser("walkthrough", help="write docs/walkthrough.md anew")
    command.add_argument("--check", action="store_true", help="only say whether it is right")
    command.set_defaults(run=_walkthrough)

    _add_operator_commands(commands)
    add_other_side(commands)
    return parser


def _add_operator_commands(commands: Any) -> None:
    """What the operator's staff do through the running service, with the operator's token."""
    at_service = ask_service.at_service()

    command = commands.add_parser("tasks", parents=[at_service], help="what waits for decision")
    command.set_defaults(run=lambda options: ask(options, "GET", "/operator/tasks", None))

    command = commands.add_parser("decide", parents=[at_service], help="decide a case")
    command.add_argument("case")
    command.add_argument(
        "decision",
        choices=[verb.value for verb in Verb],
    )
    command.add_argument("--by", required=True, help="who decides")
    command.add_argument("--why", required=True, help="the reason, kept in the journal")
    command.add_argument("--code", action="append", default=[], help="such as 260:E10; repeatable")
    command.add_argument("--text", help="free text, with 260:E14 only")
    command.add_argument("--supplier", help="whose objection is upheld, its EIC")
    command.add_argument("--day", help="with plan-visit: the day, as 2026-05-06")
    command.set_defaults(run=_decide)

    staff_command.add_to(commands, at_service)
    channel_command.add_to(commands, at_service)
    keeping_command.add_to(commands, at_service)

    command = commands.add_parser(
        "try-again", parents=[at_service], help="handle a case's parked deadlines again"
    )
    command.add_argument("case")
    command.add_argument("--by", required=True)
    command.add_argument("--why", required=True)
    command.set_defaults(
        run=lambda options: ask(
            options,
            "POST",
            f"/operator/cases/{in_path(options.case)}/try-again",
            {"by": options.by, "why": options.why},
        )
    )

    access_command.add_to(commands, at_service)

    command = commands.add_parser("go-on", parents=[at_service], help="trust the clock again")
    command.add_argument("--by", required=True)
    command.add_argument("--why", required=True)
    command.set_defaults(
        run=lambda options: ask(
            options, "POST", "/operator/sweep/go-on", {"by": options.by, "why": options.why}
        )
    )


def _config(options: argparse.Namespace) -> Config:
    return read_config(options.config).with_overrides(
        database=options.database, port=getattr(options, "port", None)
    )


def _serve(options: argparse.Namespace) -> int:
    config, clock = _config(options), SystemClock()
    announce: Callable[[str], str] = _say_nothing
    beside: Beside = _nobody
    if options.demo:
        if options.database is not None:
            raise UnableToMakeDemo("--demo has a file of its own: leave out --database")
        demo = make_demo(options.demo_folder, config, clock.now())
        config, announce = demo.config, partial(demo.announce, alone=options.alone)
        beside = _nobody if options.alone else partial(other_side, demo.folder)
    try:
        asyncio.run(run_service(Service(config, clock), announce, beside))
    except RegisterIsEmpty as error:
        raise RegisterIsEmpty(_NO_REGISTER.format(database=config.service.database)) from error
    return 0


_NO_REGISTER = """{database} holds no register yet. Import one first:
    python -m broker --database {database} import FOLDER
docs/register-format.md describes its files, fixtures/register is a sample.
To try the broker out: scripts/serve --demo"""


Beside = Callable[[str], AbstractAsyncContextManager[None]]


def _say_nothing(_: str) -> str:
    return ""


def _nobody(_: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


async def run_service(
    service: Service, announce: Callable[[str], str], beside: Beside = _nobody
) -> None:
    """Run until SIGTERM or SIGINT, then finish what is under way; SIGHUP reloads the certificate.

    `announce` is given the address once the service answers there; what it gives is printed.
    `beside` is what runs as long as the service, given the same address.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, service.reload_certificate)
    await service.start()
    try:
        told = announce(service.address)
        async with beside(service.address):
            print(f"{told}the broker listens on {service.address}")
            print(f"the dashboard is at {service.dashboard_address}", flush=True)
            await stop.wait()
    finally:
        await service.stop()


def _token(options: argparse.Namespace) -> int:
    path, token = _config(options).service.database, new_token()
    with hold(path), closing(open_for_writing(path)) as connection:
        migrate(connection)
        if participants.participant(connection, Eic(options.eic)) is None:
            raise LookupError(f"no participant {options.eic}")
        try:
            participants.issue_token(
                connection, Eic(options.eic), options.label, token, SystemClock().now()
            )
        except sqlite3.IntegrityError as error:
            raise LookupError(
                f"{options.eic} has a token labelled {options.label!r}: revoke it or take another"
            ) from error
        seals.seal(connection, SystemClock().now())
    print(token)
    return 0


def _replay(options: argparse.Namespace) -> int:
    logging.getLogger().setLevel(logging.ERROR)
    console = Console(width=None if sys.stdout.isatty() else 120)
    return 1 if asyncio.run(replay_scenarios(options.paths, console)) else 0


def _coverage(options: argparse.Namespace) -> int:
    if write_page(PAGE, only_check=options.check):
        return 0
    print(f"{PAGE} is stale: run `python -m broker coverage`", file=sys.stderr)
    return 1


def _walkthrough(options: argparse.Namespace) -> int:
    logging.getLogger().setLevel(logging.ERROR)
    if write_walkthrough(WALKTHROUGH, only_check=options.check):
        return 0
    print(f"{WALKTHROUGH} is stale: run `python -m broker walkthrough`", file=sys.stderr)
    return 1


def _decide(options: argparse.Namespace) -> int:
    body = {
        "decision": options.decision,
        "by": options.by,
        "why": options.why,
        "codes": options.code,
        "text": options.text,
        "supplier": options.supplier,
        "day": options.day,
    }
    return ask(options, "POST", f"/operator/cases/{in_path(options.case)}/decision", body)


if __name__ == "__main__":
    sys.exit(main())
