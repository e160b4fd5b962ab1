"""The schema of the dashboard: staff and their sessions, words of customers, mails to staff.

A migration that has been released is never edited; a change is a new one. A password is kept as
its argon2 hash, a session as the SHA-256 of what its cookie holds, so the file gives none away.
"""

from sqlite_utils import Database, Migrations

dashboard = Migrations("dashboard")

_INSTANT = "GLOB '????-??-??T??:??:??.??????Z'"

_STAFF = f"""
CREATE TABLE staff (
    staff_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 2 AND 40 AND name NOT GLOB '*[^a-z0-9._-]*'),
    full_name TEXT NOT NULL CHECK (full_name <> ''),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'clerk')),
    password_hash TEXT NOT NULL CHECK (password_hash GLOB '$argon2id$*'),
    added_at TEXT NOT NULL CHECK (added_at {_INSTANT}),
    removed_at TEXT CHECK (removed_at {_INSTANT}) -- the row stays: decisions bear the name
) STRICT
"""

_SESSIONS = f"""
CREATE TABLE staff_sessions (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    staff_id INTEGER NOT NULL REFERENCES staff,
    signed_in_at TEXT NOT NULL CHECK (signed_in_at {_INSTANT}),
    last_seen_at TEXT NOT NULL CHECK (last_seen_at {_INSTANT}),
    CHECK (signed_in_at <= last_seen_at)
) STRICT, WITHOUT ROWID
"""

_INDEXES = (
    # A name is one person's; the name of somebody removed is free again.
    "CREATE UNIQUE INDEX staff_by_name ON staff (name) WHERE removed_at IS NULL",
    # What ends when a person is removed or gets another password.
    "CREATE INDEX sessions_of_staff ON staff_sessions (staff_id)",
)

# A mail to staff, noted before it is sent; begun and not sent: nobody knows whether it was.
_MAILS = f"""
CREATE TABLE staff_mails (
    mail_id INTEGER PRIMARY KEY,
    about TEXT NOT NULL CHECK (about <> ''),
    recipient TEXT NOT NULL CHECK (recipient LIKE '%_@_%'),
    noted_at TEXT NOT NULL CHECK (noted_at {_INSTANT}),
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    try_at TEXT NOT NULL CHECK (try_at {_INSTANT}),
    begun_at TEXT CHECK (begun_at {_INSTANT}),
    sent_at TEXT CHECK (sent_at {_INSTANT}),
    failure TEXT,
    UNIQUE (about, recipient),
    CHECK (sent_at IS NULL OR begun_at IS NOT NULL)
) STRICT
"""
_UNSENT_MAILS = "CREATE INDEX unsent_mails ON staff_mails (noted_at) WHERE sent_at IS NULL"

_WORDS = "name, street, postal_code, city"

# The words of customers' names and addresses. The text itself stays in the table of customers.
_CUSTOMER_WORDS = f"""
CREATE VIRTUAL TABLE customer_words USING fts5(
    {_WORDS}, content = 'customers', content_rowid = 'customer', prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
)
"""
_FORGET = f"""INSERT INTO customer_words (customer_words, rowid, {_WORDS})
    VALUES ('delete', OLD.customer, OLD.name, OLD.street, OLD.postal_code, OLD.city)"""
_LEARN = f"""INSERT INTO customer_words (rowid, {_WORDS})
    VALUES (NEW.customer, NEW.name, NEW.street, NEW.postal_code, NEW.city)"""
# A word that is deleted stays in older parts of the index until these are merged: SQLite deletes at
# once only from 3.42 on. So what is erased has all parts written anew, without it.
_MERGE = "INSERT INTO customer_words (customer_words) VALUES ('optimize')"
_CUSTOMER_TRIGGERS = (
    f"CREATE TRIGGER customer_added AFTER INSERT ON customers BEGIN {_LEARN}; END",
    f"CREATE TRIGGER customer_removed AFTER DELETE ON customers BEGIN {_FORGET}; END",
    f"""CREATE TRIGGER customer_changed AFTER UPDATE OF {_WORDS} ON customers
    WHEN NEW.erased_at IS NULL BEGIN {_FORGET}; {_LEARN}; END""",
    f"""CREATE TRIGGER customer_erased AFTER UPDATE OF {_WORDS} ON customers
    WHEN NEW.erased_at IS NOT NULL BEGIN {_FORGET}; {_MERGE}; END""",
)
# The same with lists of longer beginnings: without one of its length, all words with a beginning
# are put together in memory first, which takes long for what everybody bears ("ulica").
_LONGER_BEGINNINGS = _CUSTOMER_WORDS.replace("prefix = '2 3'", "prefix = '2 3 4 5 6'")
_LEARN_ALL = "INSERT INTO customer_words (customer_words) VALUES ('rebuild')"


@dashboard(name="0001_staff")
def _staff(db: Database) -> None:
    for statement in (_STAFF, _SESSIONS, *_INDEXES):
        db.execute(statement)


@dashboard(name="0002_customer_words")
def _customer_words(db: Database) -> None:
    for statement in (_CUSTOMER_WORDS, *_CUSTOMER_TRIGGERS, _LEARN_ALL):
        db.execute(statement)


@dashboard(name="0003_staff_mails")
def _staff_mails(db: Database) -> None:
    db.execute(_MAILS)
    db.execute(_UNSENT_MAILS)


@dashboard(name="0004_cancelled_quantities_of_a_point")
def _cancelled_quantities_of_a_point(db: Database) -> None:
    db.execute("CREATE INDEX cancelled_of_point ON cancelled_quantities (accounting_point)")


@dashboard(name="0005_longer_beginnings_of_words")
def _longer_beginnings_of_words(db: Database) -> None:
    for statement in ("DROP TABLE customer_words", _LONGER_BEGINNINGS, _LEARN_ALL):
        db.execute(statement)
