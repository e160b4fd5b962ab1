"""The units for systemd: options that systemd has, commands that the broker has, times that fit."""

import shlex
from pathlib import Path

import pytest

from broker.__main__ import main
from broker.config import ServiceSettings
from tests.docs.pages import ROOT, text_of

UNITS = sorted((ROOT / "deploy").iterdir())
KNOWN = {
    "Unit": {
        *("Description", "Documentation", "Wants", "After"),
        *("StartLimitIntervalSec", "StartLimitBurst"),
    },
    "Service": {
        *("Type", "User", "WorkingDirectory", "ExecStart", "Restart", "RestartSec"),
        *("TimeoutStopSec", "KillMode", "Environment", "StateDirectory", "StateDirectoryMode"),
        *("UMask", "Nice", "IOSchedulingClass", "NoNewPrivileges", "CapabilityBoundingSet"),
        *("ProtectSystem", "ProtectHome", "ProtectClock", "ProtectControlGroups"),
        *("ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectProc"),
        *("ProtectKernelTunables", "PrivateTmp", "PrivateDevices", "PrivateNetwork"),
        *("LockPersonality", "RestrictAddressFamilies", "RestrictNamespaces"),
        *("RestrictRealtime", "RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallFilter"),
    },
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
    "Install": {"WantedBy"},
}


def options_of(path: Path) -> dict[str, dict[str, str]]:
    """The options of a unit by section; each stands there once."""
    sections: dict[str, dict[str, str]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, line
            assert name not in current, line
            current[name] = value
    return sections


def service(name: str) -> dict[str, str]:
    return options_of(ROOT / "deploy" / name)["Service"]


SERVICES = [path.name for path in UNITS if path.suffix == ".service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_options_are_those_of_systemd(path: Path) -> None:
    for section, options in options_of(path).items():
        assert set(options) <= KNOWN[section]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_started_is_a_command_of_the_broker(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    python, minus_m, package, *arguments = shlex.split(service(name)["ExecStart"])
    assert python == f"{service(name)['WorkingDirectory']}/.venv/bin/python"
    assert (minus_m, package) == ("-m", "broker")
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    assert "usage: broker " in capsys.readouterr().out


@pytest.mark.parametrize("name", SERVICES)
def test_the_file_lies_where_the_unit_may_write(name: str) -> None:
    options = service(name)
    arguments = shlex.split(options["ExecStart"])
    database = Path(arguments[arguments.index("--database") + 1])
    folders = [Path("/var/lib") / one for one in options["StateDirectory"].split()]
    assert database.parent in folders
    assert options["ProtectSystem"] == "strict"
    assert {Path(arguments[-1])} & set(folders) or arguments[-1] == "serve"


def test_a_stop_has_the_time_that_the_service_takes() -> None:
    stop = int(service("switch-broker.service")["TimeoutStopSec"])
    assert stop >= 2 * ServiceSettings().stop_within_seconds
    assert service("switch-broker.service")["Restart"] == "on-failure"


def test_every_unit_is_in_the_handbook() -> None:
    text = text_of("docs/operations.md")
    assert [path.name for path in UNITS if path.name not in text] == []
