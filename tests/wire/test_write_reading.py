"""What the operator's staff enter is a message like any other: it reads as what was written."""

from pathlib import Path

import pytest

from broker.messages.requests import MeterReading
from broker.wire.read import ReadMessage, read
from broker.wire.write_reading import write_reading

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "fixtures/messages/MeterReading").iterdir())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_reading_reads_as_it_was_written(sample: Path) -> None:
    first = read(sample.read_bytes())
    assert isinstance(first, ReadMessage)
    assert isinstance(first.message, MeterReading)
    again = read(write_reading(first.message))
    assert isinstance(again, ReadMessage)
    assert again.message == first.message
