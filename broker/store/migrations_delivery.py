"""The schema of channels: where documents are pushed to, how that goes, what has been put aside.

A migration that has been released is never edited; a change is a new one. Nothing legal hangs on
these tables: what is owed lies in the mailbox, what was handed over is a row of `handovers`.
"""

from sqlite_utils import Database, Migrations

delivery = Migrations("delivery")

_INSTANT = "GLOB '????-??-??T??:??:??.??????Z'"

# A party's channel and how it does. The secret must be readable, since every push is signed by it.
_CHANNELS = f"""
CREATE TABLE channels (
    channel_id INTEGER PRIMARY KEY AUTOINCREMENT, -- another set-up is another channel
    party TEXT NOT NULL UNIQUE REFERENCES participants (eic),
    kind TEXT NOT NULL CHECK (kind IN ('webhook', 'mail')),
    address TEXT NOT NULL CHECK (address <> ''),
    language TEXT NOT NULL CHECK (language IN ('sl', 'en')),
    set_at TEXT NOT NULL CHECK (set_at {_INSTANT}),
    secret TEXT CHECK (secret <> ''),
    former_secret TEXT CHECK (former_secret <> ''),
    former_until TEXT CHECK (former_until {_INSTANT}),
    handed_to INTEGER NOT NULL DEFAULT 0, -- the mailbox has been gone through up to here
    try_at TEXT NOT NULL CHECK (try_at {_INSTANT}),
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- in a row
    failing_since TEXT CHECK (failing_since {_INSTANT}),
    opened_at TEXT CHECK (opened_at {_INSTANT}), -- the circuit; NULL while it is closed
    put_aside_in_a_row INTEGER NOT NULL DEFAULT 0 CHECK (put_aside_in_a_row >= 0),
    last_accepted_at TEXT CHECK (last_accepted_at {_INSTANT}),
    last_failed_at TEXT CHECK (last_failed_at {_INSTANT}),
    last_fault TEXT,
    last_why TEXT,
    CHECK ((kind = 'webhook') = (secret IS NOT NULL)),
    CHECK ((former_secret IS NULL) = (former_until IS NULL)),
    CHECK ((failures = 0) = (failing_since IS NULL)),
    CHECK (opened_at IS NULL OR failures > 0),
    CHECK ((last_failed_at IS NULL) = (last_fault IS NULL)),
    CHECK ((last_failed_at IS NULL) = (last_why IS NULL))
) STRICT
"""

# A document that a channel has handed over, that its party refuses, or that is to be pushed again.
_PUSHES = f"""
CREATE TABLE pushes (
    outbox_position INTEGER PRIMARY KEY REFERENCES outbox,
    party TEXT NOT NULL,
    refusals INTEGER NOT NULL DEFAULT 0 CHECK (refusals >= 0),
    why TEXT, -- it was refused last
    accepted_by TEXT CHECK (accepted_by IN ('webhook', 'mail')),
    accepted_at TEXT CHECK (accepted_at {_INSTANT}),
    put_aside_at TEXT CHECK (put_aside_at {_INSTANT}),
    CHECK ((accepted_by IS NULL) = (accepted_at IS NULL)),
    CHECK (accepted_at IS NULL OR put_aside_at IS NULL)
) STRICT
"""

_INDEXES = (
    # What is pushed before anything else, since it is older.
    (
        "CREATE INDEX open_pushes ON pushes (party, outbox_position)"
        " WHERE accepted_at IS NULL AND put_aside_at IS NULL"
    ),
    # What waits for a person.
    (
        "CREATE INDEX pushes_put_aside ON pushes (party, outbox_position)"
        " WHERE put_aside_at IS NOT NULL"
    ),
)


@delivery(name="0001_channels")
def _channels(db: Database) -> None:
    for statement in (_CHANNELS, _PUSHES, *_INDEXES):
        db.execute(statement)
