"""The command `staff`: who may sign in to the dashboard. A password is typed or piped, never given
as an argument, where other users of the machine could read it.
"""

import argparse
import getpass
import sys
from typing import Any

from broker.ask_service import ask, in_path
from broker.store.staff import StaffRole


def add_to(commands: Any, at_service: argparse.ArgumentParser) -> None:
    """Add the command to the others; all of its parts speak to the running service."""
    staff = commands.add_parser("staff", help="who may sign in to the dashboard")
    parts = staff.add_subparsers(required=True, metavar="what")

    part = parts.add_parser("list", parents=[at_service], help="everybody, with roles")
    part.set_defaults(run=lambda options: ask(options, "GET", "/operator/staff", None))

    part = parts.add_parser("add", parents=[at_service], help="let a person sign in")
    part.add_argument("name", help="what is typed at sign-in: a-z 0-9 . _ -")
    part.add_argument("--full-name", required=True, help="as decisions show it")
    part.add_argument("--role", required=True, choices=[role.value for role in StaffRole])
    part.add_argument("--by", required=True, help="who lets the person in")
    part.set_defaults(
        run=lambda options: ask(options, "POST", "/operator/staff", _newcomer(options))
    )

    part = parts.add_parser("password", parents=[at_service], help="give another password")
    part.add_argument("name")
    part.add_argument("--by", required=True, help="who gives it")
    part.set_defaults(
        run=lambda options: ask(
            options,
            "POST",
            f"/operator/staff/{in_path(options.name)}/password",
            {"password": _password(), "by": options.by},
        )
    )

    part = parts.add_parser("remove", parents=[at_service], help="end a person's access at once")
    part.add_argument("name")
    part.add_argument("--by", required=True, help="who ends it")
    part.set_defaults(
        run=lambda options: ask(
            options, "DELETE", f"/operator/staff/{in_path(options.name)}", {"by": options.by}
        )
    )


def _newcomer(options: argparse.Namespace) -> dict[str, str]:
    return {
        "name": options.name,
        "full_name": options.full_name,
        "role": options.role,
        "password": _password(),
        "by": options.by,
    }


def _password() -> str:
    """The password as typed, or the first line of standard input where nobody types."""
    if sys.stdin.isatty():
        return getpass.getpass("password: ")
    return sys.stdin.readline().rstrip("\r\n")
