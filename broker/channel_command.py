"""The command `channel`: where documents are pushed to besides the mailbox, per party."""

import argparse
from typing import Any

from broker.ask_service import ask, in_path


def add_to(commands: Any, at_service: argparse.ArgumentParser) -> None:
    """Add the command to the others; all of its parts speak to the running service."""
    channel = commands.add_parser("channel", help="where a party's documents are pushed to")
    parts = channel.add_subparsers(required=True, metavar="what")
    person = argparse.ArgumentParser(add_help=False)
    person.add_argument("--by", required=True, help="who does it")
    person.add_argument("--why", required=True, help="the reason, kept in the journal")

    part = parts.add_parser("list", parents=[at_service], help="every channel and how it does")
    part.set_defaults(run=lambda options: ask(options, "GET", "/operator/channels", None))

    part = parts.add_parser(
        "webhook", parents=[at_service, person], help="post to an endpoint; prints the secret once"
    )
    part.add_argument("eic")
    part.add_argument("address", help="https://…")
    part.set_defaults(run=lambda options: ask(options, "POST", _of(options), _webhook(options)))

    part = parts.add_parser("mail", parents=[at_service, person], help="send e-mails")
    part.add_argument("eic")
    part.add_argument("address", help="notices@supplier.example")
    part.add_argument("--language", choices=["sl", "en"], default="sl", help="of the mail's text")
    part.set_defaults(run=lambda options: ask(options, "POST", _of(options), _mail(options)))

    for name, method, beneath, told in (
        ("none", "DELETE", "", "push nothing more: the mailbox alone"),
        ("secret", "POST", "/secret", "another secret for a webhook, printed once"),
        ("try-again", "POST", "/try-again", "try at once, also what was put aside"),
    ):
        part = parts.add_parser(name, parents=[at_service, person], help=told)
        part.add_argument("eic")
        part.set_defaults(
            run=lambda options, method=method, beneath=beneath: ask(
                options, method, _of(options) + beneath, {"by": options.by, "why": options.why}
            )
        )

    part = parts.add_parser("test", parents=[at_service], help="send a test, without content")
    part.add_argument("eic")
    part.set_defaults(run=lambda options: ask(options, "POST", f"{_of(options)}/test", None))


def _webhook(options: argparse.Namespace) -> dict[str, str]:
    return {
        "kind": "webhook",
        "address": options.address,
        "by": options.by,
        "why": options.why,
    }


def _mail(options: argparse.Namespace) -> dict[str, str]:
    return {
        "kind": "mail",
        "address": options.address,
        "language": options.language,
        "by": options.by,
        "why": options.why,
    }


def _of(options: argparse.Namespace) -> str:
    """The address of the party's channel."""
    return f"/operator/participants/{in_path(options.eic)}/channel"
