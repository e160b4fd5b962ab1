"""The schema of what vouches for tables that change: sums over their rows, held by each seal.

A migration that has been released is never edited; a change is a new one. The triggers that keep
the sums follow from the tables there are: `row_sums.cover` makes them after all migrations.
"""

from sqlite_utils import Database, Migrations

evidence = Migrations("evidence")

_ROW_SUMS = """
CREATE TABLE row_sums (
    table_name TEXT PRIMARY KEY NOT NULL,
    sums BLOB NOT NULL CHECK (length(sums) = 72) -- see row_sums.Sums
) STRICT, WITHOUT ROWID
"""


@evidence(name="0001_row_sums")
def _row_sums(db: Database) -> None:
    db.execute(_ROW_SUMS)
    # NULL in seals from before; then they were made without it.
    db.execute("ALTER TABLE seals ADD COLUMN row_sums BLOB CHECK (length(row_sums) = 32)")
