"""Timelines: what is to come stands after now, also on the day it is."""

from datetime import UTC, datetime

from broker.dashboard.texts import TEXTS as IN_EACH_LANGUAGE
from broker.dashboard.timeline import Moment, Sort, from_left_to_right, from_top_to_bottom

TEXTS = IN_EACH_LANGUAGE["en"]
NOW = datetime(2026, 5, 5, 18, tzinfo=UTC)


def due(hour: int, text: str, sort: Sort = Sort.DUE) -> Moment:
    """Something that is due on the day of now."""
    return Moment(at=NOW.replace(hour=hour), sort=sort, text=text, article="")


def order(*moments: Moment) -> list[str]:
    """The texts from top to bottom, with now among them."""
    drawing = from_top_to_bottom(moments, None, now=NOW, texts=TEXTS)
    rows = [(row.y, row.text) for block in drawing.blocks for row in block.rows]
    rows += [(drawing.now or 0.0, "now")]
    told = [text for _, text in sorted(rows)]
    return [one for one in told if one == "now" or any(m.text in one for m in moments)]


PLANNED = Moment(
    at=NOW.replace(hour=0), sort=Sort.PLANNED, text="planned", article="", whole_day=True
)


def test_what_runs_out_today_is_not_shown_as_past() -> None:
    told = order(PLANNED, due(20, "limit"))
    assert [one.split()[-1] for one in told] == ["now", "planned", "limit"]


def test_what_has_run_out_today_stands_before_now() -> None:
    told = order(due(20, "legal"), due(16, "own", Sort.OVERDUE))
    assert [one.split()[-1] for one in told] == ["own", "now", "legal"]


def test_what_has_ended_reaches_to_its_last_day_and_has_no_now() -> None:
    happened = [
        Moment(at=datetime(2024, 5, day, 10, tzinfo=UTC), sort=Sort.HAPPENED, text="", article="")
        for day in (2, 9)
    ]
    wide = from_left_to_right(happened, None, now=None, texts=TEXTS)
    assert [tick.text for tick in wide.ticks] == [f"{day} May" for day in range(2, 10)]
    assert wide.now is None
    tall = from_top_to_bottom(happened, None, now=None, texts=TEXTS)
    assert tall.now is None
    assert tall.height == max(row.y for block in tall.blocks for row in block.rows) + 24


def test_a_wide_drawing_marks_a_day_where_what_is_due_lies() -> None:
    drawing = from_left_to_right([PLANNED, due(20, "limit")], None, now=NOW, texts=TEXTS)
    (block,) = drawing.blocks
    assert block.sort is Sort.DUE
    assert drawing.now is not None
    assert block.x > drawing.now
