"""The settings of one installation, read from a TOML file; every key has a default but the file's.

See docs/operations.md for each key. What is not known is refused by name, so that a misspelt key
never goes unnoticed.
"""

import os
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

MAIL_PASSWORD = "BROKER_MAIL_PASSWORD"
"""The environment variable with the password of the mail server's user."""


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
class TlsSettings:
    """The door's own certificate, and whose client certificates it takes; plain HTTP without."""

    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    client_certificates: Literal["none", "optional", "required"] = "none"


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
class LimitSettings:
    """How much one party, one address and all together may use of the door.

    A party that has asked for nothing for a while may ask `requests_burst` times at once, then
    `requests_per_second`; a message counts once more for each 64 kB. A stranger's address likewise.
    `proxies`: addresses whose connections are not counted and whose X-Forwarded-For is believed.
    """

    requests_burst: int = 10_000
    requests_per_second: float = 100.0
    requests_at_once_max: int = 256
    strangers_burst: int = 200
    strangers_per_second: float = 20.0
    bodies_mib_max: int = 128
    bodies_per_party_mib_max: int = 64
    connections_max: int = 1_000
    connections_per_address_max: int = 400
    proxies: tuple[str, ...] = ()
    head_within_seconds: float = 10.0
    idle_seconds: float = 75.0


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
    user: str | None = None
    password_file: Path | None = None

    def password(self) -> str:
        """What `user` signs in by, from the environment or from the first line of the file.

        Empty where nobody signs in. Raises UnableToReadConfig where there is no password.
        """
        if self.user is None:
            return ""
        password = os.environ.get(MAIL_PASSWORD, "")
        if not password and self.password_file is not None:
            try:
                password = self.password_file.read_text(encoding="utf-8").partition("\n")[0].strip()
            except (OSError, ValueError) as error:
                raise UnableToReadConfig(f"[mail] password_file: {error}") from error
        if not password:
            raise UnableToReadConfig(
                f"[mail] has a user: its password stands in {MAIL_PASSWORD} or in password_file"
            )
        return password


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How documents are pushed to parties that have a channel besides their mailbox.

    `inside_hosts` are the hosts of webhooks that may be reached without TLS and at addresses that
    are not public.
    """

    inside_hosts: tuple[str, ...] = ()
    within_seconds: float = 15.0
    at_once: int = 32
    failures_to_open: int = 5
    refusals_to_put_aside: int = 5
    longest_wait_minutes: int = 15
    alarm_after_minutes: int = 60
    secret_overlap_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """For how long contents are kept that the law does not give a time for; 0: without end.

    `at` is the local hour of the daily run.
    """

    cases_months: int = 60
    no_case_months: int = 60
    customers_months: int = 12
    mails_days: int = 90
    at: time = time(2, 30)


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
    tls: TlsSettings = field(default_factory=TlsSettings)
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
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


_SECTIONS: dict[
    str,
    type[
        ServiceSettings
        | TlsSettings
        | DashboardSettings
        | LimitSettings
        | MailSettings
        | DeliverySettings
        | RetentionSettings
        | RuleSettings
    ],
] = {
    "service": ServiceSettings,
    "tls": TlsSettings,
    "dashboard": DashboardSettings,
    "limits": LimitSettings,
    "mail": MailSettings,
    "delivery": DeliverySettings,
    "retention": RetentionSettings,
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
    _check_limits(config.limits, source)
    _check_mail(config.mail, source)
    _check_delivery(config.delivery, source)
    _check_retention(config.retention, source)
    _check_tls(config.tls, source)
    return config


_ABOVE_NOTHING = tuple(name for name in LimitSettings.__dataclass_fields__ if name != "proxies")


def _check_limits(limits: LimitSettings, source: str) -> None:
    if min(getattr(limits, name) for name in _ABOVE_NOTHING) <= 0:
        raise UnableToReadConfig(f"{source}: [limits] are above 0")


def _check_mail(mail: MailSettings, source: str) -> None:
    if mail.host is not None and not all("@" in one for one in (mail.sender, *mail.recipients)):
        raise UnableToReadConfig(f"{source}: [mail] needs a sender and recipients with addresses")
    if mail.host is not None and not mail.recipients:
        raise UnableToReadConfig(f"{source}: [mail] has a host and no recipients")
    if mail.user is not None and mail.tls == "none":
        raise UnableToReadConfig(f"{source}: [mail] would send its password in the open: set tls")


def _check_delivery(delivery: DeliverySettings, source: str) -> None:
    for name in ("at_once", "failures_to_open", "refusals_to_put_aside", "longest_wait_minutes"):
        if getattr(delivery, name) < 1:
            raise UnableToReadConfig(f"{source}: [delivery] {name} is at least 1")


def _check_retention(kept: RetentionSettings, source: str) -> None:
    if min(kept.cases_months, kept.no_case_months, kept.customers_months, kept.mails_days) < 0:
        raise UnableToReadConfig(f"{source}: [retention] has no time below 0")


def _check_tls(tls: TlsSettings, source: str) -> None:
    """Nothing that would leave the door more open than it looks. Raises UnableToReadConfig."""
    if (tls.certificate is None) != (tls.key is None):
        raise UnableToReadConfig(f"{source}: [tls] needs both certificate and key, or neither")
    if tls.certificate is None and tls != TlsSettings():
        raise UnableToReadConfig(f"{source}: [tls] has no certificate, so no client can show one")
    if (tls.client_ca is None) != (tls.client_certificates == "none"):
        raise UnableToReadConfig(
            f"{source}: [tls] needs client_ca where client_certificates is optional or required"
        )


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{value!r} is no {kind.__name__}")
