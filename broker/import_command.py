"""`broker import`: the first import into a file, or one into a living register over the service.

Exit codes: 0 all of it is on record, 1 refused and nothing is, 3 on record but for the rows that
the report lists.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from broker.ask_service import add_credentials, headers_of, open_url
from broker.clock import SystemClock
from broker.config import Config
from broker.store import seals
from broker.store.connection import hold, open_for_writing
from broker.store.register_import import RegisterNotEmpty
from broker.store.schema import migrate
from broker.usecases import check_register
from broker.usecases.checked_batches import UnableToCheck
from broker.usecases.import_register import (
    ImportCounts,
    UnableToImportFaultyRegister,
    import_register,
)
from broker.usecases.register_forms import FILES

DONE, REFUSED, DONE_IN_PART = 0, 1, 3
_ASK_EVERY_SECONDS = 0.5
_ANSWER_WITHIN_SECONDS = 600


def add_to(commands: Any, config_of: Callable[[argparse.Namespace], Config]) -> None:
    """Add the command to the command line; `config_of` gives the settings for its options."""
    command = commands.add_parser("import", help="load a register from its files")
    command.add_argument("source", type=Path, help="folder with the files, with --url also a zip")
    command.add_argument(
        "--skip-faulty", action="store_true", help="leave faulty rows out and load the rest"
    )
    command.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="draw a bar on stderr; without this only on a terminal",
    )
    command.add_argument("--url", help="into the living register of the service there")
    add_credentials(command)

    def run(options: argparse.Namespace) -> int:
        if options.url:
            return _import_into_service(options)
        return _first_import(options, config_of(options).service.database)

    command.set_defaults(run=run)


def _first_import(options: argparse.Namespace, database: Path) -> int:
    """Load the folder into the file, which no service holds. Raises UnableToOpen."""
    with hold(database), closing(open_for_writing(database)) as connection:
        migrate(connection)
        try:
            with _bar_for(options) as bar:
                counts = import_register(
                    connection, options.source, skip_faulty=options.skip_faulty, progress=bar
                )
            seals.seal(connection, SystemClock().now())
        except (UnableToImportFaultyRegister, UnableToCheck, RegisterNotEmpty) as error:
            print(f"broker: {error}", file=sys.stderr)
            print("broker: nothing was loaded", file=sys.stderr)
            return REFUSED
    for fault in counts.skipped:
        print(f"skipped {fault}")
    print(_in_words(counts))
    return DONE_IN_PART if counts.skipped else DONE


def _in_words(counts: ImportCounts) -> str:
    """What is on record now, in one line."""
    return (
        f"on record: {counts.participants} participants, {counts.customers} customers,"
        f" {counts.metering_sites} metering sites, {counts.accounting_points} accounting points,"
        f" {counts.supplies} supplies, {counts.meters} meters, {counts.readings} readings,"
        f" {counts.billed_quantities} billed quantities, {counts.daily_blocks} days of"
        f" quarter-hours; {counts.skipped_rows} rows skipped"
    )


def _import_into_service(options: argparse.Namespace) -> int:
    """Hand the files to the service, then ask how far it is until it is through."""
    if not options.source.exists():
        print(f"broker: {options.source} cannot be read", file=sys.stderr)
        return REFUSED
    with TemporaryDirectory(prefix="register-") as place:
        source = options.source
        upload = source if source.is_file() else _packed(source, Path(place) / "register.zip")
        query = "?skip-faulty=yes" if options.skip_faulty else ""
        with upload.open("rb") as content:
            status, told = _ask(options, f"/operator/imports{query}", content, upload)
    if status != 202:
        print(f"broker: {told.get('error', told)}", file=sys.stderr)
        return REFUSED
    with _bar_for(options) as bar:
        status, told = _wait_for(options, str(told["import"]), bar)
    if status != 200:
        why = told.get("error", "the service does not know the import any more")
        print(f"broker: {why}", file=sys.stderr)
        print("broker: an import that was interrupted can be repeated", file=sys.stderr)
        return REFUSED
    return _tell(told)


def _wait_for(
    options: argparse.Namespace, number: str, progress: check_register.Progress
) -> tuple[int, dict[str, Any]]:
    """The last answer about the import: it is through, or the service knows it no more."""
    while True:
        status, told = _ask(options, f"/operator/imports/{number}")
        if status != 200:
            return status, told
        progress(str(told["step"]), int(told["done"]), int(told["total"]))
        if told["state"] in ("done", "refused", "failed"):
            return status, told
        time.sleep(_ASK_EVERY_SECONDS)


def _tell(told: dict[str, Any]) -> int:
    """Print how an import into a living register ended; the exit code."""
    for line in told["skipped"]:
        print(f"skipped {line}")
    for line in told["faults"]:
        print(f"broker: {line}", file=sys.stderr)
    if told["state"] != "done":
        print("broker: nothing of it is on record", file=sys.stderr)
        return REFUSED
    print("added: " + ", ".join(f"{n} {name}" for name, n in told["added"].items()))
    print("changed: " + ", ".join(f"{n} {name}" for name, n in told["changed"].items()))
    return DONE_IN_PART if told["skipped"] else DONE


def _packed(folder: Path, target: Path) -> Path:
    """The register's files of the folder as one zip."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(FILES):
            if (folder / name).is_file():
                archive.write(folder / name, name)
    return target


def _ask(
    options: argparse.Namespace,
    path: str,
    content: IO[bytes] | None = None,
    upload: Path | None = None,
) -> tuple[int, dict[str, Any]]:
    """What the service answers: status and body; 0 where it does not answer."""
    headers = headers_of(options)
    if upload is not None:
        headers |= {
            "Content-Type": "application/zip",
            "Content-Length": str(upload.stat().st_size),
        }
    request = urllib.request.Request(options.url + path, data=content, headers=headers)
    try:
        with open_url(options, request, within_seconds=_ANSWER_WITHIN_SECONDS) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        body = error.read().decode("utf-8", "replace")
        known = error.headers.get_content_type() == "application/json"
        return error.code, json.loads(body) if known else {"error": body}
    except OSError as error:
        return 0, {"error": f"{options.url} does not answer: {error}"}


def _bar_for(options: argparse.Namespace) -> AbstractContextManager[check_register.Progress]:
    """The bar, on a terminal or where it is asked for."""
    asked = options.progress
    return bar_on(sys.stderr, wanted=sys.stderr.isatty() if asked is None else asked)


@contextmanager
def bar_on(stream: TextIO, *, wanted: bool) -> Iterator[check_register.Progress]:
    """What draws a bar for each step on this stream while the block runs, or does nothing."""
    if not wanted:
        yield check_register.no_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(file=stream, force_terminal=True)
    ) as bar:

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done, total=total)

        yield tell
