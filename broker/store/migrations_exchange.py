"""The schema of what is exchanged: messages in, cases, deadlines, journal, documents out.

A migration that has been released is never edited; a change is a new one. No `executescript`
in them: it would commit halfway.

Keys are integers in order of writing, or UUIDs in order of time: SQLite's limit is bytes written,
and random keys write more pages. Instants are text of one width (see instants). Digests are
`sha256(salt ‖ content)` of a payload, so they stay when the payload is erased. A case is saved
before any row that names it: foreign keys are checked at once, since one found at COMMIT would
take the whole batch down.
"""

from sqlite_utils import Database, Migrations

exchange = Migrations("exchange")

_INSTANT = "GLOB '????-??-??T??:??:??.??????Z'"

_PAYLOADS = f"""
CREATE TABLE payloads (
    payload_id INTEGER PRIMARY KEY CHECK (payload_id > 0),
    salt BLOB CHECK (length(salt) = 16),
    content BLOB,
    erased_at TEXT CHECK (erased_at {_INSTANT}),
    CHECK ((salt IS NULL) = (erased_at IS NOT NULL)),
    CHECK ((content IS NULL) = (erased_at IS NOT NULL))
) STRICT
"""

_CONTRACT_DOCUMENTS = f"""
CREATE TABLE contract_documents (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    content BLOB NOT NULL,
    stored_at TEXT NOT NULL CHECK (stored_at {_INSTANT})
) STRICT
"""

_CASES = f"""
CREATE TABLE cases (
    case_id TEXT PRIMARY KEY NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN (
        'new', 'collecting_claims', 'awaiting_confirmation', -- open
        'awaiting_objection_decision',                        -- open
        'awaiting_approval', 'awaiting_reading',              -- open
        'reading_under_review', 'period_over_under_review',   -- open
        'completed_unsettled', 'completed', 'rejected', 'withdrawn', 'failed'   -- ended
    )),
    accounting_point TEXT NOT NULL,
    delivery_point TEXT,
    applicant TEXT NOT NULL,
    opened_at TEXT NOT NULL CHECK (opened_at {_INSTANT}),
    ended_at TEXT CHECK (ended_at {_INSTANT}),
    waits_for TEXT CHECK (waits_for <> ''), -- what the operator must act on, NULL for nothing
    snapshot_payload INTEGER NOT NULL REFERENCES payloads,
    snapshot_digest BLOB NOT NULL CHECK (length(snapshot_digest) = 32),
    CHECK ((phase IN ('completed_unsettled', 'completed', 'rejected', 'withdrawn', 'failed'))
        = (ended_at IS NOT NULL)),
    CHECK (waits_for IS NULL OR ended_at IS NULL)
) STRICT, WITHOUT ROWID
"""

_CASE_PARTIES = f"""
CREATE TABLE case_parties (
    case_id TEXT NOT NULL REFERENCES cases,
    party TEXT NOT NULL,
    capacity TEXT NOT NULL
        CHECK (capacity IN ('applicant', 'new_supplier', 'old_supplier', 'metering_centre')),
    since TEXT NOT NULL CHECK (since {_INSTANT}),
    PRIMARY KEY (case_id, party, capacity)
) STRICT, WITHOUT ROWID
"""

_DEADLINES = f"""
CREATE TABLE deadlines (
    deadline_id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases,
    kind TEXT NOT NULL,
    act_at TEXT NOT NULL CHECK (act_at {_INSTANT}),
    limit_at TEXT NOT NULL CHECK (limit_at {_INSTANT}),
    warn_at TEXT CHECK (warn_at {_INSTANT}),
    rule TEXT NOT NULL,
    article TEXT NOT NULL,
    delivery_point TEXT,
    parked TEXT, -- why handling it failed; NULL while the sweep may take it
    UNIQUE (case_id, kind),
    CHECK (act_at <= limit_at)
) STRICT
"""

