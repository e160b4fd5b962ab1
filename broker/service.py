"""The only wiring: settings to store, clock, identifiers, use cases, door, pages and timers."""

import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from threading import Thread

from aiohttp import web

from broker.clock import Clock
from broker.config import Config
from broker.couriers import (
    Couriers,
    channel_terms,
    delivery_terms,
    mail_server,
    make_couriers,
)
from broker.dashboard.letters import StaffLetters
from broker.dashboard.office import Office, Reads
from broker.dashboard.routes import make_dashboard
from broker.dashboard.texts import TEXTS
from broker.delivery.mail import MailServer
from broker.ids import Ids
from broker.places import Places
from broker.store import archive, register, seals
from broker.store.connection import (
    BUSY_TIMEOUT_MS_IN_THE_EVENT_LOOP,
    check_quickly,
    hold,
    open_for_reading,
    open_for_writing,
)
from broker.store.schema import migrate
from broker.store.writer import Writer
from broker.timers import Timers
from broker.usecases.alert_staff import AlertStaff, AlertTerms
from broker.usecases.announce_one_off_days import announce_one_off_days
from broker.usecases.clock_watch import ClockWatch
from broker.usecases.decide_as_operator import DecideAsOperator
from broker.usecases.deliver_by_channel import DeliverByChannel
from broker.usecases.deliver_notices import DeliverNotices
from broker.usecases.enter_reading import EnterReading
from broker.usecases.handle_event import Desk
from broker.usecases.import_into_register import ImportIntoRegister
from broker.usecases.keep_channels import KeepChannels
from broker.usecases.keep_credentials import KeepCredentials
from broker.usecases.keep_delegations import KeepDelegations
from broker.usecases.manage_staff import ManageStaff
from broker.usecases.measure import Measure
from broker.usecases.open_contract import OpenContract
from broker.usecases.reach_deadlines import ReachDeadlines
from broker.usecases.receive_message import ReceiveMessage
from broker.usecases.retain import Retain, RetentionTerms
from broker.usecases.sign_in import SessionTerms, SignIn
from broker.usecases.watch_file import WatchFile
from broker.usecases.watch_owed import WatchOwed
from broker.web.door import Door
from broker.web.fair_share import FairShare
from broker.web.routes import make_app
from broker.wire import explain

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_ALERTS = 20.0
_SECONDS_BETWEEN_DELIVERIES = 1.0
_SECONDS_BETWEEN_LOOKS = 600.0
_SECONDS_BETWEEN_LOOKS_AT_THE_FILE = 60.0


