"""Puts the files of an import beside what is on record, and says what may be taken over.

Rows that say what is on record already are passed over. New rows may be added; of what is there,
only the columns of `_MAY_CHANGE` may differ. What would contradict supply on record, or touch a
point with a case in progress, is left alone and told; any other contradiction is a fault.
"""

import sqlite3
from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from broker.store import participants, register_record
from broker.store.instants import to_text
from broker.store.register import operator
from broker.store.register_scratch import OF_POINTS
from broker.usecases.register_files import Fault, Placed, Sheet
from broker.usecases.register_forms import CSV_FORMS, OPERATOR, PARTICIPANTS
from broker.usecases.register_sheets import ON_RECORD, RegisterSheets
from broker.usecases.what_to_tell import installed_meters

_KEYS: dict[str, tuple[str, ...]] = {
    "participants": ("eic",),
    "customers": ("tax_number",),
    "sites": ("metering_site",),
    "points": ("accounting_point",),
    "supplies": ("accounting_point", "direction", "supplier", "from_day"),
    "meters": ("accounting_point", "serial_number"),
    "meter_registers": ("accounting_point", "serial_number", "register"),
    "readings": ("accounting_point", "serial_number", "taken_at", "register"),
    "billed": ("accounting_point", "direction", "from_day"),
    "blocks": ("accounting_point", "direction", "day"),
}
_MAY_CHANGE: dict[str, frozenset[str]] = {
    "participants": frozenset(
        {
            "name",
            "active",
            "tax_number",
            "registration_number",
            "message_address",
            "balance_group",
            "credential_manager_name",
            "credential_manager_email",
            "affiliate",
            "network_charge_contract",
        }
    ),
    "customers": frozenset({"name", "street", "postal_code", "city", "country", "email"}),
    "sites": frozenset({"gsrn", "owner", "inaccessible_since"}),
    "points": frozenset({"connected", "remotely_read", "measured_power", "customer"}),
    "meters": frozenset({"removed_on"}),
}
_FILES = {name: form.file for name, form in CSV_FORMS.items()} | {"participants": PARTICIPANTS.file}
_IN_PROGRESS = "a case is in progress at delivery point"


def identity(sheet: str) -> Callable[[Any], Hashable]:
    """What tells the entries of this sheet apart."""
    return attrgetter(*_KEYS[sheet])


