"""What a supplier is told of a point before its request (A4): what it asked for, and no more."""

from dataclasses import dataclass
from datetime import date

from broker.engine.examination import examine_master_data
from broker.engine.facts import MeterFacts, PointFacts
from broker.engine.legal_periods import PeriodName, legal_period
from broker.engine.rules_master_data import MasterDataCheck
from broker.messages.codes import ReadingMethod, WantedData
from broker.messages.master_data import (
    History,
    InstalledMeter,
    MasterData,
    MasterDataResponse,
    MeterRegister,
)
from broker.messages.reasons import Refusal
from broker.messages.requests import MasterDataRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The data asked for may be given: of this point, of the days [first_day, end)."""

    request: MasterDataRequest
    point: PointFacts
    first_day: date
    end: date


def grant_master_data(check: MasterDataCheck) -> Grant | tuple[Refusal, ...]:
    """Whether the data may be given; if not, everything that speaks against it (A4)."""
    refusals = examine_master_data(check)
    if refusals:
        return refusals
    if check.point is None:
        raise LookupError("a point that is not identified was not refused")
    history = legal_period(PeriodName.DATA_HISTORY, check.received_on)
    return Grant(
        request=check.request,
        point=check.point,
        first_day=history.first_day(check.received_on),
        end=check.received_on,
    )


def master_data_response(grant: Grant, history: History) -> MasterDataResponse:
    """The answer with the data that were asked for (A4, interpretation 9).

    The last reading is not among them: the new supplier is told it when its request is approved
    (A15).
    """
    request, point = grant.request, grant.point
    return MasterDataResponse(
        party=request.header.sender,
        role=request.header.sender_role,
        reference=request.header.message_id,
        accounting_point=point.accounting_point,
        metering_site=point.metering_site,
        directions=point.directions,
        history_from=grant.first_day,
        history_to=grant.end,
        master_data=_master_data(grant) if WantedData.MASTER_DATA in request.wanted else None,
        billed=history.billed if WantedData.BILLED_QUANTITIES in request.wanted else None,
        quarter_hours=history.quarter_hours if WantedData.QUARTER_HOURS in request.wanted else None,
    )


def _master_data(grant: Grant) -> MasterData:
    point = grant.point
    return MasterData(
        metering_site_gsrn=point.metering_site_gsrn,
        area=point.area,
        directions=point.directions,
        connected=point.connected,
        self_supply=point.self_supply,
        reading_method=ReadingMethod.REMOTE if point.remotely_read else ReadingMethod.CUSTOMER,
        contracting_party=grant.request.contracting_party,
        meter=None if point.meter is None else _installed(point.meter),
    )


def _installed(meter: MeterFacts) -> InstalledMeter:
    return InstalledMeter(
        serial_number=meter.serial_number,
        registers=tuple(
            MeterRegister(register=one.register, digits=one.digits, multiplier=one.multiplier)
            for one in meter.registers
        ),
    )
