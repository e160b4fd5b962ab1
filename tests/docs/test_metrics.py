"""Every metric is described, and no other; so is every address for programs that is named."""

import re

from broker.dashboard.routes import ADDRESSES
from tests.docs.pages import ROOT, text_of


def test_every_metric_is_described_and_no_other() -> None:
    source = (ROOT / "broker/dashboard/pages/metrics.py").read_text("utf-8")
    counters = re.findall(r'CounterMetricFamily\(\s*"(\w+)"', source)
    gauges = re.findall(r'GaugeMetricFamily\(\s*"(\w+)"', source)
    described = re.findall(r"`(broker_\w+)`", text_of("docs/operations.md"))
    assert sorted(described) == sorted([*gauges, *(f"{name}_total" for name in counters)])


def test_the_addresses_for_programs_are_there() -> None:
    named = set(re.findall(r"`(/(?:api|metrics)[\w./-]*)`", text_of("docs/operations.md")))
    paths = {one.path for one in ADDRESSES}
    assert {"/metrics", "/api/openapi.json"} <= named
    assert named - {"/api/"} <= paths
