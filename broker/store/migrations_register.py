"""Schema of the register: who takes part, what is metered where, who supplies it (D1-D4, A33).

What SQL can refuse, it refuses here. Legal days are local dates as text, half-open `[from, to)`;
instants are UTC text of fixed width, so text order is time order; decimals are text, not binary.
"""

from sqlite_utils import Database, Migrations

from broker.store.migrations_access import add_steps_of_access
from broker.store.migrations_division import division_statements

register = Migrations("register")
"""The set of migrations that makes the register's tables."""

_OVERLAP = "to_day IS NULL OR NEW.from_day < to_day"


def _is_day(column: str) -> str:
    """The condition that a column holds an existing local date as YYYY-MM-DD."""
    # Without the modifier SQLite gives 30 February back as it is.
    return f"(length({column}) = 10 AND date({column}, '+0 days') IS {column})"


def _is_instant(column: str) -> str:
    """The condition that a column holds a UTC instant as YYYY-MM-DDTHH:MM:SS.ffffffZ."""
    like = f"{column} GLOB '????-??-??T??:??:??.{'[0-9]' * 6}Z'"
    second = f"substr({column}, 1, 19)"  # SQLite rounds a fraction, perhaps into the next one
    return f"({like} AND strftime('%Y-%m-%dT%H:%M:%S', {second}, '+0 days') IS {second})"


def _is_decimal(column: str) -> str:
    """The condition that a column holds a plain decimal, not negative."""
    return (
        f"({column} GLOB '[0-9]*' AND {column} NOT GLOB '*[^0-9.]*'"
        f" AND {column} NOT GLOB '*.*.*' AND {column} NOT GLOB '*.')"
    )


def _is_flag(column: str) -> str:
    """The condition that a column holds 0 or 1."""
    return f"({column} IN (0, 1))"


def _is_gsrn(column: str) -> str:
    """The condition that a column holds 18 digits, the last the GS1 check digit (D1)."""
    weighed = " + ".join(
        f"{3 if place % 2 else 1} * substr({column}, {place}, 1)" for place in range(1, 19)
    )
    return f"(length({column}) = 18 AND {column} NOT GLOB '*[^0-9]*' AND ({weighed}) % 10 = 0)"


def _is_digits(column: str, length: int) -> str:
    """The condition that a column holds exactly so many digits."""
    return f"(length({column}) = {length} AND {column} NOT GLOB '*[^0-9]*')"


_DIRECTION = "(direction IN ('consumption', 'production'))"
# A share has at most six places and one way of being written: 1, or 0. and no zero at the end.
_SHARE = (
    "(share = '1' OR (share GLOB '0.*[1-9]' AND substr(share, 3) NOT GLOB '*[^0-9]*'"
    " AND length(share) <= 8))"
)


@register()
def create_participants(db: Database) -> None:
    """Parties of the market with their roles and their tokens, which are kept as hashes only."""
    db.execute(f"""
        CREATE TABLE participants (
            eic TEXT PRIMARY KEY CHECK (length(eic) = 16 AND substr(eic, 3, 1) = 'X'),
            name TEXT NOT NULL CHECK (name <> ''),
            active INTEGER NOT NULL CHECK {_is_flag("active")},
            tax_number TEXT NOT NULL CHECK {_is_digits("tax_number", 8)},
            registration_number TEXT NOT NULL CHECK (length(registration_number) IN (7, 10)),
            message_address TEXT NOT NULL CHECK (message_address <> ''),
            balance_group TEXT CHECK (length(balance_group) = 16),
            credential_manager_name TEXT NOT NULL,
            credential_manager_email TEXT NOT NULL CHECK (credential_manager_email LIKE '%_@_%'),
            affiliate INTEGER NOT NULL CHECK {_is_flag("affiliate")},
            network_charge_contract INTEGER NOT NULL CHECK {_is_flag("network_charge_contract")}
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE participant_roles (
            eic TEXT NOT NULL REFERENCES participants (eic),
            role TEXT NOT NULL CHECK (role IN ('DDQ', 'DDM', 'DDE')),
            PRIMARY KEY (eic, role)
        ) STRICT, WITHOUT ROWID""")
    db.execute(f"""
        CREATE TABLE tokens (
            sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
            eic TEXT NOT NULL REFERENCES participants (eic),
            label TEXT NOT NULL CHECK (label <> ''),
            created_at TEXT NOT NULL CHECK {_is_instant("created_at")},
            expires_at TEXT CHECK (expires_at IS NULL OR {_is_instant("expires_at")}),
            revoked_at TEXT CHECK (revoked_at IS NULL OR {_is_instant("revoked_at")}),
            CHECK (expires_at > created_at)
        ) STRICT, WITHOUT ROWID""")
    # A label names one valid token of a party; a revoked one gives its label free.
    db.execute("CREATE UNIQUE INDEX tokens_label ON tokens (eic, label) WHERE revoked_at IS NULL")


