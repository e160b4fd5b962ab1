"""What waits for the operator, what runs out first before the rest; page by page, by its last line.

Made of the rows of cases and deadlines on reading: what has been handled is gone with its commit.
Only waiting cases are looked at, which a partial index knows; they are few beside all cases.
"""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import NamedTuple

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
_WAITING = f"""
    WITH runs_out (waits_for, kind) AS (VALUES {_RUNS_OUT}),
    waiting (case_id) AS (
        SELECT case_id FROM cases WHERE waits_for IS NOT NULL
        UNION SELECT case_id FROM deadlines WHERE parked IS NOT NULL),
    lines AS (
        SELECT c.case_id, c.waits_for, c.phase, c.accounting_point, c.applicant, c.opened_at,
            participants.name AS applicant_name, area_number, area_code,
            coalesce(d.kind, p.kind) AS kind, coalesce(d.act_at, p.act_at) AS act_at,
            coalesce(d.limit_at, p.limit_at) AS limit_at, d.warn_at,
            coalesce(d.rule, p.rule) AS rule, coalesce(d.article, p.article) AS article, p.parked
        FROM waiting CROSS JOIN cases AS c ON c.case_id = waiting.case_id
        LEFT JOIN runs_out ON runs_out.waits_for = c.waits_for
        LEFT JOIN deadlines AS d ON d.case_id = c.case_id AND d.kind = runs_out.kind
        LEFT JOIN deadlines AS p ON p.deadline_id = (
            SELECT min(deadline_id) FROM deadlines
            WHERE case_id = waiting.case_id AND parked IS NOT NULL)
        LEFT JOIN participants ON eic = c.applicant
        LEFT JOIN accounting_points AS points ON points.accounting_point = c.accounting_point
        LEFT JOIN metering_sites ON area_number = metering_site)
    SELECT case_id, waits_for, phase, accounting_point, applicant, opened_at, applicant_name,
        area_number, kind, act_at, limit_at, warn_at, rule, article, parked
    FROM lines
    WHERE (:waits_for IS NULL OR waits_for = :waits_for)
    AND (:supplier IS NULL OR applicant = :supplier)
    AND (:area IS NULL OR area_code = :area)
    AND (:point IS NULL OR substr(accounting_point, 1, length(:point)) = :point
        OR substr(area_number, 1, length(:point)) = :point)
    AND (coalesce(act_at, ''), case_id) > (:after_act_at, :after_case)
    ORDER BY coalesce(act_at, ''), case_id LIMIT :limit"""

# Which kinds, applicants and areas occur among what waits, and how often.
_KINDS = "SELECT waits_for, count(*) FROM cases WHERE waits_for IS NOT NULL GROUP BY waits_for"
_SUPPLIERS = """
    SELECT DISTINCT applicant, coalesce(name, applicant) FROM cases
    LEFT JOIN participants ON eic = applicant WHERE waits_for IS NOT NULL ORDER BY 2"""
_AREAS = """
    SELECT DISTINCT area_code FROM cases JOIN accounting_points USING (accounting_point)
    JOIN metering_sites ON area_number = metering_site
    WHERE waits_for IS NOT NULL ORDER BY 1"""


class Position(NamedTuple):
    """Where a page of the list ends: the next one begins after it."""

    act_at: datetime | None
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are wanted; None for any. `point` is the beginning of a point or site number."""

    waits_for: WaitsFor | None = None
    supplier: Eic | None = None
    area: str | None = None
    point: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One case that waits, and by when. `waits_for` None: only a parked deadline holds it up.

    `deadline` None: none runs any more, the case is overdue.
    """

    case_id: CaseId
    waits_for: WaitsFor | None
    phase: Phase
    accounting_point: Gsrn
    metering_site: str | None
    applicant: Eic
    applicant_name: str
    opened_at: datetime
    deadline: Deadline | None
    parked: str | None

    @property
    def position(self) -> Position:
        """Where this line stands in the list."""
        return Position(self.deadline.act_at if self.deadline else None, self.case_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to filter by among what waits: kinds with their number, applicants, areas."""

    kinds: dict[WaitsFor, int]
    suppliers: tuple[tuple[Eic, str], ...]
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
        suppliers=tuple((Eic(eic), name) for eic, name in connection.execute(_SUPPLIERS)),
        areas=tuple(area for (area,) in connection.execute(_AREAS)),
    )


def _line(row: tuple[str, ...]) -> Line:
    case_id, waits_for, phase, accounting_point, applicant, opened_at, name, site, *terms = row
    return Line(
        case_id=CaseId(case_id),
        waits_for=WaitsFor(waits_for) if waits_for else None,
        phase=Phase(phase),
        accounting_point=Gsrn(accounting_point),
        metering_site=site,
        applicant=Eic(applicant),
        applicant_name=name or applicant,
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
