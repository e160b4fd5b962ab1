"""Who takes part and whose token it is, on a real file with the sample register."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from sqlite_utils import Database

from broker.messages.codes import Role
from broker.messages.identifiers import Eic
from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.store.participants import (
    NoSuchCredential,
    authenticate,
    issue_token,
    owner_of_certificate,
    participant,
    participants,
    revoke,
    supplier_facts,
)
from broker.usecases.import_register import import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
SEVERNA = Eic("28XSEVER-ENERGI8")
INACTIVE = Eic("28XZAHOD-NEAKTIY")
WITHOUT_BALANCE_GROUP = Eic("28XBREZ-SKUPINES")
METERING_CENTRE = Eic("28XMERILNI-CENTD")
STRANGER = Eic("28XTUJEC-------0")
NOON = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
ONE_O_CLOCK = NOON.replace(hour=13)
TOKEN = "5f" * 32


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


class TestParticipants:
    """The register of participants (A33)."""

    def test_a_participant_with_its_roles(self, conn: Connection) -> None:
        operator = participant(conn, Eic("28XOMREZJE-ZGLE0"))
        assert operator is not None
        assert operator.name == "Omrežje Zgled"
        assert operator.roles == (Role.SUPPLIER, Role.GRID_OPERATOR)

    def test_a_stranger_is_none(self, conn: Connection) -> None:
        assert participant(conn, STRANGER) is None

    def test_all_are_listed(self, conn: Connection) -> None:
        assert len(participants(conn)) == 9

    def test_what_the_engine_may_know(self, conn: Connection) -> None:
        asked = [SEVERNA, INACTIVE, WITHOUT_BALANCE_GROUP, METERING_CENTRE, STRANGER, SEVERNA]
        found = [
            (facts.eic, facts.active, facts.supplier, facts.in_balance_group)
            for facts in supplier_facts(conn, asked)
        ]
        assert found == [
            (SEVERNA, True, True, True),
            (INACTIVE, False, True, True),
            (WITHOUT_BALANCE_GROUP, True, True, False),
            (METERING_CENTRE, True, False, False),
        ]


class TestTokens:
    """A token speaks for its party from issue to expiry or revocation."""

    def test_it_authenticates(self, conn: Connection) -> None:
        issue_token(conn, SEVERNA, "produkcija", TOKEN, NOON)
        party = authenticate(conn, TOKEN, NOON)
        assert party is not None
        assert party.eic == SEVERNA

    def test_an_unknown_one_does_not(self, conn: Connection) -> None:
        assert authenticate(conn, TOKEN, NOON) is None

    def test_an_inactive_party_is_known_so_that_it_can_be_told(self, conn: Connection) -> None:
        issue_token(conn, INACTIVE, "produkcija", TOKEN, NOON)
        party = authenticate(conn, TOKEN, NOON)
        assert party is not None
        assert not party.active

    def test_an_expired_one_does_not(self, conn: Connection) -> None:
        issue_token(conn, SEVERNA, "produkcija", TOKEN, NOON, expires_at=ONE_O_CLOCK)
        assert authenticate(conn, TOKEN, NOON.replace(minute=59)) is not None
        assert authenticate(conn, TOKEN, ONE_O_CLOCK) is None

    def test_a_revoked_one_does_not(self, conn: Connection) -> None:
        issue_token(conn, SEVERNA, "produkcija", TOKEN, NOON)
        revoke(conn, SEVERNA, "produkcija", ONE_O_CLOCK)
        assert authenticate(conn, TOKEN, ONE_O_CLOCK) is None
        with pytest.raises(NoSuchCredential):
            revoke(conn, SEVERNA, "produkcija", ONE_O_CLOCK)

    def test_a_label_is_free_again_after_revocation(self, conn: Connection) -> None:
        issue_token(conn, SEVERNA, "produkcija", TOKEN, NOON)
        with pytest.raises(IntegrityError):
            issue_token(conn, SEVERNA, "produkcija", "6e" * 32, NOON)
        revoke(conn, SEVERNA, "produkcija", NOON)
        issue_token(conn, SEVERNA, "produkcija", "6e" * 32, NOON)
        assert authenticate(conn, "6e" * 32, NOON) is not None

    def test_only_its_hash_is_kept(self, conn: Connection, tmp_path: Path) -> None:
        issue_token(conn, SEVERNA, "produkcija", TOKEN, NOON)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert TOKEN.encode() not in (tmp_path / "register.db").read_bytes()

    def test_a_stranger_gets_none(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError):
            issue_token(conn, STRANGER, "produkcija", TOKEN, NOON)


def test_tokens_and_roles_from_before_certificates_are_kept(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "old.db")) as connection:
        register.apply(Database(connection), stop_before="certificates_beside_tokens")
        connection.execute(
            "INSERT INTO participants (eic, name, active, tax_number, registration_number,"
            " message_address, credential_manager_name, credential_manager_email, affiliate,"
            " network_charge_contract) VALUES (?, 'Severna', 1, '87654334', '6123465', 'x', 'P',"
            " 'p@example.com', 0, 1)",
            (SEVERNA,),
        )
        connection.execute(
            "INSERT INTO participant_roles (eic, role) VALUES (?, 'DDQ')", (SEVERNA,)
        )
        before = connection.execute("SELECT * FROM participant_roles ORDER BY eic, role").fetchall()
        connection.execute(
            "INSERT INTO tokens (sha256, eic, label, created_at) VALUES (?, ?, 'first', ?)",
            (sha256(TOKEN.encode()).digest(), SEVERNA, "2026-04-01T12:00:00.000000Z"),
        )
        register.apply(Database(connection))
        party = authenticate(connection, TOKEN, ONE_O_CLOCK)
        assert party is not None
        assert party.eic == SEVERNA
        after = connection.execute("SELECT * FROM participant_roles ORDER BY eic, role").fetchall()
        assert after == before
        assert owner_of_certificate(connection, TOKEN.encode(), ONE_O_CLOCK) is None