class OnRecord:
    """The living register as one import finds it.

    After each `merged`, `changed` holds by sheet and line the entry on record that a row changes,
    `delivery_points` where each point of the chunk that is on record belongs, and `waiting` the
    rows of points that are not taken over while a case is in progress there.
    """

    def __init__(self, reader: sqlite3.Connection) -> None:
        self.left_alone: set[Fault] = set()
        self.changed: dict[tuple[str, int], Any] = {}
        self.delivery_points: dict[str, str] = {}
        self.waiting: set[tuple[str, int]] = set()
        self._reader = reader
        self._operator = operator(reader)
        self._participants = participants.participants(reader)
        self._faults: set[Fault] = set()

    def places(self, accounting_points: set[str]) -> dict[str, str]:
        """The delivery points of those of these points that are on record."""
        return register_record.places(self._reader, accounting_points)

    def faults(self) -> set[Fault]:
        """What the last `merged` found to contradict the record."""
        return self._faults

    def merged(self, sheets: RegisterSheets) -> RegisterSheets:
        """The sheets with what is on record beside them, without rows to be passed over."""
        self._faults, self.changed = set(), {}
        record = self._record_of(sheets)
        sheets = replace(sheets, operator=self._merged_operator(sheets.operator))
        merged = {name: self._merge(name, getattr(sheets, name), record[name]) for name in _KEYS}
        sheets = replace(sheets, **merged)
        self._numbers_given_out(sheets)
        return self._without_cases_in_progress(sheets)

    def _record_of(self, sheets: RegisterSheets) -> dict[str, list[Any]]:
        """What is on record about the rows of a chunk, by sheet."""
        reader = self._reader
        named = {row.entry.accounting_point for sheet in _of_points(sheets) for row in sheet.rows}
        beside = {row.entry.delivery_point for row in sheets.points.rows}
        there = register_record.points(reader, named, beside)
        beside |= {entry.delivery_point for entry in there}
        there = register_record.points(reader, named, beside)
        self.delivery_points = {e.accounting_point: e.delivery_point for e in there}
        points = list(self.delivery_points)
        taken_at = {to_text(row.entry.taken_at) for row in sheets.readings.rows}
        days = {row.entry.day.isoformat() for row in sheets.blocks.rows}
        tax_numbers = {row.entry.tax_number for row in sheets.customers.rows}
        tax_numbers |= {row.entry.customer for row in sheets.points.rows if row.entry.customer}
        tax_numbers |= {row.entry.owner for row in sheets.sites.rows if row.entry.owner}
        area_numbers = {row.entry.metering_site for row in sheets.sites.rows}
        area_numbers |= {row.entry.metering_site for row in sheets.points.rows}
        return {
            "participants": list(self._participants),
            "customers": register_record.customers(reader, tax_numbers),
            "sites": register_record.sites(reader, area_numbers),
            "points": there,
            "supplies": register_record.supplies(reader, points),
            "meters": register_record.meters(reader, points),
            "meter_registers": register_record.meter_registers(reader, points),
            "readings": register_record.readings(reader, points, taken_at) if taken_at else [],
            "billed": register_record.billed(reader, points) if sheets.billed.rows else [],
            "blocks": register_record.blocks(reader, points, days) if days else [],
        }

    def _merged_operator(self, sheet: Sheet[Any]) -> Sheet[Any]:
        """The operator on record; the file may be missing or name the same one."""
        for row in sheet.rows:
            for column in ("eic", "area_code", "gsrn_prefix"):
                found, known = getattr(row.entry, column), getattr(self._operator, column)
                if found != known:
                    self._faults.add(row.fault(column, f"the register is that of {known}", found))
        entry = Placed(file=OPERATOR.file, line=ON_RECORD, entry=self._operator)
        return Sheet(rows=(entry,), faults=sheet.faults, texts=sheet.texts)

    def _merge(self, name: str, sheet: Sheet[Any], entries: Iterable[Any]) -> Sheet[Any]:
        """One sheet with its record, each row compared with the entry it speaks of."""
        identify = identity(name)
        record = {identify(entry): entry for entry in entries}
        known = set(record)
        divided = {(e.accounting_point, e.direction) for e in entries} if name == "supplies" else ()
        rows: list[Placed[Any]] = []
        for row in sheet.rows:
            key = identify(row.entry)
            old = record.get(key)
            if old == row.entry:
                continue
            why = self._refusal(name, row, old, divided)
            if why is not None:
                (self.left_alone if name == "supplies" else self._faults).add(why)
                continue
            if old is not None:
                self.changed[(name, row.line)] = old
                known.discard(key)
            rows.append(row)
        file = _FILES[name]
        there = [
            Placed(file=file, line=ON_RECORD, entry=record[key]) for key in record if key in known
        ]
        texts = {
            column: cells | {getattr(entry, column) for entry in record.values()}
            for column, cells in sheet.texts.items()
        }
        return Sheet(rows=(*there, *rows), faults=sheet.faults, texts=texts)

    def _refusal(
        self, name: str, row: Placed[Any], old: Any, divided: Iterable[Any]
    ) -> Fault | None:
        """Why a row may not be taken over."""
        entry = row.entry
        if name == "supplies":
            if old is not None:
                ends = "without end" if old.to_day is None else f"until {old.to_day}"
                return row.fault("to_day", f"on record is this supply {ends}", entry.to_day)
            if (entry.accounting_point, entry.direction) in divided:
                problem = "other supply is on record; it changes by a case only"
                return row.fault("supplier", problem, entry.supplier)
            return None
        if old is None:
            if name == "meter_registers" and self._is_of_known_meter(entry):
                return row.fault("register", "the meter is on record without it", entry.register)
            return None
        for column in (field.name for field in fields(entry)):
            found, known = getattr(entry, column), getattr(old, column)
            if found == known:
                continue
            if name == "participants" and column == "roles" and set(known) <= set(found):
                continue
            given_before = name in ("sites", "meters") and column in ("gsrn", "removed_on")
            if column not in _MAY_CHANGE.get(name, ()) or (given_before and known is not None):
                return row.fault(column, f"on record is {_shown(known)}", _shown(found))
        return None

    def _is_of_known_meter(self, entry: Any) -> bool:
        meters = register_record.meters(self._reader, (entry.accounting_point,))
        return any(meter.serial_number == entry.serial_number for meter in meters)

    def _numbers_given_out(self, sheets: RegisterSheets) -> None:
        """New points and sites whose GSRN is given out already, if only in the past (D1)."""
        new: dict[str, tuple[Placed[Any], str]] = {}
        for site in sheets.sites.rows:
            old = self.changed.get(("sites", site.line))
            if site.line != ON_RECORD and site.entry.gsrn and (old is None or old.gsrn is None):
                new[site.entry.gsrn] = (site, "gsrn")
        for point in sheets.points.rows:
            if point.line != ON_RECORD and ("points", point.line) not in self.changed:
                new[point.entry.accounting_point] = (point, "accounting_point")
        for gsrn in register_record.issued(self._reader, new):
            row, column = new[gsrn]
            self._faults.add(row.fault(column, "this GSRN is given out already", gsrn))

    def _without_cases_in_progress(self, sheets: RegisterSheets) -> RegisterSheets:
        """The sheets without rows that must wait for the end of a case in progress there."""
        places = dict(self.delivery_points)
        for row in sheets.points.rows:
            places.setdefault(row.entry.accounting_point, row.entry.delivery_point)
        busy = register_record.busy(self._reader, set(places.values()))
        at_points = {point: place for point, place in places.items() if place in busy}
        self.waiting = self._waiting(sheets)
        changed_sites = {
            row.entry.metering_site
            for row in sheets.sites.rows
            if ("sites", row.line) in self.changed
        }
        touched: dict[str, dict[str, str]] = dict.fromkeys(OF_POINTS, at_points) if busy else {}
        if changed_sites and (hit := register_record.busy_sites(self._reader, changed_sites)):
            touched["sites"] = dict.fromkeys(hit, "of one of its points")
        return replace(
            sheets,
            **{name: self._left(name, getattr(sheets, name), touched[name]) for name in touched},
        )

    def _waiting(self, sheets: RegisterSheets) -> set[tuple[str, int]]:
        """The rows that would change under a case what it began with.

        Supply, new points and what is theirs, whether power is measured, and a meter that goes
        without another in its place. Of everything else a case is told.
        """
        removed = {
            point
            for point, (before, after) in installed_meters(sheets, self.changed).items()
            if before is not None and after is None
        }
        waiting: set[tuple[str, int]] = set()
        for name in OF_POINTS:
            for row in getattr(sheets, name).rows:
                point, old = row.entry.accounting_point, self.changed.get((name, row.line))
                power = name == "points" and old and old.measured_power != row.entry.measured_power
                of_meter = name in ("meters", "meter_registers", "readings") and point in removed
                new = point not in self.delivery_points
                if row.line != ON_RECORD and (name == "supplies" or new or power or of_meter):
                    waiting.add((name, row.line))
        return waiting

    def _left(self, name: str, sheet: Sheet[Any], touched: dict[str, str]) -> Sheet[Any]:
        column, rows = _KEYS[name][0], []
        for row in sheet.rows:
            key = getattr(row.entry, column)
            waits = name == "sites" or (name, row.line) in self.waiting
            if row.line != ON_RECORD and waits and key in touched:
                self.left_alone.add(row.fault(column, f"{_IN_PROGRESS} {touched[key]}", key))
                old = self.changed.pop((name, row.line), None)
                if old is not None:
                    rows.append(Placed(file=row.file, line=ON_RECORD, entry=old))
            else:
                rows.append(row)
        return Sheet(rows=tuple(rows), faults=sheet.faults, texts=sheet.texts)


def _of_points(sheets: RegisterSheets) -> list[Sheet[Any]]:
    return [getattr(sheets, name) for name in OF_POINTS]


def _shown(value: Any) -> str:
    """A value of a cell in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "+".join(str(getattr(one, "value", one)) for one in value)
    return "nothing" if value is None else str(getattr(value, "value", value))
