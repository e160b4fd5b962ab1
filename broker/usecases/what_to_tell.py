"""What an import changes at points on record that suppliers and cases there are told (A32, D4)."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from broker.messages.codes import RegisterChangeKind
from broker.messages.identifiers import Gsrn
from broker.store.imported_changes import ToTell
from broker.store.register_entries import MeterEntry, PointEntry
from broker.usecases.register_sheets import ON_RECORD, RegisterSheets

Changed = dict[tuple[str, int], Any]
"""By sheet and line, the entry on record that a row changes."""
Installed = tuple[MeterEntry | None, MeterEntry | None]
"""The meter that is installed by the record, and the one that is with the rows of the files."""


def installed_meters(sheets: RegisterSheets, changed: Changed) -> dict[str, Installed]:
    """The installed meters by point, before and after."""
    before: dict[str, MeterEntry] = {}
    after: dict[str, MeterEntry] = {}
    for row in sheets.meters.rows:
        old = row.entry if row.line == ON_RECORD else changed.get(("meters", row.line))
        if old is not None and old.removed_on is None:
            before[old.accounting_point] = old
        if row.entry.removed_on is None:
            after[row.entry.accounting_point] = row.entry
    return {point: (before.get(point), after.get(point)) for point in before.keys() | after.keys()}


def what_to_tell(
    sheets: RegisterSheets, changed: Changed, points: Collection[str]
) -> tuple[ToTell, ...]:
    """What the rows of the sheets change at these points, which are on record.

    A supplier is told of a meter where the way of metering changes, of the rest always; a new
    meter that is read in another way is one change. Source: A32, D4 (002 a.141, a.149(2)).
    """
    told: dict[tuple[str, RegisterChangeKind], ToTell] = {}
    for row in sheets.points.rows:
        old, point = changed.get(("points", row.line)), row.entry.accounting_point
        for kind in _kinds(old, row.entry) if old and point in points else ():
            told[point, kind] = ToTell(accounting_point=point, kind=kind)
    counting = _counting(sheets)
    for name, (before, after) in installed_meters(sheets, changed).items():
        if name not in points or _same(before, after):
            continue
        linked = told.pop((name, RegisterChangeKind.READING_METHOD), None)
        otherwise = counting[_key(before)] != counting[_key(after)]
        on = after.installed_from if after else _removed_on(sheets, before)
        told[name, RegisterChangeKind.METER] = ToTell(
            accounting_point=Gsrn(name),
            kind=RegisterChangeKind.METER,
            effective_on=on,
            supplier_is_told=otherwise
            or linked is not None
            or (name, RegisterChangeKind.METER) in told,
        )
    return tuple(told.values())


def _kinds(old: PointEntry, new: PointEntry) -> Iterator[RegisterChangeKind]:
    """What differs between two entries of a point; measured power is a way of metering.

    How it is read and metered is said of the point whose meter measures; elsewhere it says nothing.
    """
    measures = new.measured_at is None
    if measures and old.measured_power != new.measured_power:
        yield RegisterChangeKind.METER
    if old.customer != new.customer:
        yield RegisterChangeKind.CUSTOMER
    if old.connected != new.connected:
        yield RegisterChangeKind.CONNECTION
    if measures and old.remotely_read != new.remotely_read:
        yield RegisterChangeKind.READING_METHOD


def _counting(sheets: RegisterSheets) -> dict[object, set[tuple[object, ...]]]:
    """By meter, its registers with their multipliers."""
    found: dict[object, set[tuple[object, ...]]] = defaultdict(set)
    for row in sheets.meter_registers.rows:
        one = row.entry
        found[one.accounting_point, one.serial_number].add((one.register, one.multiplier))
    return found


def _key(meter: MeterEntry | None) -> object:
    return meter and (meter.accounting_point, meter.serial_number)


def _same(before: MeterEntry | None, after: MeterEntry | None) -> bool:
    return _key(before) == _key(after)


def _removed_on(sheets: RegisterSheets, meter: MeterEntry | None) -> Any:
    """The day from which the meter is gone by the rows of the sheets."""
    found = (row.entry for row in sheets.meters.rows if _same(row.entry, meter))
    return next((one.removed_on for one in found if one.removed_on), None)
