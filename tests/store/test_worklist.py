"""Lists and look-ups go by indexes: with a hundred thousand cases none is read from end to end."""

import re
from pathlib import Path

import pytest

from broker.service import migrate
from broker.store import case_search, mails, point_history, point_search, worklist
from broker.store.connection import open_for_writing

WANTED = {
    **dict.fromkeys(("waits_for", "supplier", "area", "point")),
    "after_act_at": "",
    "after_case": "",
    "limit": 50,
}
RANGE = {"begin": "3831", "beyond": "3832", "limit": 50}
# Small beside the cases: participants, and what the query itself has gathered.
SMALL = ("participants", "runs_out", "waiting")


def plan(path: Path, query: str, parameters: dict[str, object] | tuple) -> list[str]:
    """What SQLite means to do, step by step."""
    connection = open_for_writing(path)
    try:
        migrate(connection)
        rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters).fetchall()
    finally:
        connection.close()
    return [row[3] for row in rows]


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (worklist._WAITING, WANTED),
        (worklist._KINDS, {}),
        (worklist._SUPPLIERS, {}),
        (worklist._AREAS, {}),
        *((query, RANGE) for query in (*case_search.SEARCHES, *point_search.SEARCHES)),
        (point_search.OF_CUSTOMER, (1, 50)),
        *((query, ("383199900000000017", 50)) for query in point_history.QUERIES),
        (point_history.BILLED, {"point": "383199900000000017", "limit": 50}),
        (mails.TROUBLED, {"since": "", "before": ""}),
    ],
)
def test_no_large_table_is_read_from_end_to_end(
    tmp_path: Path, query: str, parameters: dict[str, object]
) -> None:
    steps = plan(tmp_path / "broker.sqlite", query, parameters)
    scans = [step for step in steps if re.match(r"SCAN (?!.*USING (COVERING )?INDEX)", step)]
    assert [step for step in scans if "CONSTANT" not in step and step.split()[1] not in SMALL] == []
    # An index that is scanned whole must be one of waiting things alone.
    whole = [step for step in steps if re.match(r"SCAN .*USING (COVERING )?INDEX", step)]
    assert [
        s for s in whole if not re.search(r"waiting_cases|parked_deadlines|participants", s)
    ] == []
