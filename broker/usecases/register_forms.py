"""The files of a register with their columns, as docs/register-format.md describes them."""

from collections.abc import Mapping
from typing import Any

from broker.store.participants import Participant
from broker.store.register import Operator
from broker.store.register_entries import (
    BilledEntry,
    CustomerEntry,
    DailyBlocksEntry,
    MeterEntry,
    MeterRegisterEntry,
    PointEntry,
    ReadingEntry,
    SiteEntry,
    SupplyEntry,
)
from broker.store.register_scratch import SheetName
from broker.usecases import register_cells as cells
from broker.usecases.register_cells import Cell
from broker.usecases.register_files import Form

OPERATOR_CELLS: Mapping[str, Cell] = {
    "eic": cells.party_cell,
    "name": cells.text_cell,
    "area_code": cells.area_code_cell,
    "gsrn_prefix": cells.prefix_cell,
    "legal_remedies": cells.optional(cells.text_cell),
}
PARTICIPANT_CELLS: Mapping[str, Cell] = {
    "eic": cells.party_cell,
    "name": cells.text_cell,
    "roles": cells.roles_cell,
    "active": cells.flag_cell,
    "tax_number": cells.tax_number_cell,
    "registration_number": cells.registration_number_cell,
    "message_address": cells.text_cell,
    "balance_group": cells.optional(cells.eic_cell),
    "credential_manager_name": cells.text_cell,
    "credential_manager_email": cells.email_cell,
    "affiliate": cells.flag_cell,
    "network_charge_contract": cells.flag_cell,
}
CUSTOMER_CELLS: Mapping[str, Cell] = {
    "tax_number": cells.tax_number_cell,
    "name": cells.text_cell,
    "street": cells.text_cell,
    "postal_code": cells.text_cell,
    "city": cells.text_cell,
    "country": cells.country_cell,
    "email": cells.optional(cells.email_cell),
}
SITE_CELLS: Mapping[str, Cell] = {
    "metering_site": cells.area_number_cell,
    "area_code": cells.area_code_cell,
    "gsrn": cells.optional(cells.gsrn_cell),
    "owner": cells.optional(cells.tax_number_cell),
    "inaccessible_since": cells.optional(cells.day_cell),
}
POINT_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "delivery_point": cells.text_cell,
    "metering_site": cells.area_number_cell,
    "directions": cells.directions_cell,
    "connected": cells.flag_cell,
    "self_supply": cells.flag_cell,
    "remotely_read": cells.flag_cell,
    "measured_power": cells.flag_or_no_cell,
    "customer": cells.optional(cells.tax_number_cell),
    "measured_at": cells.optional(cells.gsrn_cell),
}
SUPPLY_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "direction": cells.direction_cell,
    "supplier": cells.party_cell,
    "share": cells.share_cell,
    "from_day": cells.day_cell,
    "to_day": cells.optional(cells.day_cell),
}
METER_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "serial_number": cells.text_cell,
    "installed_from": cells.day_cell,
    "removed_on": cells.optional(cells.day_cell),
}
METER_REGISTER_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "serial_number": cells.text_cell,
    "register": cells.obis_cell,
    "digits": cells.count_cell,
    "decimals": cells.count_cell,
    "multiplier": cells.decimal_cell,
}
READING_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "serial_number": cells.text_cell,
    "taken_at": cells.instant_cell,
    "obtained_by": cells.obtained_by_cell,
    "register": cells.obis_cell,
    "value": cells.decimal_cell,
}
BILLED_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "direction": cells.direction_cell,
    "from_day": cells.day_cell,
    "to_day": cells.day_cell,
    "kwh": cells.count_cell,
}
BLOCKS_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "direction": cells.direction_cell,
    "day": cells.day_cell,
    "watt_hours": cells.watt_hours_cell,
}

OPERATOR = Form(name="operator", file="operator.toml", kind=Operator, cells=OPERATOR_CELLS)
PARTICIPANTS = Form(
    name="participants",
    file="participants.toml",
    kind=Participant,
    cells=PARTICIPANT_CELLS,
    table="participant",
)
CUSTOMERS = Form(name="customers", file="customers.csv", kind=CustomerEntry, cells=CUSTOMER_CELLS)
SITES = Form(
    name="sites",
    file="metering_sites.csv",
    kind=SiteEntry,
    cells=SITE_CELLS,
    may_lack=frozenset({"inaccessible_since"}),
)
POINTS = Form(
    name="points",
    file="accounting_points.csv",
    kind=PointEntry,
    cells=POINT_CELLS,
    may_lack=frozenset({"measured_power", "measured_at"}),
)
SUPPLIES = Form(name="supplies", file="supply.csv", kind=SupplyEntry, cells=SUPPLY_CELLS)
METERS = Form(name="meters", file="meters.csv", kind=MeterEntry, cells=METER_CELLS)
METER_REGISTERS = Form(
    name="meter_registers",
    file="meter_registers.csv",
    kind=MeterRegisterEntry,
    cells=METER_REGISTER_CELLS,
)
READINGS = Form(name="readings", file="readings.csv", kind=ReadingEntry, cells=READING_CELLS)
BILLED = Form(name="billed", file="billed_quantities.csv", kind=BilledEntry, cells=BILLED_CELLS)
BLOCKS = Form(name="blocks", file="daily_blocks.csv", kind=DailyBlocksEntry, cells=BLOCKS_CELLS)
CSV_FORMS: Mapping[SheetName, Form[Any]] = {
    "customers": CUSTOMERS,
    "sites": SITES,
    "points": POINTS,
    "supplies": SUPPLIES,
    "meters": METERS,
    "meter_registers": METER_REGISTERS,
    "readings": READINGS,
    "billed": BILLED,
    "blocks": BLOCKS,
}
"""The CSV files of a register, in the order in which they are read."""
MAY_BE_MISSING = frozenset({BLOCKS.file})
"""Files that a first import does without."""
FILES = frozenset({OPERATOR.file, PARTICIPANTS.file, *(form.file for form in CSV_FORMS.values())})
"""The names of all files."""
