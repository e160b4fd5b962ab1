"""Where the service listens: door and dashboard, the limits of their lines, the certificate."""

import logging
from collections import Counter
from contextlib import AsyncExitStack

from aiohttp import web

from broker.config import Config, TlsSettings
from broker.web.lines import LimitedSite, Lines, allow_open_files
from broker.web.tls import DoorTls, UnableToUseCertificate

_log = logging.getLogger(__name__)

_OTHER_FILES = 100


class UnableToListen(Exception):
    """The address cannot be listened on: taken, not this machine's, or no usable certificate."""


class Places:
    """The two places: first `prepare`, then `listen`.

    `turned_away` counts by status whom no line was given.
    """

    def __init__(self, config: Config, turned_away: Counter[int]) -> None:
        """Read the certificate. Raises UnableToListen."""
        self._config = config
        self._turned_away = turned_away
        self._tls = _tls(config.tls)
        self._runners: tuple[web.AppRunner, ...] = ()

    async def prepare(
        self, door: web.Application, dashboard: web.Application, opened: AsyncExitStack
    ) -> None:
        """Make ready what answers; it ends with the stack, when what is under way has ended."""
        within = self._config.service.stop_within_seconds
        self._runners = tuple(
            web.AppRunner(app, shutdown_timeout=within) for app in (door, dashboard)
        )
        for runner in self._runners:
            await runner.setup()
            opened.push_async_callback(runner.cleanup)
        allow_open_files(len(self._runners) * self._config.limits.connections_max + _OTHER_FILES)

    async def listen(self) -> tuple[str, ...]:
        """Take requests; gives the addresses of door and dashboard. Raises UnableToListen."""
        service, pages = self._config.service, self._config.dashboard
        places = (
            (service.host, service.port, self._tls),
            (pages.host, self._config.dashboard_port, None),
        )
        return tuple(
            [
                await self._listen_at(runner, host, port, tls)
                for runner, (host, port, tls) in zip(self._runners, places, strict=True)
            ]
        )

    async def _listen_at(
        self, runner: web.AppRunner, host: str, port: int, tls: DoorTls | None
    ) -> str:
        lines = Lines(self._config.limits, self._turned_away)
        site = LimitedSite(runner, host, port, lines, None if tls is None else tls.context)
        try:
            await site.start()
        except OSError as error:
            raise UnableToListen(f"{host}:{port}: {error.strerror}") from error
        host, port = runner.addresses[0][:2]
        return f"{'http' if tls is None else 'https'}://{host}:{port}"

    def reload_certificate(self) -> None:
        """Show the certificate that lies in the files now.

        Where the files cannot be used the one in use stays, and the log says so.
        """
        if self._tls is None:
            _log.warning("there is no certificate to reload: [tls] is not set")
            return
        try:
            self._tls.reload()
        except UnableToUseCertificate as error:
            _log.error("ALARM: the certificate was not reloaded: %s", error)
        else:
            _log.info("the certificate was reloaded")


def _tls(settings: TlsSettings) -> DoorTls | None:
    """The door's side of TLS, None for plain HTTP. Raises UnableToListen."""
    if settings.certificate is None or settings.key is None:
        return None
    try:
        return DoorTls(
            certificate=settings.certificate,
            key=settings.key,
            client_ca=settings.client_ca,
            client_certificates=settings.client_certificates,
        )
    except UnableToUseCertificate as error:
        raise UnableToListen(f"[tls] {error}") from error
