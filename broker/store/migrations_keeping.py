"""The schema of what is owed and what is kept: notices by event, contracts by case, who has left.

A migration that has been released is never edited; a change is a new one. What was there before is
made up from the other tables, so that older files are checked and erased like new ones.
"""

from sqlite_utils import Database, Migrations

from broker.store import retained

keeping = Migrations("keeping")

_INSTANT = "GLOB '????-??-??T??:??:??.??????Z'"

# Which notices each event wrote, to whom. It says of a document that is gone what it was.
_OWED_NOTICES = f"""
CREATE TABLE owed_notices (
    document_id TEXT PRIMARY KEY NOT NULL,
    at TEXT NOT NULL CHECK (at {_INSTANT}), -- when that happened which it is owed for
    case_id TEXT REFERENCES cases,          -- the case it comes of
    kind TEXT NOT NULL,
    party TEXT NOT NULL,
    in_place_of TEXT,                       -- the document that is gone, where it was made again
    recorded INTEGER REFERENCES journal     -- who had it made again, or what it tells of
) STRICT, WITHOUT ROWID
"""

# Those that were written before this table was.
_OWED_BEFORE = """
INSERT INTO owed_notices (document_id, at, case_id, kind, party)
SELECT document_id, created_at, coalesce(comes_of, case_id), kind, party FROM outbox
"""

# Which cases a contract is evidence for; it is kept as long as one of them (A9).
_CONTRACTS_OF_CASES = """
CREATE TABLE contracts_of_cases (
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    case_id TEXT NOT NULL REFERENCES cases,
    PRIMARY KEY (sha256, case_id)
) STRICT, WITHOUT ROWID
"""

_INDEXES = (
    # A document is made again once.
    ("CREATE UNIQUE INDEX made_again ON owed_notices (in_place_of) WHERE in_place_of IS NOT NULL"),
    # What a case owed.
    "CREATE INDEX owed_in_case ON owed_notices (case_id) WHERE case_id IS NOT NULL",
    # What was owed for something of no case.
    "CREATE INDEX owed_of_no_case ON owed_notices (at) WHERE case_id IS NULL",
    # The contracts of a case.
    "CREATE INDEX contracts_by_case ON contracts_of_cases (case_id)",
)

# Since when nothing refers to a customer, noted by whoever looks first.
_LEFT_ON = f"ALTER TABLE customers ADD COLUMN left_at TEXT CHECK (left_at {_INSTANT})"


@keeping(name="0001_owed_and_kept")
def _owed_and_kept(db: Database) -> None:
    for statement in (_OWED_NOTICES, _OWED_BEFORE, _CONTRACTS_OF_CASES, *_INDEXES, _LEFT_ON):
        db.execute(statement)
    retained.make_up_contracts(db.conn)
