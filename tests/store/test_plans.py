"""No query of the dashboard reads a large table from end to end, or sorts without bound."""

import re
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.store import (
    archive,
    case_search,
    channels,
    customer_search,
    deadlines,
    delegations,
    exchanged,
    flow,
    mails,
    operations,
    point_history,
    point_search,
    pushes,
    worklist,
)
from broker.store.connection import open_for_writing
from broker.store.schema import migrate

# Small whatever the size of the register, or bounded by the query itself.
SMALL = re.compile(
    r"^(SCAN|SEARCH) (\(subquery-\d+\)|participants|participant_roles|runs_out|waiting|found"
    r"|shown|concerned|sweep|channels|lines|deadlines_closed|CONSTANT|\d+ CONSTANT)(\s|$)"
)
# Indexes of what waits, which are as small as the work of the day.
WAITING = re.compile(r"USING (COVERING )?INDEX (waiting_cases|parked_deadlines|pushes_put_aside)\b")
# The queries that sort: what waits, what was found by a number (at most 3,000), a name list, the
# history of one point, what was sent in one case, the mails that could not be sent, what one party
# has delegated.
SORTS = {
    *worklist.QUERIES,
    archive._BY_NUMBER,
    archive._MAILBOXES,
    archive._COUNT_AFTER,
    deadlines._PARKED,
    *point_history.QUERIES,
    point_history.BILLED,
    mails.TROUBLED,
    delegations._OF_PARTY,
    exchanged._DOCUMENTS,
    exchanged._HANDOVERS,
}
QUERIES = {
    f"{module.__name__.rpartition('.')[2]}{number}": query
    for module, queries in (
        (worklist, worklist.QUERIES),
        (case_search, (*case_search.SEARCHES, case_search._CASE)),
        (
            deadlines,
            (deadlines._PARKED, deadlines._NEXT, deadlines._COUNT_PARKED, deadlines._CASES),
        ),
        (operations, (operations._STOPPED,)),
        (delegations, delegations.QUERIES),
        (exchanged, exchanged.QUERIES),
        (flow, flow.QUERIES),
        (archive, archive.QUERIES),
        (point_search, (*point_search.SEARCHES, point_search.OF_CUSTOMER)),
        (point_history, (*point_history.QUERIES, point_history.BILLED)),
        (customer_search, (customer_search.BY_TAX_NUMBER,)),
        (mails, (mails.TROUBLED,)),
        (channels, channels.QUERIES),
        (pushes, pushes.QUERIES),
    )
    for number, query in enumerate(queries)
}


def plan(connection: Connection, query: str) -> list[str]:
    """What SQLite means to do, step by step, whatever the parameters are."""
    names = set(re.findall(r":(\w+)", query))
    numbered = [int(n) for n in re.findall(r"\?(\d+)", query)]
    parameters = (
        dict.fromkeys(names, "x")
        if names
        else ("x",) * (max(numbered, default=0) or query.count("?"))
    )
    rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)
    return [row[3] for row in rows]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    """A new file with every table, and none of SQLite's statistics, as in a running service."""
    path: Path = tmp_path_factory.mktemp("plans") / "broker.sqlite"
    with closing(open_for_writing(path)) as opened:
        migrate(opened)
        yield opened


@pytest.mark.parametrize("name", QUERIES)
def test_no_large_table_is_read_from_end_to_end(connection: Connection, name: str) -> None:
    steps = plan(connection, QUERIES[name])
    assert steps
    scans = [step for step in steps if step.startswith("SCAN ")]
    assert [one for one in scans if not SMALL.match(one) and not WAITING.search(one)] == []


@pytest.mark.parametrize("name", [name for name in QUERIES if QUERIES[name] not in SORTS])
def test_nothing_without_bound_is_sorted(connection: Connection, name: str) -> None:
    steps = plan(connection, QUERIES[name])
    assert [one for one in steps if "TEMP B-TREE" in one] == []


def test_a_query_that_reads_everything_would_be_found(connection: Connection) -> None:
    steps = plan(connection, "SELECT * FROM inbox WHERE submitter = ? ORDER BY http_status")
    assert [one for one in steps if one.startswith("SCAN ") and not SMALL.match(one)]
    assert [one for one in steps if "TEMP B-TREE" in one]
