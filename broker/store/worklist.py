"""What waits for the operator, what runs out first before the rest; page by page, by its last line.

Made of the rows of cases and deadlines on reading: what has been handled is gone with its commit.
Only waiting cases are looked at, which a partial index knows; they are few beside all cases.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, NamedTuple

from broker.engine.state import RUNS_OUT, Phase, WaitsFor
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.identifiers import CaseId, Eic, Gsrn
from broker.store import instants

# The deadline by which each kind of decision runs out, as a table to join.
_RUNS_OUT = ", ".join(
    f"('{waits_for.value}', '{kind.value}')" for waits_for, kind in RUNS_OUT.items()
)

# Every case that waits for a person, or of which a deadline has been parked, with the deadline by
# which it runs out; where that one does not run, with the parked one. Both halves go by partial
# indexes. What an import has not shown yet is on no case.
_LINES = f"""
    WITH runs_out (waits_for, kind) AS (VALUES {_RUNS_OUT}),
    waiting (case_id) AS (
        SELECT case_id FROM cases WHERE waits_for IS NOT NULL
        UNION SELECT case_id FROM deadlines WHERE parked IS NOT NULL),
    lines AS (
        SELECT c.case_id, c.waits_for, c.accounting_point, c.applicant,
            coalesce(d.deadline_id, p.deadline_id) AS deadline_id,
            coalesce(d.act_at, p.act_at) AS act_at, d.warn_at, p.parked
        FROM waiting CROSS JOIN cases AS c ON c.case_id = waiting.case_id
        LEFT JOIN runs_out ON runs_out.waits_for = c.waits_for
        LEFT JOIN deadlines AS d ON d.case_id = c.case_id AND d.kind = runs_out.kind
        LEFT JOIN deadlines AS p ON p.deadline_id = (
            SELECT min(deadline_id) FROM deadlines
            WHERE case_id = waiting.case_id AND parked IS NOT NULL))"""

# The suppliers that a case would bring to a point: the one its request counts for, and those told
# as new suppliers. A request that staff entered for a customer is found under them.
_NEW_SUPPLIERS = """
    SELECT supplier FROM case_flow WHERE case_flow.case_id = {case_id}
    UNION SELECT party FROM case_parties
        WHERE case_parties.case_id = {case_id} AND capacity = 'new_supplier'"""

# The lines of one page, by the few columns that narrow and order them, then with all that is shown.
_WAITING = f"""{_LINES},
    shown AS MATERIALIZED (
        SELECT case_id, deadline_id, act_at, warn_at, parked FROM lines
        WHERE (:waits_for IS NULL OR waits_for = :waits_for)
        AND (:supplier IS NULL OR applicant = :supplier
            OR :supplier IN ({_NEW_SUPPLIERS.format(case_id="lines.case_id")}))
        AND (:area IS NULL OR :area = (
            SELECT area_code FROM accounting_points JOIN metering_sites
            ON area_number = metering_site
            WHERE accounting_points.accounting_point = lines.accounting_point))
        AND (:point IS NULL OR substr(accounting_point, 1, length(:point)) = :point
            OR substr((SELECT metering_site FROM accounting_points
                WHERE accounting_points.accounting_point = lines.accounting_point),
                1, length(:point)) = :point)
        AND (coalesce(act_at, ''), case_id) > (:after_act_at, :after_case)
        ORDER BY coalesce(act_at, ''), case_id LIMIT :limit)
    SELECT c.case_id, c.waits_for, c.phase, c.process = 'correction', c.accounting_point,
        c.applicant, c.opened_at, participants.name, metering_site,
        (SELECT json_group_array(json_array(supplier, coalesce(name, supplier)))
            FROM ({_NEW_SUPPLIERS.format(case_id="c.case_id")})
            LEFT JOIN participants ON eic = supplier WHERE supplier <> c.applicant),
        d.kind, shown.act_at, d.limit_at, shown.warn_at, d.rule, d.article, shown.parked
    FROM shown CROSS JOIN cases AS c ON c.case_id = shown.case_id
    LEFT JOIN deadlines AS d ON d.deadline_id = shown.deadline_id
    LEFT JOIN participants ON eic = c.applicant
    LEFT JOIN accounting_points AS points ON points.accounting_point = c.accounting_point
    ORDER BY coalesce(shown.act_at, ''), c.case_id"""

# How many of all that waits are overdue, how many more run out, and how many there are. A line
# without a warning time of its own runs out from :soon on.
_COUNTS = f"""{_LINES}
    SELECT count(*) FILTER (WHERE act_at IS NULL OR act_at <= :now),
        count(*) FILTER (WHERE act_at > :now AND coalesce(warn_at <= :now, act_at <= :soon)),
        count(*)
    FROM lines"""

# Which kinds, suppliers and areas occur among what waits, and how often.
_KINDS = "SELECT waits_for, count(*) FROM cases WHERE waits_for IS NOT NULL GROUP BY waits_for"
_SUPPLIERS = """
    SELECT concerned.eic, coalesce(name, concerned.eic) FROM (
        SELECT applicant AS eic FROM cases WHERE waits_for IS NOT NULL
        UNION SELECT supplier FROM cases CROSS JOIN case_flow USING (case_id)
            WHERE waits_for IS NOT NULL
        UNION SELECT party FROM cases CROSS JOIN case_parties USING (case_id)
            WHERE waits_for IS NOT NULL AND capacity = 'new_supplier') AS concerned
    LEFT JOIN participants ON participants.eic = concerned.eic ORDER BY 2"""
_AREAS = """
    SELECT DISTINCT area_code FROM cases JOIN accounting_points USING (accounting_point)
    JOIN metering_sites ON area_number = metering_site
    WHERE waits_for IS NOT NULL ORDER BY 1"""

QUERIES = (_WAITING, _COUNTS, _KINDS, _SUPPLIERS, _AREAS)
"""Every query by which what waits is read."""


class Position(NamedTuple):
    """Where a page of the list ends: the next one begins after it."""

    act_at: datetime | None
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are wanted; None for any.

    `supplier` is one concerned, as applicant or as new supplier; `point` the beginning of a point
    or site number.
    """

    waits_for: WaitsFor | None = None
    supplier: Eic | None = None
    area: str | None = None
    point: str | None = None