class Service:
    """The broker of one operator on one file: opened, swept, then the door.

    `address` is where the door listens once started, `dashboard_address` where the dashboard does;
    `door` is what stands behind the first.
    With a virtual clock there is no timer:
    whoever moves the clock calls `deadlines.reach_deadlines`, `delivery.deliver_due`, and
    `alerts.send_due` where mails are set up.
    """

    deadlines: ReachDeadlines
    reader: Connection
    writer: Writer
    door: Door
    address: str
    dashboard_address: str
    alerts: AlertStaff | None
    delivery: DeliverByChannel
    owed: WatchOwed
    retain: Retain
    watch: WatchFile

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        with_timer: bool = True,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._clock = clock
        self._jitter = jitter
        self._with_timer = with_timer
        self._places: Places | None = None
        self._opened = AsyncExitStack()

    async def start(self) -> None:
        """Open the file, make up for what fell due meanwhile, then open the door.

        Raises UnableToOpen, RegisterIsEmpty and UnableToListen.
        """
        try:
            await self._start()
        except BaseException:
            await self._opened.aclose()
            raise

    async def _start(self) -> None:
        settings, clock = self._config.service, self._clock
        connection = self._open(settings.database)
        desk = Desk(
            rules=self._config.rulebook(),
            ids=Ids(clock.now),
            operator=register.operator(connection).eic,
        )
        self.writer = Writer(
            connection, before_commit=lambda written: seals.seal(written, clock.now())
        )
        self.writer.start()
        self._opened.push_async_callback(self.writer.close)
        watch = ClockWatch(clock)
        self.deadlines = ReachDeadlines(writer=self.writer, clock=clock, watch=watch, desk=desk)
        # Before anything is written: the first row by a clock that is behind would hide that it is.
        await self.writer.submit(self.deadlines.may_sweep)
        moved = await announce_one_off_days(self.writer, clock, desk)
        caught_up = await self.deadlines.reach_deadlines(clock.now())
        _log.info("%d deadlines caught up, %d cases re-dated", caught_up, moved)
        server = mail_server(self._config.mail)
        self.alerts = self._alerts(server)
        couriers = make_couriers(self._config.delivery, server, self._opened)
        self.delivery = self._delivery(couriers)
        self.owed = WatchOwed(
            database=settings.database, writer=self.writer, clock=clock, desk=desk
        )
        self.retain = self._retain(desk)
        imports = ImportIntoRegister(
            writer=self.writer, clock=clock, desk=desk, database=settings.database
        )
        imports.start()
        self._opened.push_async_callback(imports.close)
        decide = DecideAsOperator(
            writer=self.writer, clock=clock, deadlines=self.deadlines, desk=desk
        )
        self.door = self._door(desk, imports, decide, couriers)
        await self.watch.look()
        await self._listen(make_app(self.door), make_dashboard(self._office(desk, self.door)))

    def _retain(self, desk: Desk) -> Retain:
        """What erases what has been kept long enough."""
        kept, dashboard = self._config.retention, self._config.dashboard
        return Retain(
            database=self._config.service.database,
            writer=self.writer,
            clock=self._clock,
            rules=desk.rules,
            terms=RetentionTerms(
                cases_months=kept.cases_months,
                no_case_months=kept.no_case_months,
                customers_months=kept.customers_months,
                mails_days=kept.mails_days,
                at=kept.at,
                sessions=timedelta(hours=dashboard.session_hours),
            ),
        )

    def _alerts(self, server: MailServer | None) -> AlertStaff | None:
        """What mails staff, where there is a server."""
        mail = self._config.mail
        if server is None:
            return None
        return AlertStaff(
            reader=self.reader,
            writer=self.writer,
            clock=self._clock,
            terms=AlertTerms(
                recipients=mail.recipients,
                digest_at=mail.digest_at,
                hours_before_limit=mail.hours_before_limit,
            ),
            letters=StaffLetters(TEXTS[mail.language]),
            server=server,
        )

    def _delivery(self, couriers: Couriers) -> DeliverByChannel:
        """What pushes documents to the parties that have a channel."""
        deliver = DeliverByChannel(
            reader=self.reader,
            writer=self.writer,
            clock=self._clock,
            terms=delivery_terms(self._config),
            couriers=couriers,
            jitter=self._jitter,
        )
        self._opened.push_async_callback(deliver.close)
        return deliver

    def _open(self, path: Path) -> Connection:
        """The connection that writes, on a file held by this process and brought up to date."""
        self._opened.enter_context(hold(path))
        connection = open_for_writing(path)
        self._opened.callback(connection.close)
        if self._config.service.check_at_start:
            check_quickly(connection)
        migrate(connection)
        self.reader = open_for_reading(path, BUSY_TIMEOUT_MS_IN_THE_EVENT_LOOP)
        self._opened.callback(self.reader.close)
        self.watch = WatchFile(
            reader=self.reader,
            clock=self._clock,
            database=path,
            disk_free_mib_min=self._config.service.disk_free_mib_min,
        )
        self._opened.callback(self.watch.tell_seal)
        return connection

    def _door(
        self,
        desk: Desk,
        imports: ImportIntoRegister,
        decide: DecideAsOperator,
        couriers: Couriers,
    ) -> Door:
        writer, clock, deadlines = self.writer, self._clock, self.deadlines
        return Door(
            reader=self.reader,
            writer=writer,
            clock=clock,
            ids=desk.ids,
            operator=desk.operator,
            receive=ReceiveMessage(writer=writer, deadlines=deadlines, desk=desk),
            mailbox=DeliverNotices(reader=self.reader, writer=writer, clock=clock),
            decide=decide,
            deadlines=deadlines,
            imports=imports,
            credentials=KeepCredentials(reader=self.reader, writer=writer, clock=clock),
            delegations=KeepDelegations(
                reader=self.reader, writer=writer, clock=clock, ids=desk.ids
            ),
            message_within_seconds=self._config.service.message_within_seconds,
            staff=ManageStaff(reader=self.reader, writer=writer, clock=clock),
            channels=KeepChannels(
                reader=self.reader,
                writer=writer,
                clock=clock,
                ids=desk.ids,
                couriers=couriers,
                terms=channel_terms(self._config.delivery),
            ),
            over_tls=self._config.tls.certificate is not None,
            share=FairShare(self._config.limits, clock.monotonic),
            owed=self.owed,
            retain=self.retain,
            watch=self.watch,
        )

    def _office(self, desk: Desk, door: Door) -> Office:
        """What the dashboard's pages are given: reads on a connection of their own, use cases."""
        settings = self._config.dashboard
        connection = open_for_reading(self._config.service.database)
        self._opened.callback(connection.close)
        reads = Reads(connection)
        self._opened.callback(reads.close)
        terms = SessionTerms(
            idle=timedelta(minutes=settings.idle_minutes),
            longest=timedelta(hours=settings.session_hours),
            failures_max=settings.failures_max,
            failures_per_address_max=settings.failures_per_address_max,
            failures_within=timedelta(minutes=settings.failure_minutes),
        )
        return Office(
            operator_name=register.operator(self.reader).name,
            reads=reads,
            clock=self._clock,
            sign_in=SignIn(reader=self.reader, writer=self.writer, clock=self._clock, terms=terms),
            decide=door.decide,
            deadlines=self.deadlines,
            credentials=KeepCredentials(reader=self.reader, writer=self.writer, clock=self._clock),
            measure=Measure(
                writer=self.writer,
                turned_away=door.turned_away,
                since=archive.last_position(self.reader),
                owed=self.owed,
            ),
            mailbox=door.mailbox,
            channels=door.channels,
            readings=EnterReading(
                reader=self.reader, receive=door.receive, clock=self._clock, desk=desk
            ),
            contracts=OpenContract(writer=self.writer, clock=self._clock),
            owed=self.owed,
            rules=desk.rules,
            behind_tls=settings.behind_tls,
        )

    async def _listen(self, door: web.Application, dashboard: web.Application) -> None:
        """Take requests; the timer ticks before the first of them."""
        places = Places(self._config, self.door.turned_away)
        await places.prepare(door, dashboard, self._opened)
        if self._with_timer:
            self._start_timers()
            Thread(target=explain.get_ready, name="explain", daemon=True).start()
        self.address, self.dashboard_address = await places.listen()
        self._places = places

    def _start_timers(self) -> None:
        timers = Timers()
        timers.every(self._config.service.sweep_seconds, "the sweep", self.deadlines.sweep)
        timers.every(_SECONDS_BETWEEN_DELIVERIES, "delivering", self.delivery.deliver_due)
        timers.every(
            _SECONDS_BETWEEN_LOOKS, "looking for missing notices", self.owed.look, at_once=True
        )
        timers.every(_SECONDS_BETWEEN_LOOKS, "retention", self.retain.run_daily)
        timers.every(_SECONDS_BETWEEN_LOOKS_AT_THE_FILE, "watching the file", self.watch.look)
        if self.alerts is not None:
            timers.every(_SECONDS_BETWEEN_ALERTS, "mailing staff", self.alerts.send_due)
        timers.start()
        self._opened.callback(timers.stop)

    def reload_certificate(self) -> None:
        """Show the certificate that lies in the files now; connections that are open go on."""
        if self._places is not None:
            self._places.reload_certificate()

    async def stop(self) -> None:
        """Take no more requests, finish those under way, write what waits, close the file."""
        await self._opened.aclose()
