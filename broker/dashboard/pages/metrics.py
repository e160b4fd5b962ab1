"""GET /metrics: what Prometheus scrapes, in its text format. Numbers alone, no personal data."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from statistics import median

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from broker.dashboard.office import OFFICE, Address, Who
from broker.usecases.measure import Measured


async def show(request: web.Request) -> web.StreamResponse:
    """Every figure as of now."""
    office = request.app[OFFICE]
    now = office.clock.now()
    measured = await office.reads(partial(office.measure.read, now=now))
    registry = CollectorRegistry()
    registry.register(_Figures(measured, now))
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


class _Figures(Collector):
    """What was measured, as metrics with their names and what they mean."""

    def __init__(self, measured: Measured, now: datetime) -> None:
        self._measured = measured
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        yield from self._messages()
        yield from self._deadlines()
        yield from self._mailboxes()
        yield from self._channels()
        yield from self._writer()

    def _messages(self) -> Iterator[Metric]:
        messages = CounterMetricFamily(
            "broker_messages",
            "Messages kept since the start, by kind (unreadable: none could be read) and outcome.",
            labels=("kind", "outcome"),
        )
        for (kind, outcome), number in self._measured.messages.items():
            messages.add_metric((kind or "unreadable", outcome.value), number)
        yield messages
        away = CounterMetricFamily(
            "broker_turned_away",
            "Requests refused at the door without being kept since the start, by HTTP status.",
            labels=("status",),
        )
        for status, number in self._measured.turned_away.items():
            away.add_metric((str(status),), number)
        yield away

    def _deadlines(self) -> Iterator[Metric]:
        closed = CounterMetricFamily(
            "broker_deadlines_closed",
            "Deadlines closed by the law's last instant (met) or after it (missed), by kind.",
            labels=("kind", "outcome"),
        )
        for kind, kept in self._measured.kept.items():
            closed.add_metric((kind.value, "met"), kept.met)
            closed.add_metric((kind.value, "missed"), kept.missed)
        yield closed
        waiting = GaugeMetricFamily(
            "broker_waiting_decisions", "Cases that wait for a person, by kind.", labels=("kind",)
        )
        for waits_for, number in self._measured.waiting.items():
            waiting.add_metric((waits_for.value,), number)
        yield waiting
        yield GaugeMetricFamily(
            "broker_parked_deadlines",
            "Deadlines put aside because handling them failed.",
            value=self._measured.parked,
        )
        yield GaugeMetricFamily(
            "broker_sweep_lag_seconds",
            "For how long the earliest open deadline has been due; 0 where none is.",
            value=self._measured.sweep_lag_seconds,
        )
        yield GaugeMetricFamily(
            "broker_sweep_stopped",
            "1 while the sweep stands because of an alarm about the clock.",
            value=self._measured.sweep_stopped,
        )

    def _mailboxes(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily(
            "broker_outbox_documents",
            "Documents that a party has not acknowledged.",
            labels=("party",),
        )
        yield GaugeMetricFamily(
            "broker_missing_notices",
            "Notices that are owed and lie in no mailbox.",
            value=self._measured.missing_notices,
        )
        age = GaugeMetricFamily(
            "broker_outbox_oldest_seconds",
            "Age of the oldest document that a party has not acknowledged; 0 where none waits.",
            labels=("party",),
        )
        for one in self._measured.mailboxes:
            waited = (self._now - one.oldest_at).total_seconds() if one.oldest_at else 0.0
            depth.add_metric((one.party,), one.waiting)
            age.add_metric((one.party,), waited)
        yield depth
        yield age

    def _channels(self) -> Iterator[Metric]:
        failing = GaugeMetricFamily(
            "broker_channel_failing_seconds",
            "For how long a party's channel has accepted nothing; 0 while it does.",
            labels=("party", "channel"),
        )
        circuit = GaugeMetricFamily(
            "broker_channel_circuit_open",
            "1 while the circuit of a party's channel is open.",
            labels=("party", "channel"),
        )
        aside = GaugeMetricFamily(
            "broker_channel_put_aside",
            "Documents that a party refuses and that were put aside.",
            labels=("party", "channel"),
        )
        for one in self._measured.channels:
            labels = (one.party, one.kind.value)
            since = one.failing_since
            failing.add_metric(labels, (self._now - since).total_seconds() if since else 0.0)
            circuit.add_metric(labels, one.circuit_open_since is not None)
            aside.add_metric(labels, one.put_aside)
        yield failing
        yield circuit
        yield aside

    def _writer(self) -> Iterator[Metric]:
        groups = self._measured.groups
        size = GaugeMetricFamily(
            "broker_commit_group_size",
            "How many works the last hundred commits held: the median, and the most.",
            labels=("quantile",),
        )
        if groups:
            size.add_metric(("0.5",), median(groups))
            size.add_metric(("1",), max(groups))
        yield size
        yield GaugeMetricFamily(
            "broker_writer_queue", "Works that wait or are being written.", self._measured.queue
        )


ADDRESSES = (Address("GET", "/metrics", show, Who.PROGRAM),)
