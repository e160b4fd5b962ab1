"""Lists as CSV files, as spreadsheets of this country open them: semicolons, UTF-8, a mark."""

import asyncio
import csv
import io
from collections.abc import Iterable
from itertools import chain

from aiohttp import web

LINES_MAX = 100_000
"""How many lines a file has at most."""
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


async def csv_answer(name: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> web.Response:
    """A file to save under this name. What a spreadsheet would take for a formula is made text.

    Rows are made as the text is, in a thread: so a long file holds up nobody at the door.
    """
    return web.Response(
        body=await asyncio.to_thread(_written, head, rows),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _written(head: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in chain([head], rows):
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell
