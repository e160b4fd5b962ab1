"""The settings of one installation, read from a TOML file; every key has a default but the file's.

See docs/operations.md for each key. What is not known is refused by name, so that a misspelt key
never goes unnoticed.
"""

import tomllib
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from broker.engine.calendar import WorkingDays
from broker.engine.legal_periods import dated_periods
from broker.engine.rulebook import Plausibility, Rulebook


class UnableToReadConfig(Exception):
    """The settings file is missing or holds what it may not; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Where the service listens and keeps its file; `sweep_seconds` is how often deadlines are
    looked for, `stop_within_seconds` how long a stop waits for requests under way.
    `disk_free_mib_min` is what the disk must have left, `check_at_start` whether all of the file is
    read before the door opens.
    """

    database: Path = Path("broker.sqlite")
    host: str = "127.0.0.1"
    port: int = 8080
    sweep_seconds: float = 1.0
    stop_within_seconds: float = 10.0
    message_within_seconds: float = 30.0
    disk_free_mib_min: int = 500
    check_at_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSettings:
    """Where staff find the dashboard, how long they stay signed in, how failures are slowed down.

    `port` None: the next one after the door's, or a free one where the door takes a free one.
    `behind_tls`: a proxy ends TLS before it, so cookies are for TLS alone and the client's address
    is the last one the proxy wrote into X-Forwarded-For.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    behind_tls: bool = False
    idle_minutes: int = 30
    session_hours: int = 10
    failures_max: int = 5
    failures_per_address_max: int = 20
    failure_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Through which server, to whom and when staff are mailed; not at all without `host`."""

    host: str | None = None
    port: int = 25
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    sender: str = ""
    recipients: tuple[str, ...] = ()
    language: Literal["sl", "en"] = "sl"
    digest_at: time = time(7, 0)
    hours_before_limit: int = 2
    within_seconds: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """What the law and the interpretations leave to the operator (interpretations 2, 3, 8)."""

    decision_hour: time = time(22, 0)
    hold_hours_customer: int = 0
    hold_hours_remote: int = 0
    warning_hours: int = 24
    one_off_days: tuple[date, ...] = ()
    eu_24_hours_from: date | None = None
    lowest_factor: Decimal = Decimal("0.2")
    highest_factor: Decimal = Decimal(5)
    small_below_kwh: Decimal = Decimal(50)
    small_highest_kwh: Decimal = Decimal(250)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of one installation."""

    service: ServiceSettings = field(default_factory=ServiceSettings)
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    rules: RuleSettings = field(default_factory=RuleSettings)

    def with_overrides(self, *, database: Path | None, port: int | None) -> "Config":
        """The same settings with what was given on the command line."""
        service = self.service
        return replace(
            self,
            service=replace(
                service,
                database=service.database if database is None else database,
                port=service.port if port is None else port,
            ),
        )

    @property
    def dashboard_port(self) -> int:
        """The port of the dashboard; 0 takes a free one."""
        if self.dashboard.port is not None:
            return self.dashboard.port
        return self.service.port + 1 if self.service.port else 0

    def rulebook(self) -> Rulebook:
        """The settings as the engine takes them."""
        rules = self.rules
        return Rulebook(
            working_days=WorkingDays(tuple(sorted(set(rules.one_off_days)))),
            decision_hour=rules.decision_hour,
            hold_hours_customer=rules.hold_hours_customer,
            hold_hours_remote=rules.hold_hours_remote,
            warning_hours=rules.warning_hours,
            periods=dated_periods(rules.eu_24_hours_from),
            plausibility=Plausibility(
                lowest_factor=rules.lowest_factor,
                highest_factor=rules.highest_factor,
                small_below_kwh=rules.small_below_kwh,
                small_highest_kwh=rules.small_highest_kwh,
            ),
        )


_SECTIONS: dict[str, type[ServiceSettings | DashboardSettings | MailSettings | RuleSettings]] = {
    "service": ServiceSettings,
    "dashboard": DashboardSettings,
    "mail": MailSettings,
    "rules": RuleSettings,
}


def read_config(path: Path | None) -> Config:
    """The settings in this file, the defaults without one. Raises UnableToReadConfig."""
    if path is None:
        return Config()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnableToReadConfig(f"{path}: {error}") from error
    return config_of(values, str(path))


def config_of(values: dict[str, Any], source: str) -> Config:
    """The settings in these values, checked by name and type. Raises UnableToReadConfig."""
    for section, kind in _SECTIONS.items():
        known = set(kind.__dataclass_fields__)
        unknown = sorted(set(values.get(section, {})) - known)
        if unknown:
            raise UnableToReadConfig(f"{source}: [{section}] has no setting {unknown[0]!r}")
    unknown = sorted(set(values) - set(_SECTIONS))
    if unknown:
        raise UnableToReadConfig(f"{source}: there is no section [{unknown[0]}]")
    try:
        config = msgspec.convert(values, Config, strict=False, dec_hook=_path)
    except (msgspec.ValidationError, TypeError) as error:
        raise UnableToReadConfig(f"{source}: {error}") from error
    mail = config.mail
    if mail.host is not None and not all("@" in one for one in (mail.sender, *mail.recipients)):
        raise UnableToReadConfig(f"{source}: [mail] needs a sender and recipients with addresses")
    if mail.host is not None and not mail.recipients:
        raise UnableToReadConfig(f"{source}: [mail] has a host and no recipients")
    return config


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{value!r} is no {kind.__name__}")
