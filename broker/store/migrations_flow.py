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


# The sums of the cases of a week and supplier, and of their grounds, kept by triggers: a year of
# figures is then some hundred rows to read, however many cases there were.
_FLOW_SUMS = """
CREATE TABLE flow_sums (
    week TEXT NOT NULL,
    supplier TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    approved INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    straight_through INTEGER NOT NULL DEFAULT 0,
    decision_seconds INTEGER NOT NULL DEFAULT 0,
    longest_decision_seconds INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    completion_seconds INTEGER NOT NULL DEFAULT 0,
    longest_completion_seconds INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (week, supplier)
) STRICT, WITHOUT ROWID
"""
_GROUND_SUMS = """
CREATE TABLE ground_sums (
    week TEXT NOT NULL,
    supplier TEXT NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    PRIMARY KEY (week, supplier, what, reason)
) STRICT, WITHOUT ROWID
"""
_SUMS_UNTIL_NOW = (
    """INSERT INTO flow_sums
    SELECT week, supplier, count(*), count(decision) FILTER (WHERE decision = 'approved'),
        count(decision) FILTER (WHERE decision = 'rejected'), coalesce(sum(straight_through), 0),
        coalesce(sum(decision_seconds), 0), coalesce(max(decision_seconds), 0),
        count(ended) FILTER (WHERE ended = 'withdrawn'),
        count(ended) FILTER (WHERE ended = 'failed'), count(completion_seconds),
        coalesce(sum(completion_seconds), 0), coalesce(max(completion_seconds), 0)
    FROM case_flow GROUP BY week, supplier""",
    """INSERT INTO ground_sums
    SELECT week, supplier, what, reason, count(*) FROM case_refusals
    GROUP BY week, supplier, what, reason""",
)
# What a case adds to a sum: nothing before it is there, and what its row says afterwards.
_COUNTED = {
    "requests": "{row}.case_id IS NOT NULL",
    "approved": "coalesce({row}.decision = 'approved', 0)",
    "rejected": "coalesce({row}.decision = 'rejected', 0)",
    "straight_through": "coalesce({row}.straight_through, 0)",
    "decision_seconds": "coalesce({row}.decision_seconds, 0)",
    "withdrawn": "coalesce({row}.ended = 'withdrawn', 0)",
    "failed": "coalesce({row}.ended = 'failed', 0)",
    "completed": "{row}.completion_seconds IS NOT NULL",
    "completion_seconds": "coalesce({row}.completion_seconds, 0)",
}


def _add_to_sums(name: str, when: str, *, new: bool, old: bool) -> str:
    """A trigger that adds what a row of a case counts now, and takes away what it counted."""
    row = "NEW" if new else "OLD"
    added = ", ".join(
        f"{column} = {column}"
        + (f" + ({counted.format(row='NEW')})" if new else "")
        + (f" - ({counted.format(row='OLD')})" if old else "")
        for column, counted in _COUNTED.items()
    )
    longest = "".join(
        f", longest_{kind}_seconds = max(longest_{kind}_seconds, coalesce(NEW.{kind}_seconds, 0))"
        for kind in (("decision", "completion") if new else ())
    )
    return f"""CREATE TRIGGER {name} AFTER {when} ON case_flow BEGIN
        INSERT INTO flow_sums (week, supplier) VALUES ({row}.week, {row}.supplier)
            ON CONFLICT DO NOTHING;
        UPDATE flow_sums SET {added}{longest}
            WHERE (week, supplier) = ({row}.week, {row}.supplier);
    END"""


_SUM_TRIGGERS = (
    _add_to_sums("flow_begun", "INSERT", new=True, old=False),
    _add_to_sums("flow_moved", "UPDATE", new=True, old=True),
    _add_to_sums("flow_gone", "DELETE", new=False, old=True),
    """CREATE TRIGGER ground_given AFTER INSERT ON case_refusals BEGIN
        INSERT INTO ground_sums VALUES (NEW.week, NEW.supplier, NEW.what, NEW.reason, 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
    END""",
    """CREATE TRIGGER ground_gone AFTER DELETE ON case_refusals BEGIN
        UPDATE ground_sums SET number = number - 1 WHERE (week, supplier, what, reason)
            = (OLD.week, OLD.supplier, OLD.what, OLD.reason);
    END""",
)


@flow_figures(name="0001_flow_and_archive")
def _flow_and_archive(db: Database) -> None:
    tables = (_CASE_FLOW, _CASE_REFUSALS, _DEADLINES_CLOSED)
    for statement in (*tables, *_INDEXES):
        db.execute(statement)
    flow.make_up(db.conn)


@flow_figures(name="0002_sums_of_weeks")
def _sums_of_weeks(db: Database) -> None:
    for statement in (_FLOW_SUMS, _GROUND_SUMS, *_SUMS_UNTIL_NOW, *_SUM_TRIGGERS):
        db.execute(statement)
