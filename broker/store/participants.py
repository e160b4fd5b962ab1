"""The register of participants and who may speak for one (A33).

A token is 256 random bits made elsewhere; only its SHA-256 is kept, so the file gives none away.
A client certificate is kept as its fingerprint, the SHA-256 over all of it.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from broker.engine.facts import SupplierFacts
from broker.messages.codes import Role
from broker.messages.identifiers import Eic, TaxNumber
from broker.store.instants import from_text, from_text_or_none, to_text, to_text_or_none

# A participant that an import has brought is hidden until that import has switched over.
_VISIBLE = """NOT EXISTS (SELECT 1 FROM register_imports
    WHERE import_id = participants.brought_by AND switched_over_at IS NULL)"""

# One participant with its roles.
_PARTICIPANT = f"""
    SELECT eic, name, active, tax_number, registration_number, message_address, balance_group,
        credential_manager_name, credential_manager_email, affiliate, network_charge_contract,
        (SELECT group_concat(role) FROM participant_roles
            WHERE participant_roles.eic = participants.eic)
    FROM participants WHERE eic = ? AND {_VISIBLE}"""

# Every participant by name, for lists.
_ALL = f"SELECT eic FROM participants WHERE {_VISIBLE} ORDER BY name, eic"

# Who reads meters remotely.
_METERING_CENTRE = f"""
    SELECT eic FROM participants JOIN participant_roles USING (eic)
    WHERE role = 'DDE' AND active AND {_VISIBLE} ORDER BY eic LIMIT 1"""

# Whose token or certificate this is, if it is valid at this instant.
_OWNER = """
    SELECT eic FROM credentials WHERE sha256 = :sha256 AND kind = :kind
    AND (expires_at IS NULL OR :at < expires_at) AND (revoked_at IS NULL OR :at < revoked_at)"""

# What the engine may know of one party.
_SUPPLIER = f"""
    SELECT name, active, balance_group IS NOT NULL, network_charge_contract,
        EXISTS (SELECT 1 FROM participant_roles
            WHERE participant_roles.eic = participants.eic AND role = 'DDQ')
    FROM participants WHERE eic = ? AND {_VISIBLE}"""

# A new token or certificate of a party, as its hash.
_INSERT_CREDENTIAL = """
    INSERT INTO credentials (sha256, kind, eic, label, created_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?)"""

# The token or certificate of that label is no longer valid.
_REVOKE = """
    UPDATE credentials SET revoked_at = :at
    WHERE eic = :eic AND label = :label AND revoked_at IS NULL RETURNING kind"""

# Every token and certificate a party ever had, newest first.
_CREDENTIALS = """
    SELECT kind, label, created_at, expires_at, revoked_at,
        CASE kind WHEN 'certificate' THEN lower(hex(sha256)) END
    FROM credentials WHERE eic = ? ORDER BY created_at DESC, label"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A party as the register of participants knows it (A33, A34).

    `balance_group` is the EIC that proves membership; `affiliate` marks a party that belongs to
    the operator's own group; `network_charge_contract` that it may pay network charges.
    """

    eic: Eic
    name: str
    roles: tuple[Role, ...]
    active: bool
    tax_number: TaxNumber
    registration_number: str
    message_address: str
    balance_group: str | None
    credential_manager_name: str
    credential_manager_email: str
    affiliate: bool
    network_charge_contract: bool


class CredentialKind(Enum):
    """By what a party shows who it is."""

    TOKEN = "token"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A token or certificate of a party: when it begins, expires, was revoked.

    Of a token the value is not told; `fingerprint` is a certificate's, in hexadecimal.
    """

    kind: CredentialKind
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    fingerprint: str | None


class NoSuchCredential(LookupError):
    """The party has no valid token or certificate with this label."""


def participant(conn: sqlite3.Connection, eic: Eic) -> Participant | None:
    """The participant with this EIC, None for a stranger."""
    row = conn.execute(_PARTICIPANT, (eic,)).fetchone()
    if row is None:
        return None
    return Participant(
        eic=Eic(row[0]),
        name=row[1],
        active=bool(row[2]),
        tax_number=TaxNumber(row[3]),
        registration_number=row[4],
        message_address=row[5],
        balance_group=row[6],
        credential_manager_name=row[7],
        credential_manager_email=row[8],
        affiliate=bool(row[9]),
        network_charge_contract=bool(row[10]),
        roles=tuple(role for role in Role if role.value in (row[11] or "").split(",")),
    )