class NamedSupplier(NamedTuple):
    """A supplier and its name."""

    eic: Eic
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One case that waits, and by when. `waits_for` None: only a parked deadline holds it up.

    `deadline` None: none runs any more, the case is overdue. `new_suppliers` are those that are
    not the applicant itself.
    """

    case_id: CaseId
    waits_for: WaitsFor | None
    phase: Phase
    correction: bool
    accounting_point: Gsrn
    metering_site: str | None
    applicant: Eic
    applicant_name: str
    new_suppliers: tuple[NamedSupplier, ...]
    opened_at: datetime
    deadline: Deadline | None
    parked: str | None

    @property
    def position(self) -> Position:
        """Where this line stands in the list."""
        return Position(self.deadline.act_at if self.deadline else None, self.case_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to filter by among what waits: kinds with their number, suppliers, areas."""

    kinds: dict[WaitsFor, int]
    suppliers: tuple[NamedSupplier, ...]
    areas: tuple[str, ...]


def waiting(
    connection: Connection, wanted: Wanted, *, limit: int, after: Position | None = None
) -> tuple[Line, ...]:
    """The lines wanted, what runs out first before the rest, overdue ones before all."""
    act_at = instants.to_text_or_none(after.act_at) if after else None
    rows = connection.execute(
        _WAITING,
        {
            "waits_for": wanted.waits_for.value if wanted.waits_for else None,
            "supplier": wanted.supplier,
            "area": wanted.area,
            "point": wanted.point,
            "after_act_at": act_at or "",
            "after_case": after.case_id if after else "",
            "limit": limit,
        },
    )
    return tuple(_line(row) for row in rows)


def choices(connection: Connection) -> Choices:
    """What there is to filter by."""
    return Choices(
        kinds={WaitsFor(kind): count for kind, count in connection.execute(_KINDS)},
        suppliers=tuple(
            NamedSupplier(Eic(eic), name) for eic, name in connection.execute(_SUPPLIERS)
        ),
        areas=tuple(area for (area,) in connection.execute(_AREAS)),
    )


def count(connection: Connection, *, now: datetime, soon: datetime) -> tuple[int, int, int]:
    """How many lines are overdue at `now`, how many more run out, and how many there are.

    One without a warning time of its own runs out where its hour is not after `soon`.
    """
    parameters = {"now": instants.to_text(now), "soon": instants.to_text(soon)}
    overdue, running_out, all_of_them = connection.execute(_COUNTS, parameters).fetchone()
    return overdue, running_out, all_of_them


def _line(row: tuple[Any, ...]) -> Line:
    case_id, waits_for, phase, correction, accounting_point, applicant, *rest = row
    opened_at, name, site, suppliers, *terms = rest
    return Line(
        case_id=CaseId(case_id),
        waits_for=WaitsFor(waits_for) if waits_for else None,
        phase=Phase(phase),
        correction=bool(correction),
        accounting_point=Gsrn(accounting_point),
        metering_site=site,
        applicant=Eic(applicant),
        applicant_name=name or applicant,
        new_suppliers=tuple(NamedSupplier(*one) for one in json.loads(suppliers)),
        opened_at=instants.from_text(opened_at),
        deadline=_deadline(*terms[:-1]),
        parked=terms[-1],
    )


def _deadline(kind: str, act_at: str | None, limit_at: str, *rest: str) -> Deadline | None:
    if act_at is None:
        return None
    warn_at, rule, article = rest
    return Deadline(
        kind=DeadlineKind(kind),
        act_at=instants.from_text(act_at),
        limit=instants.from_text(limit_at),
        warn_at=instants.from_text_or_none(warn_at),
        rule=rule,
        article=article,
    )
