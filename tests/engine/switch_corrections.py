"""Good corrections with their checks, and what is known of the switch."""

from dataclasses import replace
from datetime import date

from broker.engine.correction_check import CorrectionCheck
from broker.engine.facts import CorrectedSwitch, Facts, SupplyPeriod, ToldDocument
from broker.engine.state import SwitchCase
from broker.messages.codes import CorrectionReason, Direction, DocumentKind, ObtainedBy
from broker.messages.events import CorrectionReceived
from broker.messages.identifiers import DocumentId, Eic, SerialNumber
from broker.messages.requests import Correction, RightReading
from tests.engine.builders import (
    NEW,
    OLD,
    OPERATOR,
    OTHER_CASE,
    READ_ON,
    RULES,
    TAKEN,
    at,
    correction,
    facts,
    point,
    shows,
)
from tests.engine.ways_through_the_process import completed, completed_unsettled

CORRECTED_ON = date(2026, 5, 20)
"""Ten days after the switch."""
SENT = (
    (NEW, DocumentKind.APPROVAL_NOTICE),
    (OLD, DocumentKind.APPROVAL_NOTICE),
    (NEW, DocumentKind.SWITCH_COMPLETED),
    (OLD, DocumentKind.SWITCH_COMPLETED),
    (OLD, DocumentKind.FINAL_SETTLEMENT),
    (OLD, DocumentKind.REGISTER_CHANGE_NOTICE),
    (OPERATOR, DocumentKind.SWITCH_EXECUTED),
)
UNSETTLED = tuple(one for one in SENT if one[1] is not DocumentKind.FINAL_SETTLEMENT)


def documents(sent: tuple[tuple[Eic, DocumentKind], ...] = SENT) -> tuple[ToldDocument, ...]:
    """What was sent in the case of the switch, each with a number of its own."""
    return tuple(
        ToldDocument(party=party, kind=kind, document_id=DocumentId(f"document-{number}"))
        for number, (party, kind) in enumerate(sent, start=1)
    )


def corrected() -> CorrectedSwitch:
    """The good switch: carried out on 10 May, nothing came since."""
    return CorrectedSwitch(
        switch=completed(),
        corrected_by=None,
        since=(
            SupplyPeriod(
                accounting_point=completed().accounting_point,
                direction=Direction.CONSUMPTION,
                supplier=NEW,
                from_day=READ_ON,
                to_day=None,
            ),
        ),
        payer_changed_since=False,
        point=point(),
        next_reading=None,
        documents=documents(),
    )


def corrected_unsettled() -> CorrectedSwitch:
    """The good switch where power is measured, before the month has ended."""
    return replace(
        corrected(),
        switch=completed_unsettled(),
        point=replace(point(), measured_power=True),
        documents=documents(UNSETTLED),
    )


def known(of: CorrectedSwitch | None = None) -> Facts:
    """What is known when the correction comes."""
    return replace(facts(), corrected=of or corrected())


def right_reading(value: str = "15010", taken_on: date = READ_ON) -> RightReading:
    """The reading the switch should have been carried out with, forty kWh less."""
    return RightReading(
        serial_number=SerialNumber("ZGL-100001"),
        taken_at=at(taken_on, 8),
        obtained_by=ObtainedBy.CUSTOMER,
        registers=(shows(TAKEN, value),),
    )


def rightly(of: RightReading | None = None) -> Correction:
    """The back office puts the reading of the switch right."""
    return replace(
        correction(), reason=CorrectionReason.MISREAD, right_reading=of or right_reading()
    )


def received(of: Correction) -> CorrectionReceived:
    """The correction arrives."""
    return CorrectionReceived(case_id=OTHER_CASE, correction=of, received_at=at(CORRECTED_ON))


def undo_check() -> CorrectionCheck:
    """The check of a good correction that undoes the switch."""
    return CorrectionCheck(
        correction=correction(), received_at=at(CORRECTED_ON), facts=known(), rules=RULES
    )


def reading_correction_check() -> CorrectionCheck:
    """The check of a good correction of the reading."""
    return replace(undo_check(), correction=rightly())


def check_of_another_day() -> CorrectionCheck:
    """The check of a good correction by which the switch takes effect five days later."""
    moved = right_reading("15100", date(2026, 5, 15))
    return replace(undo_check(), correction=rightly(moved))


def switch_of(check: CorrectionCheck) -> SwitchCase:
    """The switch that is put right."""
    assert check.corrected is not None
    return check.corrected.switch
