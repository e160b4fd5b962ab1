"""The commands of who may speak for whom: tokens, certificates, delegations of suppliers."""

import argparse
from pathlib import Path
from typing import Any

from broker.ask_service import ask, in_path


def add_to(commands: Any, at_service: argparse.ArgumentParser) -> None:
    """Add the commands to the others; all of them speak to the running service."""
    _add_credentials(commands, at_service)
    _add_delegations(commands, at_service)


def _add_credentials(commands: Any, at_service: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        "tokens", parents=[at_service], help="a participant's tokens and certificates"
    )
    command.add_argument("eic")
    command.set_defaults(run=lambda options: ask(options, "GET", _of(options, "tokens"), None))

    command = commands.add_parser("issue", parents=[at_service], help="issue another token")
    _add_issuing(command)
    command.set_defaults(
        run=lambda options: ask(options, "POST", _of(options, "tokens"), _issued(options))
    )

    command = commands.add_parser(
        "certificate", parents=[at_service], help="register a client certificate"
    )
    _add_issuing(command)
    command.add_argument("file", type=Path, help="the certificate in PEM, without its key")
    command.set_defaults(run=_register)

    command = commands.add_parser(
        "revoke", parents=[at_service], help="end a token or certificate at once"
    )
    command.add_argument("eic")
    command.add_argument("label")
    _add_person(command)
    command.set_defaults(
        run=lambda options: ask(
            options,
            "DELETE",
            f"{_of(options, 'tokens')}/{in_path(options.label)}",
            _person(options),
        )
    )


def _add_issuing(command: argparse.ArgumentParser) -> None:
    command.add_argument("eic")
    command.add_argument("label")
    command.add_argument("--days", type=int, help="until when it is valid; without, until revoked")
    _add_person(command)


def _register(options: argparse.Namespace) -> int:
    try:
        certificate = options.file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise LookupError(f"{options.file}: {error}") from error
    body = {**_issued(options), "certificate": certificate}
    return ask(options, "POST", _of(options, "certificates"), body)


def _add_delegations(commands: Any, at_service: argparse.ArgumentParser) -> None:
    command = commands.add_parser("delegations", parents=[at_service], help="who acts for whom")
    command.set_defaults(run=lambda options: ask(options, "GET", "/operator/delegations", None))

    command = commands.add_parser(
        "delegate", parents=[at_service], help="let a service provider act for a supplier"
    )
    command.add_argument("provider", help="EIC of the service provider")
    command.add_argument("supplier", help="EIC of the supplier it acts for")
    command.add_argument("--from", dest="from_day", required=True, help="the first day")
    command.add_argument("--until", dest="until_day", required=True, help="the first day after")
    command.add_argument("--kind", action="append", default=[], help="of message; repeatable")
    command.add_argument("--mailbox", action="store_true", help="read and acknowledge documents")
    _add_person(command)
    command.set_defaults(
        run=lambda options: ask(options, "POST", "/operator/delegations", _delegated(options))
    )

    command = commands.add_parser(
        "end-delegation", parents=[at_service], help="end a delegation at once"
    )
    command.add_argument("number")
    _add_person(command)
    command.set_defaults(
        run=lambda options: ask(
            options,
            "DELETE",
            f"/operator/delegations/{in_path(options.number)}",
            _person(options),
        )
    )


def _add_person(command: argparse.ArgumentParser) -> None:
    command.add_argument("--by", required=True, help="who does it")
    command.add_argument("--why", required=True, help="the reason, kept in the journal")


def _of(options: argparse.Namespace, what: str) -> str:
    return f"/operator/participants/{in_path(options.eic)}/{what}"


def _person(options: argparse.Namespace) -> dict[str, str]:
    return {"by": options.by, "why": options.why}


def _issued(options: argparse.Namespace) -> dict[str, object]:
    return {"label": options.label, "days": options.days, **_person(options)}


def _delegated(options: argparse.Namespace) -> dict[str, object]:
    return {
        "provider": options.provider,
        "supplier": options.supplier,
        "kinds": options.kind,
        "mailbox": options.mailbox,
        "from_day": options.from_day,
        "until_day": options.until_day,
        **_person(options),
    }
