"""What a simulated meter shows: it grows evenly from the value on file, and rolls over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from broker.otherside.exchange import UnableToTakePart
from broker.otherside.meters import Dial, UnableToReadMeter, meters_of

START = datetime(2026, 3, 31, tzinfo=UTC)
HEAD = "serial_number,register,digits,taken_at,value,per_day\n"


@pytest.mark.parametrize(
    ("value", "per_day", "hours", "shown"),
    [
        ("14650", "10", 0, "14650"),
        ("14650", "10", 24, "14660"),
        ("14650", "10", 25, "14660"),
        ("16650.250", "10.001", 12, "16655.250"),
        ("99995", "10", 24, "5"),
    ],
)
def test_a_register_shows(value: str, per_day: str, hours: int, shown: str) -> None:
    dial = Dial(digits=5, taken_at=START, value=Decimal(value), per_day=Decimal(per_day))
    assert str(dial.shows(START + timedelta(hours=hours))) == shown


def test_a_meter_gives_the_registers_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "meters.csv"
    path.write_text(f"{HEAD}M-1,1-0:1.8.0,6,2026-03-31T00:00:00+00:00,7.5,1\n", "utf-8")
    meters = meters_of(path)
    at = START + timedelta(hours=48)
    assert meters.read("M-1", ("1-0:1.8.0",), at) == (("1-0:1.8.0", Decimal("9.5")),)
    for serial_number, register in (("M-2", "1-0:1.8.0"), ("M-1", "1-0:2.8.0")):
        with pytest.raises(UnableToReadMeter, match=serial_number):
            meters.read(serial_number, (register,), at)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", f"{HEAD}M-1,1-0:1.8.0,6,today,7,1\n", None])
def test_a_file_that_holds_no_meters_is_told(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "meters.csv"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(UnableToTakePart, match=r"meters\.csv"):
        meters_of(path)
