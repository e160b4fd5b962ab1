"""The simulated metering centre: every order is answered with what the meter showed (A19)."""

from datetime import datetime, timedelta

from broker.otherside.documents import Document, Reading
from broker.otherside.duties import Duty
from broker.otherside.meters import Meters


class MeteringCentre:
    """Reads meters for the instant ordered, once it has passed."""

    def __init__(self, meters: Meters, delay: timedelta) -> None:
        self._meters = meters
        self._delay = delay

    def duty_of(self, document: Document) -> Duty | None:
        """The reading that an order asks for; other documents ask nothing.

        Raises UnableToReadMeter.
        """
        if document.kind != "ReadingOrder":
            return None
        read_for = datetime.fromisoformat(document.text("ReadFor"))
        serial_number = document.text("SerialNumber")
        possible_at = max(read_for, document.created_at)
        return Duty(
            due=possible_at + self._delay,
            reading=Reading(
                sender=document.text("Header/Recipient/Identification"),
                sender_role=document.text("Header/Recipient/Role"),
                recipient=document.text("Header/Sender/Identification"),
                case_number=document.text("Header/CaseNumber"),
                accounting_point=document.text("Point/AccountingPoint"),
                metering_site=document.text("Point/MeteringSite"),
                serial_number=serial_number,
                created_at=possible_at,
                taken_at=read_for,
                obtained_by="3",
                values=self._meters.read(serial_number, document.texts("Register"), read_for),
            ),
        )
