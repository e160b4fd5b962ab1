"""Lists as CSV files, as spreadsheets of this country open them: semicolons, UTF-8, a mark."""

import csv
import io
from collections.abc import Iterable

from aiohttp import web

LINES_MAX = 100_000
"""How many lines a file has at most."""
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_answer(name: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> web.Response:
    """A file to save under this name. What a spreadsheet would take for a formula is made text."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (head, *rows):
        writer.writerow([_harmless(cell) for cell in row])
    return web.Response(
        body=text.getvalue().encode("utf-8-sig"),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell
