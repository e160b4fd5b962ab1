"""The schema of what the dashboard counts and looks through: figures of the flow, archive indexes.

A migration that has been released is never edited; a change is a new one. The tables repeat what
the journal says, so that nothing need be opened to count.
"""

from sqlite_utils import Database, Migrations

from broker.store import flow

flow_figures = Migrations("flow")

# One row a case, in the order in which figures are asked for: weeks, then suppliers.
_CASE_FLOW = """
CREATE TABLE case_flow (
    week TEXT NOT NULL CHECK (length(week) = 10), -- the Monday of the week of receipt
    supplier TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases,
    decision TEXT CHECK (decision IN ('approved', 'rejected')),
    straight_through INTEGER CHECK (straight_through IN (0, 1)),
    decision_seconds INTEGER CHECK (decision_seconds >= 0), -- from receipt
    ended TEXT CHECK (ended IN ('withdrawn', 'completed', 'failed')),
    completion_seconds INTEGER CHECK (completion_seconds >= 0), -- from receipt
    PRIMARY KEY (week, supplier, case_id),
    CHECK ((decision IS NULL) = (straight_through IS NULL)),
    CHECK ((decision IS NULL) = (decision_seconds IS NULL)),
    CHECK (completion_seconds IS NULL OR ended = 'completed')
) STRICT, WITHOUT ROWID
"""

_CASE_REFUSALS = """
CREATE TABLE case_refusals (
    week TEXT NOT NULL,
    supplier TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('rejected', 'failed')),
    reason TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases,
    PRIMARY KEY (week, supplier, what, reason, case_id)
) STRICT, WITHOUT ROWID
"""

# A counter, since a deadline's row goes when it is closed.
_DEADLINES_CLOSED = """
CREATE TABLE deadlines_closed (
    week TEXT NOT NULL CHECK (length(week) = 10), -- the Monday of the week in which it was closed
    kind TEXT NOT NULL,
    met INTEGER NOT NULL CHECK (met >= 0),
    missed INTEGER NOT NULL CHECK (missed >= 0),
    PRIMARY KEY (week, kind)
) STRICT, WITHOUT ROWID
"""

_INDEXES = (
    # Where what becomes of a case is noted; case numbers grow with time.
    "CREATE UNIQUE INDEX flow_of_case ON case_flow (case_id)",
    # The archive by time, by party, by kind, and the few that were not accepted. All grow at
    # their ends, as time goes.
    "CREATE INDEX inbox_by_time ON inbox (received_at)",
    "CREATE INDEX inbox_of_party ON inbox (party, received_at)",
    "CREATE INDEX inbox_of_kind ON inbox (kind, received_at) WHERE kind IS NOT NULL",
    "CREATE INDEX inbox_not_accepted ON inbox (received_at) WHERE http_status <> 200",
    # A mailbox with what has been acknowledged, and when it was last read.
    "CREATE INDEX outbox_of_party ON outbox (party, position)",
    (
        "CREATE INDEX outbox_fetched ON outbox (party, first_fetched_at)"
        " WHERE first_fetched_at IS NOT NULL"
    ),
    (
        "CREATE INDEX outbox_acknowledged ON outbox (party, acknowledged_at)"
        " WHERE acknowledged_at IS NOT NULL"
    ),
)


@flow_figures(name="0001_flow_and_archive")
def _flow_and_archive(db: Database) -> None:
    tables = (_CASE_FLOW, _CASE_REFUSALS, _DEADLINES_CLOSED)
    for statement in (*tables, *_INDEXES):
        db.execute(statement)
    flow.make_up(db.conn)
