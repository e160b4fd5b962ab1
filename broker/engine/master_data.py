"""What a supplier is told of a point before its request (A4): what it asked for, and no more."""

from dataclasses import dataclass, replace
from datetime import date

from broker.engine.divide import divide
from broker.engine.examination import examine_master_data
from broker.engine.facts import MeterFacts, PointFacts
from broker.engine.legal_periods import PeriodName
from broker.engine.rules_master_data import MasterDataCheck
from broker.messages.codes import Direction, ReadingMethod, WantedData
from broker.messages.identifiers import Eic
from broker.messages.master_data import (
    BilledQuantity,
    DailyBlocks,
    History,
    InstalledMeter,
    MasterData,
    MasterDataResponse,
    MeterRegister,
    ShareInForce,
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
    return Grant(
        request=check.request,
        point=check.point,
        first_day=check.rules.first_day(PeriodName.DATA_HISTORY, end=check.received_on),
        end=check.received_on,
    )


def master_data_response(grant: Grant, history: History) -> MasterDataResponse:
    """The answer with the data that were asked for (A4, interpretation 9).

    The last reading is not among them: the new supplier is told it when its request is approved
    (A15). Of energy at a delivery point that was divided, one of its suppliers is told its own
    part, and anybody else the whole, under whichever number it asks. So nobody is told the part of
    another, nor two figures from which a share that is not its own would follow.
    """
    request, point = grant.request, grant.point
    asker = request.header.sender
    billed = [
        _billed_for(asker, one, history.shares)
        for one in history.billed
        if one.direction in point.directions
    ]
    quarter_hours = [
        _blocks_for(asker, one, history.shares)
        for one in history.quarter_hours
        if one.direction in point.directions
    ]
    return MasterDataResponse(
        party=asker,
        role=request.header.sender_role,
        reference=request.header.message_id,
        accounting_point=point.accounting_point,
        metering_site=point.metering_site,
        directions=point.directions,
        history_from=grant.first_day,
        history_to=grant.end,
        master_data=_master_data(grant) if WantedData.MASTER_DATA in request.wanted else None,
        billed=tuple(billed) if WantedData.BILLED_QUANTITIES in request.wanted else None,
        quarter_hours=tuple(quarter_hours) if WantedData.QUARTER_HOURS in request.wanted else None,
    )


def _billed_for(
    asker: Eic, one: BilledQuantity, shares: tuple[ShareInForce, ...]
) -> BilledQuantity:
    """What was billed in a period, by the key of its first day: a period is never cut."""
    key = _key(one.direction, one.from_day, shares)
    return replace(one, kwh=_part(asker, one.kwh, key))


def _blocks_for(asker: Eic, one: DailyBlocks, shares: tuple[ShareInForce, ...]) -> DailyBlocks:
    """The quarter-hours of a day, each divided by the key of the day."""
    key = _key(one.direction, one.day, shares)
    return replace(one, watt_hours=tuple(_part(asker, block, key) for block in one.watt_hours))


def _key(
    direction: Direction, day: date, shares: tuple[ShareInForce, ...]
) -> tuple[ShareInForce, ...]:
    """The division key of a day; none where it does not add up (B10), and none of production,
    which is not divided (interpretation 13).
    """
    if direction is not Direction.CONSUMPTION:
        return ()
    key = tuple(
        one for one in shares if one.from_day <= day and (one.to_day is None or day < one.to_day)
    )
    return key if sum(one.share for one in key) == 1 else ()


def _part(asker: Eic, total: int, key: tuple[ShareInForce, ...]) -> int:
    """The asker's part by the key, all of it for who has no part in the key (B11)."""
    if all(one.supplier != asker for one in key):
        return total
    parts = divide(total, [one.share for one in key])
    return sum(part for part, one in zip(parts, key, strict=True) if one.supplier == asker)


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
