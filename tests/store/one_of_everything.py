"""A small database with at least one row in every table there is, sealed."""

import hashlib
from pathlib import Path
from sqlite3 import Connection

from broker.store import inbox, outbox, payloads, seals
from tests.store.samples import (
    NEW_SUPPLIER,
    OLD_SUPPLIER,
    T0,
    approved,
    case_id,
    document_id,
    later,
    put_document,
    received,
    recorded,
    rejected,
    write_case,
)

AT = "'2025-03-03T09:00:00.000000Z'"
POINT = "'383199900000000017'"
CONTRACT_SHA256 = hashlib.sha256(b"%PDF").hexdigest()

# What the store's own functions have not written: a row for each of the other tables, in order of
# their references.
ROWS = f"""
    INSERT INTO register_imports VALUES (1, 'n-1', {AT}, {AT});
    INSERT INTO participants VALUES ('{NEW_SUPPLIER}', 'Nova', 1, '15012557', '1234567',
        'https://nova.example', NULL, 'Ana Vzorec', 'ana@nova.example', 0, 1, 1);
    INSERT INTO participant_roles VALUES ('{NEW_SUPPLIER}', 'DDQ');
    INSERT INTO credentials VALUES
        (x'{"ab" * 32}', '{NEW_SUPPLIER}', 'first', {AT}, NULL, NULL, 'token');
    INSERT INTO participants VALUES ('{OLD_SUPPLIER}', 'Stara', 1, '12345679', '7654321',
        'https://stara.example', NULL, 'Tone Vzorec', 'tone@stara.example', 0, 1, 1);
    INSERT INTO delegations VALUES (1, 'd-1', '{OLD_SUPPLIER}', '{NEW_SUPPLIER}', 1,
        '2025-03-01', '2025-04-01', {AT}, NULL);
    INSERT INTO delegated_kinds VALUES (1, 'SwitchRequest');
    INSERT INTO channels (party, kind, address, language, set_at, secret, try_at)
        VALUES ('{NEW_SUPPLIER}', 'webhook', 'https://nova.example/in', 'sl', {AT}, 's', {AT});
    INSERT INTO pushes (outbox_position, party) VALUES (1, '{NEW_SUPPLIER}');
    INSERT INTO contracts_of_cases VALUES (x'{CONTRACT_SHA256}', '{case_id(1)}');
    INSERT INTO operator VALUES (1, '{NEW_SUPPLIER}', 'Omrežje', '7', '38319990', 'Pritožba');
    INSERT INTO issued_gsrns VALUES ({POINT});
    INSERT INTO gsrn_counter VALUES (1, 1);
    INSERT INTO customers VALUES
        (1, '15012557', 'Žiga Čuček', 'Cesta 1', '1000', 'Ljubljana', 'SI', NULL, NULL, 1,
            NULL);
    INSERT INTO metering_sites VALUES ('7-1', '7', NULL, 1, NULL, 1);
    INSERT INTO delivery_points VALUES ('DP-7');
    INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, customer,
        connected, consumption, production, self_supply, remotely_read, brought_by)
        VALUES ({POINT}, 'DP-7', '7-1', 1, 1, 1, 0, 0, 0, 1);
    INSERT INTO network_charge_payers VALUES ({POINT}, 'customer', '2025-01-01', NULL);
    INSERT INTO supply VALUES
        ({POINT}, 'consumption', '{NEW_SUPPLIER}', '1', '2025-01-01', NULL, NULL);
    INSERT INTO meters VALUES (1, {POINT}, 'M-1', '2025-01-01', NULL);
    INSERT INTO meter_registers VALUES (1, '1-0:1.8.0', 6, 0, '1');
    INSERT INTO readings VALUES (1, 1, {AT}, '1', NULL, NULL);
    INSERT INTO reading_values VALUES (1, 1, '1-0:1.8.0', '100');
    INSERT INTO billed_quantities VALUES ({POINT}, 'consumption', '2025-01-01', '2025-02-01', 7);
    INSERT INTO cancelled_quantities VALUES
        (1, {POINT}, 'consumption', '2025-01-01', '2025-02-01', 7, '2025-02-03');
    INSERT INTO daily_blocks SELECT {POINT}, 'consumption', '2025-01-01',
        json_group_array(value) FROM generate_series_of_96;
    INSERT INTO imported_changes VALUES (1, {POINT}, 'meter', '2025-01-01', 1, NULL);
    INSERT INTO sweep VALUES (1, {AT}, 'the clock jumped');
    INSERT INTO one_off_days VALUES ('2025-08-14');
    INSERT INTO staff VALUES (1, 'ana', 'Ana Vzorec', 'clerk', '$argon2id$x', {AT}, NULL);
    INSERT INTO staff_sessions VALUES (x'{"cd" * 32}', 1, {AT}, {AT});
    INSERT INTO staff_mails VALUES
        (1, 'digest', 'ana@omrezje.example', {AT}, 0, {AT}, NULL, NULL, NULL);
    INSERT INTO case_flow VALUES
        ('2025-03-03', '{NEW_SUPPLIER}', '{case_id(2)}', 'rejected', 1, 3, NULL, NULL);
    INSERT INTO case_refusals VALUES
        ('2025-03-03', '{NEW_SUPPLIER}', 'rejected', '260:E22', '{case_id(2)}');
    INSERT INTO deadlines_closed VALUES ('2025-03-03', 'decision', 1, 0);
    INSERT INTO case_parties VALUES ('{case_id(2)}', '{NEW_SUPPLIER}', 'applicant', {AT})
"""


def write_history(connection: Connection, path: Path) -> Path:
    """Two sealed batches of messages, cases and documents; nothing is left in the WAL."""
    write_case(connection, recorded(), approved(later(hours=1)))
    inbox.record(connection, received(case_id=case_id(1)))
    put_document(connection, 1, case=case_id(1))
    put_document(connection, 2)
    seals.seal(connection, T0)
    write_case(connection, recorded(2, delivery_point=None), rejected(later(hours=2)))
    inbox.record(connection, received(2, http_status=422, message_id=None, kind=None))
    inbox.record(connection, received(3, http_status=500, answer=None))
    inbox.keep_contract(connection, CONTRACT_SHA256, b"%PDF", T0)
    outbox.acknowledge(connection, OLD_SUPPLIER, [document_id(1)], later(hours=3))
    outbox.note_fetched(connection, OLD_SUPPLIER, document_id(2), later(hours=3))
    seals.seal(connection, later(hours=3))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def write_one_of_everything(connection: Connection, path: Path) -> Path:
    """The same, with a row in every other table, one content erased, and a third seal."""
    write_history(connection, path)
    for statement in ROWS.replace("FROM generate_series_of_96", _SERIES).split(";"):
        connection.execute(statement)
    payloads.erase(connection, _LAST_ANSWER, later(days=365))
    seals.seal(connection, later(hours=4))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


_LAST_ANSWER = 5
_SERIES = (
    "FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n"
    " WHERE value < 96) SELECT value FROM n)"
)
