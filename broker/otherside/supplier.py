"""The simulated supplier: it reports what its new customers are to read themselves (A20).

As old supplier it has nothing to answer and only acknowledges what it is told.
"""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from broker.otherside.documents import Document, Reading
from broker.otherside.duties import Duty
from broker.otherside.meters import UnableToReadMeter, grown

_LOCAL = ZoneInfo("Europe/Ljubljana")


class Supplier:
    """Reports, some time after each approval, what its customer has read.

    The customer uses `per_day` on every register since the last reading that the notice names.
    """

    def __init__(self, per_day: Decimal, delay: timedelta) -> None:
        self._per_day = per_day
        self._delay = delay

    def duty_of(self, document: Document) -> Duty | None:
        """The reading that an approval asks of the new supplier; other documents ask nothing.

        Raises UnableToReadMeter.
        """
        if document.kind != "ApprovalNotice" or _of_supply(document, "ReadingMethod") != "customer":
            return None
        period_begins = _midnight(_of_supply(document, "ReadingPeriod/From"))
        taken_at = max(document.created_at + self._delay, period_begins)
        return Duty(
            due=taken_at,
            reading=Reading(
                sender=document.text("Header/Recipient/Identification"),
                sender_role=document.text("Header/Recipient/Role"),
                recipient=document.text("Header/Sender/Identification"),
                case_number=document.text("Header/CaseNumber"),
                accounting_point=_of_supply(document, "Point/AccountingPoint"),
                metering_site=_of_supply(document, "Point/MeteringSite"),
                serial_number=_of_supply(document, "SerialNumber"),
                created_at=taken_at,
                taken_at=taken_at,
                obtained_by="2",
                values=self._values(document, taken_at),
            ),
        )

    def _values(self, document: Document, at: datetime) -> tuple[tuple[str, Decimal], ...]:
        last_day = _of_supply(document, "LastReading/TakenOn")
        if not last_day:
            raise UnableToReadMeter("the notice names no last reading to go on from")
        codes = document.texts("NewSupply/LastReading/Register/Obis")
        values = document.texts("NewSupply/LastReading/Register/Value")
        return tuple(
            (code, grown(Decimal(value), self._per_day, _midnight(last_day), at))
            for code, value in zip(codes, values, strict=True)
        )


def _of_supply(document: Document, path: str) -> str:
    return document.text(f"NewSupply/{path}")


def _midnight(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day).date(), time(), _LOCAL)