_JOURNAL = f"""
CREATE TABLE journal (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    case_id TEXT REFERENCES cases, -- NULL for what the operator did to the service as a whole
    kind TEXT NOT NULL,
    at TEXT NOT NULL CHECK (at {_INSTANT}),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    payload_id INTEGER NOT NULL REFERENCES payloads
) STRICT
"""

_INBOX = f"""
CREATE TABLE inbox (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    receipt TEXT NOT NULL UNIQUE,
    party TEXT NOT NULL,     -- the authenticated sender
    submitter TEXT NOT NULL, -- who handed it in: the sender itself, or a member of staff
    message_id TEXT,
    received_at TEXT NOT NULL CHECK (received_at {_INSTANT}),
    http_status INTEGER NOT NULL CHECK (http_status BETWEEN 200 AND 599),
    kind TEXT,
    case_id TEXT REFERENCES cases,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32), -- of the bytes
    bytes_payload INTEGER NOT NULL REFERENCES payloads,
    bytes_digest BLOB NOT NULL CHECK (length(bytes_digest) = 32),
    answer_payload INTEGER REFERENCES payloads,
    answer_digest BLOB CHECK (length(answer_digest) = 32),
    CHECK ((answer_payload IS NULL) = (answer_digest IS NULL)),
    CHECK ((answer_payload IS NULL) = (http_status >= 500)), -- a 5xx is never an answer to repeat
    CHECK (http_status <> 200 OR message_id IS NOT NULL)
) STRICT
"""

_OUTBOX = f"""
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY CHECK (position > 0), -- the order of commit
    document_id TEXT NOT NULL UNIQUE,
    party TEXT NOT NULL,
    kind TEXT NOT NULL,
    case_id TEXT REFERENCES cases,
    created_at TEXT NOT NULL CHECK (created_at {_INSTANT}),
    payload_id INTEGER NOT NULL REFERENCES payloads,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    first_fetched_at TEXT CHECK (first_fetched_at {_INSTANT}),
    acknowledged_at TEXT CHECK (acknowledged_at {_INSTANT})
) STRICT
"""

# The two columns of the outbox that change later are sealed here, as rows that never change. Each
# time a person sends a document again, the next round of its handovers begins.
_HANDOVERS = f"""
CREATE TABLE handovers (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    outbox_position INTEGER NOT NULL REFERENCES outbox,
    round INTEGER NOT NULL DEFAULT 0 CHECK (round >= 0), -- how often it had been sent again
    what TEXT NOT NULL CHECK (what IN ('fetched', 'acknowledged', 'sent_again')),
    at TEXT NOT NULL CHECK (at {_INSTANT}),
    recorded INTEGER REFERENCES journal, -- where it stands who sent it again and why
    UNIQUE (outbox_position, round, what),
    CHECK ((what = 'sent_again') = (recorded IS NOT NULL)),
    CHECK (what <> 'sent_again' OR round > 0)
) STRICT
"""

_SEALS = f"""
CREATE TABLE seals (
    seal_id INTEGER PRIMARY KEY CHECK (seal_id > 0),
    at TEXT NOT NULL CHECK (at {_INSTANT}),
    journal_to INTEGER NOT NULL CHECK (journal_to >= 0), -- the last position the seal covers
    inbox_to INTEGER NOT NULL CHECK (inbox_to >= 0),
    outbox_to INTEGER NOT NULL CHECK (outbox_to >= 0),
    handovers_to INTEGER NOT NULL CHECK (handovers_to >= 0),
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    seal BLOB NOT NULL CHECK (length(seal) = 32)
) STRICT
"""

_SWEEP = f"""
CREATE TABLE sweep (
    sweep_id INTEGER PRIMARY KEY CHECK (sweep_id = 1),
    stopped_at TEXT NOT NULL CHECK (stopped_at {_INSTANT}),
    why TEXT NOT NULL
) STRICT
"""

_ONE_OFF_DAYS = """
CREATE TABLE one_off_days (
    day TEXT PRIMARY KEY NOT NULL CHECK (day IS date(day, '+0 days'))
) STRICT, WITHOUT ROWID
"""

