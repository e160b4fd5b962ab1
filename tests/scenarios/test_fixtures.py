"""No sample lies unused: each message and each scenario is read by a test.

Method: texts are searched. Outbound samples are held by tests/wire, by name.
"""

from broker.scenarios.files import MESSAGES, ROOT, SCENARIOS, scenario_paths
from broker.wire.schema import INBOUND_KINDS
from tests.wire.samples import outbound_documents


def test_every_message_is_used() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    texts += [path.read_text("utf-8") for path in scenario_paths([SCENARIOS])]
    names = {
        path.relative_to(MESSAGES).with_suffix("").as_posix() for path in MESSAGES.rglob("*.xml")
    }
    unused = {
        name
        for name in names - set(outbound_documents())
        if not any(
            f'"{name}"' in text or name.rpartition("/")[2] + ".xml" in text for text in texts
        )
    }
    assert unused == set()


def test_every_base_message_is_used_by_a_scenario() -> None:
    posted = "".join(path.read_text("utf-8") for path in scenario_paths([SCENARIOS]))
    names = {
        f"{kind.value}/{path.stem}"
        for kind in INBOUND_KINDS
        for path in (MESSAGES / kind.value).glob("*.xml")
    }
    assert {name for name in names if f'post = "{name}"' not in posted} == set()


def test_folders_hold_nothing_else() -> None:
    for folder, suffix in ((MESSAGES, ".xml"), (SCENARIOS, ".toml")):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert [path for path in files if path.suffix != suffix] == []
