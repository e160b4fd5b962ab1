"""The commands about what is owed and what is kept: `owed`, `make-again` and `erase`.

All speak to the running service, which alone writes; `verify` looks for missing notices in a file.
"""

import argparse
from datetime import date
from typing import Any

from broker.ask_service import ask


def add_to(commands: Any, at_service: argparse.ArgumentParser) -> None:
    """Add the commands to the others."""
    command = commands.add_parser(
        "owed", parents=[at_service], help="notices that are owed and lie in no mailbox"
    )
    command.set_defaults(run=lambda options: ask(options, "GET", "/operator/notices/missing", None))

    command = commands.add_parser(
        "make-again", parents=[at_service], help="make missing notices again"
    )
    command.add_argument("--case", help="only those of this case, however old")
    command.add_argument("--by", required=True, help="who has them made")
    command.add_argument("--why", required=True, help="the reason, kept in the journal")
    command.set_defaults(
        run=lambda options: ask(
            options,
            "POST",
            "/operator/notices/again",
            {"case": options.case, "by": options.by, "why": options.why},
        )
    )

    command = commands.add_parser(
        "erase", parents=[at_service], help="erase a case, a customer, or what is old"
    )
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--case", help="this case")
    what.add_argument("--customer", help="all of the customer with this tax number")
    what.add_argument(
        "--before", type=date.fromisoformat, help="all that ended before a day, as 2021-01-01"
    )
    command.add_argument("--dry-run", action="store_true", help="only say what would go")
    command.add_argument("--by", required=True, help="who wants it erased")
    command.add_argument("--why", required=True, help="the reason, kept in the journal")
    command.set_defaults(
        run=lambda options: ask(
            options,
            "POST",
            "/operator/erasures",
            {
                "case": options.case,
                "customer": options.customer,
                "before": options.before.isoformat() if options.before else None,
                "dry_run": options.dry_run,
                "by": options.by,
                "why": options.why,
            },
        )
    )