_INDEXES = (
    # At most one case in progress at a delivery point (A7, interpretation 7).
    "CREATE UNIQUE INDEX one_open_case ON cases (delivery_point) WHERE ended_at IS NULL",
    # What waits for the operator.
    "CREATE INDEX waiting_cases ON cases (case_id) WHERE waits_for IS NOT NULL",
    # What has been put aside and waits for a person.
    "CREATE INDEX parked_deadlines ON deadlines (case_id) WHERE parked IS NOT NULL",
    # The case a reading without case number is about: the newest at the accounting point.
    "CREATE INDEX cases_by_accounting_point ON cases (accounting_point, opened_at)",
    # What the sweep takes next.
    "CREATE INDEX due_deadlines ON deadlines (act_at) WHERE parked IS NULL",
    # What goes before an event at this delivery point.
    (
        "CREATE INDEX due_at_delivery_point ON deadlines (delivery_point, act_at)"
        " WHERE parked IS NULL AND delivery_point IS NOT NULL"
    ),
    # The records of a case, in order.
    "CREATE INDEX journal_of_case ON journal (case_id) WHERE case_id IS NOT NULL",
    # A message id is taken once by each sender, and only by a message answered 200.
    "CREATE UNIQUE INDEX accepted_messages ON inbox (party, message_id) WHERE http_status = 200",
    # The other attempts under a message id.
    (
        "CREATE INDEX refused_messages ON inbox (party, message_id)"
        " WHERE http_status <> 200 AND message_id IS NOT NULL"
    ),
    # A mailbox: what its party has not acknowledged, oldest first.
    "CREATE INDEX mailbox ON outbox (party, position) WHERE acknowledged_at IS NULL",
    # The messages about a case, also those it could not take.
    "CREATE INDEX messages_of_case ON inbox (case_id) WHERE case_id IS NOT NULL",
    # The documents of a case.
    "CREATE INDEX documents_of_case ON outbox (case_id) WHERE case_id IS NOT NULL",
)


@exchange(name="0001_first_schema")
def _first_schema(db: Database) -> None:
    tables = (
        _PAYLOADS,
        _CONTRACT_DOCUMENTS,
        _CASES,
        _CASE_PARTIES,
        _DEADLINES,
        _JOURNAL,
        _INBOX,
        _OUTBOX,
        _HANDOVERS,
        _SEALS,
        _SWEEP,
        _ONE_OFF_DAYS,
    )
    for statement in (*tables, *_INDEXES):
        db.execute(statement)


@exchange(name="0002_corrections")
def _corrections(db: Database) -> None:
    db.execute("ALTER TABLE cases ADD COLUMN process TEXT NOT NULL DEFAULT 'switch'")
    db.execute("""
        ALTER TABLE cases ADD COLUMN corrects TEXT REFERENCES cases (case_id)
            CHECK ((corrects IS NOT NULL) = (process = 'correction'))""")
    # The case a document comes of, also where it is about none of its addressee's.
    db.execute("ALTER TABLE outbox ADD COLUMN comes_of TEXT REFERENCES cases (case_id)")
    db.execute("CREATE INDEX documents_by_case ON outbox (comes_of) WHERE comes_of IS NOT NULL")
    # A switch is put right once.
    db.execute("CREATE UNIQUE INDEX one_correction ON cases (corrects) WHERE corrects IS NOT NULL")


# Who supplied on and was told of its point alone, in the case of another, was let see that case.
_NO_PARTIES = """
DELETE FROM case_parties WHERE capacity = 'old_supplier'
    AND EXISTS (SELECT 1 FROM outbox WHERE comes_of = case_parties.case_id
        AND outbox.party = case_parties.party AND outbox.case_id IS NULL)
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.case_id = case_parties.case_id
        AND outbox.party = case_parties.party)
"""


@exchange(name="0003_no_parties")
def _no_parties(db: Database) -> None:
    db.execute(_NO_PARTIES)