def participants(conn: sqlite3.Connection) -> tuple[Participant, ...]:
    """Every participant, by name."""
    eics = [eic for (eic,) in conn.execute(_ALL)]
    return tuple(party for eic in eics if (party := participant(conn, eic)) is not None)


def supplier_facts(conn: sqlite3.Connection, eics: Iterable[Eic]) -> tuple[SupplierFacts, ...]:
    """What the engine may know of these parties, each once; strangers are left out."""
    facts = []
    for eic in dict.fromkeys(eics):
        row = conn.execute(_SUPPLIER, (eic,)).fetchone()
        if row is not None:
            name, active, in_balance_group, pays_network_charge, supplier = row
            facts.append(
                SupplierFacts(
                    eic=eic,
                    name=name,
                    active=bool(active),
                    supplier=bool(supplier),
                    in_balance_group=bool(in_balance_group),
                    pays_network_charge=bool(pays_network_charge),
                )
            )
    return tuple(facts)


def metering_centre(conn: sqlite3.Connection) -> Eic | None:
    """The active party that reads meters remotely, None where there is none."""
    row = conn.execute(_METERING_CENTRE).fetchone()
    return None if row is None else Eic(row[0])


def authenticate(conn: sqlite3.Connection, token: str, at: datetime) -> Participant | None:
    """Whose token this is, None when it is unknown, expired or revoked at this instant.

    An inactive participant is returned too: the door tells it so (403, not 401).
    """
    return _owner(conn, CredentialKind.TOKEN, _hash(token), at)


def owner_of_certificate(
    conn: sqlite3.Connection, certificate: bytes, at: datetime
) -> Participant | None:
    """Whose certificate this is (all of its bytes), None when none is registered and valid."""
    return _owner(conn, CredentialKind.CERTIFICATE, sha256(certificate).digest(), at)


def _owner(
    conn: sqlite3.Connection, kind: CredentialKind, digest: bytes, at: datetime
) -> Participant | None:
    wanted = {"sha256": digest, "kind": kind.value, "at": to_text(at)}
    row = conn.execute(_OWNER, wanted).fetchone()
    return None if row is None else participant(conn, Eic(row[0]))


def issue_token(
    conn: sqlite3.Connection,
    eic: Eic,
    label: str,
    token: str,
    at: datetime,
    *,
    expires_at: datetime | None = None,
) -> None:
    """Let this token speak for the party from now on. Raises IntegrityError for a stranger, a
    token that is known already, or a label that names another valid credential of the party.
    """
    expiry = to_text_or_none(expires_at)
    row = (_hash(token), CredentialKind.TOKEN.value, eic, label, to_text(at), expiry)
    conn.execute(_INSERT_CREDENTIAL, row)


def register_certificate(
    conn: sqlite3.Connection,
    eic: Eic,
    label: str,
    fingerprint: bytes,
    at: datetime,
    *,
    expires_at: datetime,
) -> None:
    """Let whoever holds this certificate speak for the party. Raises IntegrityError for a
    stranger, a certificate that is known already, also a revoked one, or a label that is taken.
    """
    kind = CredentialKind.CERTIFICATE.value
    row = (fingerprint, kind, eic, label, to_text(at), to_text(expires_at))
    conn.execute(_INSERT_CREDENTIAL, row)


def credentials(conn: sqlite3.Connection, eic: Eic) -> tuple[Credential, ...]:
    """The tokens and certificates the party ever had, newest first."""
    return tuple(
        Credential(
            kind=CredentialKind(kind),
            label=label,
            created_at=from_text(created_at),
            expires_at=from_text_or_none(expires_at),
            revoked_at=from_text_or_none(revoked_at),
            fingerprint=fingerprint,
        )
        for kind, label, created_at, expires_at, revoked_at, fingerprint in conn.execute(
            _CREDENTIALS, (eic,)
        )
    )


def revoke(conn: sqlite3.Connection, eic: Eic, label: str, at: datetime) -> CredentialKind:
    """End the party's token or certificate with this label, and say which it was.

    Raises NoSuchCredential where there is none.
    """
    done = conn.execute(_REVOKE, {"eic": eic, "label": label, "at": to_text(at)}).fetchall()
    if not done:
        raise NoSuchCredential(f"{eic} has no valid token or certificate labelled {label!r}")
    return CredentialKind(done[0][0])


def _hash(token: str) -> bytes:
    """What is kept of a token; it is random enough that a plain hash gives nothing away.

    A header may hold bytes that are no text; they come as lone surrogates and are no token.
    """
    return sha256(token.encode(errors="surrogateescape")).digest()
