"""A process that writes documents and prints each id once the writer has acknowledged it.

Run as `python -m tests.store.writes_until_killed DATABASE`; it does not end by itself.
"""

import asyncio
import itertools
import sys
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from broker.store import seals
from broker.store.connection import hold, open_for_writing
from broker.store.schema import migrate
from broker.store.writer import Writer
from tests.store.samples import T0, document_id, put_document


async def _write(connection: Connection) -> None:
    writer = Writer(connection, before_commit=lambda c: seals.seal(c, T0))
    writer.start()
    numbers = itertools.count()

    async def one_after_another() -> None:
        for number in numbers:
            await writer.submit(partial(put_document, number=number))
            print(document_id(number), flush=True)

    await asyncio.gather(*(one_after_another() for _ in range(8)))


if __name__ == "__main__":
    database = Path(sys.argv[1])
    with hold(database):
        opened = open_for_writing(database)
        migrate(opened)
        asyncio.run(_write(opened))