@register()
def create_operator(db: Database) -> None:
    """The one operator this file belongs to, and every GSRN that it has given out (D1)."""
    db.execute(f"""
        CREATE TABLE operator (
            only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
            eic TEXT NOT NULL REFERENCES participants (eic),
            name TEXT NOT NULL CHECK (name <> ''),
            area_code TEXT NOT NULL CHECK (area_code GLOB '[1-9]' OR area_code GLOB '[1-9][0-9]'),
            gsrn_prefix TEXT NOT NULL CHECK {_is_digits("gsrn_prefix", 8)},
            legal_remedies TEXT CHECK (legal_remedies <> '')
        ) STRICT""")
    # A number that was given out stays here for ever, also when what it named is gone.
    db.execute(f"""
        CREATE TABLE issued_gsrns (
            gsrn TEXT PRIMARY KEY CHECK {_is_gsrn("gsrn")}
        ) STRICT, WITHOUT ROWID""")


@register()
def create_points(db: Database) -> None:
    """Customers, metering sites, delivery points and their accounting points (D2)."""
    # Erasing a customer empties the columns and leaves the row that points refer to.
    db.execute(f"""
        CREATE TABLE customers (
            customer INTEGER PRIMARY KEY,
            tax_number TEXT UNIQUE CHECK {_is_digits("tax_number", 8)},
            name TEXT CHECK (name <> ''),
            street TEXT, postal_code TEXT, city TEXT, country TEXT, email TEXT,
            erased_at TEXT CHECK (erased_at IS NULL OR {_is_instant("erased_at")}),
            CHECK (CASE WHEN erased_at IS NULL
                THEN name IS NOT NULL AND tax_number IS NOT NULL AND street IS NOT NULL
                    AND postal_code IS NOT NULL AND city IS NOT NULL AND country IS NOT NULL
                ELSE coalesce(name, tax_number, street, postal_code, city, country, email) IS NULL
                END)
        ) STRICT""")
    db.execute("""
        CREATE TABLE metering_sites (
            area_number TEXT PRIMARY KEY,
            area_code TEXT NOT NULL CHECK (area_code GLOB '[1-9]' OR area_code GLOB '[1-9][0-9]'),
            gsrn TEXT UNIQUE REFERENCES issued_gsrns (gsrn),
            owner INTEGER REFERENCES customers (customer),
            CHECK (area_number GLOB area_code || '-[0-9]*'
                AND substr(area_number, length(area_code) + 2) NOT GLOB '*[^0-9]*'
                AND length(area_number) <= length(area_code) + 8)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE delivery_points (
            delivery_point TEXT PRIMARY KEY CHECK (delivery_point <> '')
        ) STRICT, WITHOUT ROWID""")
    db.execute(f"""
        CREATE TABLE accounting_points (
            accounting_point TEXT PRIMARY KEY REFERENCES issued_gsrns (gsrn),
            delivery_point TEXT NOT NULL REFERENCES delivery_points (delivery_point),
            metering_site TEXT NOT NULL REFERENCES metering_sites (area_number),
            customer INTEGER REFERENCES customers (customer),
            connected INTEGER NOT NULL CHECK {_is_flag("connected")},
            consumption INTEGER NOT NULL CHECK {_is_flag("consumption")},
            production INTEGER NOT NULL CHECK {_is_flag("production")},
            self_supply INTEGER NOT NULL CHECK {_is_flag("self_supply")},
            remotely_read INTEGER NOT NULL CHECK {_is_flag("remotely_read")},
            CHECK (consumption OR production),
            CHECK (NOT self_supply OR (consumption AND production))
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX points_of_delivery_point ON accounting_points (delivery_point)")


@register()
def create_supply(db: Database) -> None:
    """Who supplies which direction of a point, with what share, from day to day (A27, B9)."""
    # The case that brought the supply belongs to another set of tables, so it is only named.
    db.execute(f"""
        CREATE TABLE network_charge_payers (
            accounting_point TEXT NOT NULL REFERENCES accounting_points,
            payer TEXT NOT NULL CHECK (payer IN ('customer', 'supplier')),
            from_day TEXT NOT NULL CHECK {_is_day("from_day")},
            case_id TEXT,
            PRIMARY KEY (accounting_point, from_day)
        ) STRICT, WITHOUT ROWID""")
    db.execute(f"""
        CREATE TABLE supply (
            accounting_point TEXT NOT NULL REFERENCES accounting_points (accounting_point),
            direction TEXT NOT NULL CHECK {_DIRECTION},
            supplier TEXT NOT NULL REFERENCES participants (eic),
            share TEXT NOT NULL CHECK {_SHARE},
            from_day TEXT NOT NULL CHECK {_is_day("from_day")},
            to_day TEXT CHECK (to_day IS NULL OR {_is_day("to_day")}),
            case_id TEXT,
            PRIMARY KEY (accounting_point, direction, from_day, supplier),
            CHECK (to_day > from_day),
            CHECK (direction = 'consumption' OR share = '1')
        ) STRICT, WITHOUT ROWID""")
    for name, when in (("begins", "INSERT"), ("moves", "UPDATE")):
        db.execute(_supply_trigger(name, when))


def _supply_trigger(name: str, when: str) -> str:
    """Refuses a supply in a direction the point has not, twice at once, or beyond the whole.

    The sum of shares can only rise on the first day of a supply, so those days are looked at.
    """
    others = """accounting_point = NEW.accounting_point AND direction = NEW.direction"""
    same = """(supplier, from_day) = (NEW.supplier, NEW.from_day)"""
    if when == "UPDATE":
        same = """(supplier, from_day) IN
            ((NEW.supplier, NEW.from_day), (OLD.supplier, OLD.from_day))"""
    return f"""
        CREATE TRIGGER supply_{name} BEFORE {when} ON supply BEGIN
            SELECT RAISE(ABORT, 'the point does not have this direction of supply')
            WHERE NOT EXISTS (SELECT 1 FROM accounting_points
                WHERE accounting_point = NEW.accounting_point
                AND (CASE NEW.direction WHEN 'consumption' THEN consumption ELSE production END));
            SELECT RAISE(ABORT, 'the supplier already supplies the point on one of these days')
            WHERE EXISTS (SELECT 1 FROM supply
                WHERE {others} AND supplier = NEW.supplier AND NOT ({same})
                AND (NEW.to_day IS NULL OR from_day < NEW.to_day) AND ({_OVERLAP}));
            SELECT RAISE(ABORT, 'the shares of supply would exceed the whole')
            WHERE EXISTS (SELECT 1 FROM (
                SELECT NEW.from_day AS day UNION SELECT from_day FROM supply
                    WHERE {others} AND from_day > NEW.from_day
                    AND (NEW.to_day IS NULL OR from_day < NEW.to_day)) AS days
                WHERE 1000000 < (SELECT total(round(share * 1000000)) FROM supply
                    WHERE {others} AND NOT ({same})
                    AND from_day <= days.day AND (to_day IS NULL OR days.day < to_day))
                    + round(NEW.share * 1000000));
        END"""


@register()
def create_meters(db: Database) -> None:
    """Meters with their registers and what was read from them (C5, D4)."""
    db.execute(f"""
        CREATE TABLE meters (
            meter INTEGER PRIMARY KEY,
            accounting_point TEXT NOT NULL REFERENCES accounting_points (accounting_point),
            serial_number TEXT NOT NULL CHECK (serial_number <> ''),
            installed_from TEXT NOT NULL CHECK {_is_day("installed_from")},
            removed_on TEXT CHECK (removed_on IS NULL OR {_is_day("removed_on")}),
            UNIQUE (accounting_point, serial_number),
            CHECK (removed_on > installed_from)
        ) STRICT""")
    db.execute("""
        CREATE UNIQUE INDEX one_meter_installed ON meters (accounting_point)
            WHERE removed_on IS NULL""")
    db.execute("""
        CREATE TRIGGER meter_installed BEFORE INSERT ON meters BEGIN
            SELECT RAISE(ABORT, 'another meter is installed at the point on one of these days')
            WHERE EXISTS (SELECT 1 FROM meters WHERE accounting_point = NEW.accounting_point
                AND (NEW.removed_on IS NULL OR installed_from < NEW.removed_on)
                AND (removed_on IS NULL OR NEW.installed_from < removed_on));
        END""")
    db.execute(f"""
        CREATE TABLE meter_registers (
            meter INTEGER NOT NULL REFERENCES meters (meter),
            register TEXT NOT NULL CHECK (register GLOB '[0-9]*-[0-9]*:[0-9]*.[0-9]*.[0-9]*'),
            digits INTEGER NOT NULL CHECK (digits BETWEEN 1 AND 12),
            decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 6),
            multiplier TEXT NOT NULL CHECK ({_is_decimal("multiplier")} AND multiplier + 0 > 0),
            PRIMARY KEY (meter, register)
        ) STRICT, WITHOUT ROWID""")
    db.execute(f"""
        CREATE TABLE readings (
            reading INTEGER PRIMARY KEY,
            meter INTEGER NOT NULL REFERENCES meters (meter),
            taken_at TEXT NOT NULL CHECK {_is_instant("taken_at")},
            obtained_by TEXT NOT NULL CHECK (obtained_by IN ('1', '2', '3', '4')),
            case_id TEXT,
            UNIQUE (reading, meter)
        ) STRICT""")
    db.execute("CREATE INDEX readings_of_meter ON readings (meter, taken_at)")
    # The meter stands in each value, so that a value can only be of a register that meter has.
    db.execute(f"""
        CREATE TABLE reading_values (
            reading INTEGER NOT NULL,
            meter INTEGER NOT NULL,
            register TEXT NOT NULL,
            value TEXT NOT NULL CHECK {_is_decimal("value")},
            PRIMARY KEY (reading, register),
            FOREIGN KEY (reading, meter) REFERENCES readings (reading, meter),
            FOREIGN KEY (meter, register) REFERENCES meter_registers (meter, register)
        ) STRICT, WITHOUT ROWID""")


@register()
def create_quantities(db: Database) -> None:
    """Energy per billing period, in whole kWh (C3), and per quarter-hour of a day."""
    db.execute(f"""
        CREATE TABLE billed_quantities (
            accounting_point TEXT NOT NULL REFERENCES accounting_points (accounting_point),
            direction TEXT NOT NULL CHECK {_DIRECTION},
            from_day TEXT NOT NULL CHECK {_is_day("from_day")},
            to_day TEXT NOT NULL CHECK {_is_day("to_day")},
            kwh INTEGER NOT NULL CHECK (kwh >= 0),
            PRIMARY KEY (accounting_point, direction, from_day),
            CHECK (to_day > from_day)
        ) STRICT, WITHOUT ROWID""")
    db.execute(f"""
        CREATE TRIGGER quantity_billed BEFORE INSERT ON billed_quantities BEGIN
            SELECT RAISE(ABORT, 'one of these days has been billed already')
            WHERE EXISTS (SELECT 1 FROM billed_quantities
                WHERE accounting_point = NEW.accounting_point AND direction = NEW.direction
                AND from_day < NEW.to_day AND ({_OVERLAP}));
        END""")
    # A day has 92 quarter-hours when summer time begins and 100 when it ends.
    db.execute(f"""
        CREATE TABLE daily_blocks (
            accounting_point TEXT NOT NULL REFERENCES accounting_points (accounting_point),
            direction TEXT NOT NULL CHECK {_DIRECTION},
            day TEXT NOT NULL CHECK {_is_day("day")},
            watt_hours TEXT NOT NULL CHECK (json_valid(watt_hours)
                AND json_array_length(watt_hours) IN (92, 96, 100)),
            PRIMARY KEY (accounting_point, direction, day)
        ) STRICT, WITHOUT ROWID""")


@register()
def add_what_visits_and_settlement_need(db: Database) -> None:
    """Since when a site could not be read (A21), and whether power is measured (A24)."""
    db.execute(f"""
        ALTER TABLE metering_sites ADD COLUMN inaccessible_since TEXT
            CHECK (inaccessible_since IS NULL OR {_is_day("inaccessible_since")})""")
    db.execute(f"""
        ALTER TABLE accounting_points ADD COLUMN measured_power INTEGER NOT NULL DEFAULT 0
            CHECK {_is_flag("measured_power")}""")


@register()
def create_register_imports(db: Database) -> None:
    """Imports into a living register. What one brought is hidden until it has switched over."""
    db.execute(f"""
        CREATE TABLE register_imports (
            import_id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE,
            begun_at TEXT NOT NULL CHECK {_is_instant("begun_at")},
            switched_over_at TEXT
                CHECK (switched_over_at IS NULL OR {_is_instant("switched_over_at")})
        ) STRICT""")
    for table in ("participants", "customers", "metering_sites", "accounting_points"):
        db.execute(f"""
            ALTER TABLE {table} ADD COLUMN brought_by INTEGER
                REFERENCES register_imports (import_id)""")
        db.execute(f"""
            CREATE INDEX {table}_brought ON {table} (brought_by)
                WHERE brought_by IS NOT NULL""")
    # Who or what refers to a row that an interrupted import left behind, or that changes.
    db.execute("CREATE INDEX points_of_customer ON accounting_points (customer)")
    db.execute("CREATE INDEX points_of_site ON accounting_points (metering_site)")
    db.execute("CREATE INDEX sites_of_owner ON metering_sites (owner)")
    db.execute("CREATE INDEX values_of_register ON reading_values (meter, register)")


@register()
def create_imported_changes(db: Database) -> None:
    """What imports have changed at points and nobody has been told yet (A32, D4).

    Written in the transaction that makes the change, removed in the one that tells of it.
    """
    db.execute(f"""
        CREATE TABLE imported_changes (
            imported_change INTEGER PRIMARY KEY,
            accounting_point TEXT NOT NULL REFERENCES accounting_points (accounting_point),
            kind TEXT NOT NULL CHECK (kind IN
                ('meter', 'customer', 'connection', 'reading_method')),
            effective_on TEXT NOT NULL CHECK {_is_day("effective_on")},
            supplier_is_told INTEGER NOT NULL CHECK {_is_flag("supplier_is_told")},
            parked TEXT,
            UNIQUE (accounting_point, kind)
        ) STRICT""")


@register()
def keep_what_was_cancelled(db: Database) -> None:
    """Readings found wrong, and the quantities that were billed from them (C6)."""
    db.execute(f"""
        ALTER TABLE readings ADD COLUMN cancelled_on TEXT
            CHECK (cancelled_on IS NULL OR {_is_day("cancelled_on")})""")
    # A period may be cancelled more than once, on one day too.
    db.execute(f"""
        CREATE TABLE cancelled_quantities (
            cancelled INTEGER PRIMARY KEY,
            accounting_point TEXT NOT NULL REFERENCES accounting_points (accounting_point),
            direction TEXT NOT NULL CHECK {_DIRECTION},
            from_day TEXT NOT NULL CHECK {_is_day("from_day")},
            to_day TEXT NOT NULL CHECK {_is_day("to_day")},
            kwh INTEGER NOT NULL CHECK (kwh >= 0),
            cancelled_on TEXT NOT NULL CHECK {_is_day("cancelled_on")},
            CHECK (to_day > from_day)
        ) STRICT""")


@register()
def divide_delivery_points(db: Database) -> None:
    """Points that another point's meter measures, and keys that must add up (B9-B11)."""
    for statement in division_statements():
        db.execute(statement)


add_steps_of_access(register)
