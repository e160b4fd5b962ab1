"""Worlds by seed: each played to its number of requests, audited, the same each time."""

import random
import shutil
import traceback
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from broker.config import RuleSettings
from tests.simulation.audit.auditor import Auditor, Settings
from tests.simulation.audit.facts import Register
from tests.simulation.audit.legal_days import LAW
from tests.simulation.audit.owed import Finding
from tests.simulation.play import Play, Step
from tests.simulation.players import Players
from tests.simulation.register import write_copies
from tests.simulation.world import World, make_template

CASES_OF_A_WORLD = 250
COPIES = 4
FIRST_DAYS = date(2026, 4, 1)


@dataclass(frozen=True)
class Found:
    """A finding, and how it came about."""

    seed: str
    check: str
    text: str
    steps: tuple[Step, ...]
    settings: Settings


@dataclass
class Tally:
    """What was played so far."""

    worlds: int = 0
    steps: int = 0
    requests: int = 0
    cases: int = 0
    documents: int = 0
    days: float = 0.0

    def add(self, play: Play, requests: int, began: datetime) -> None:
        """One world more."""
        self.worlds += 1
        self.steps += len(play.steps)
        self.requests += requests
        self.cases += len(play.auditor.cases)
        self.documents += len(play.auditor.seen)
        self.days += (play.now - began).total_seconds() / 86_400


class Theatre:
    """Register and template, made once, and a place for each world's file."""

    def __init__(self, folder: Path, copies: int = COPIES) -> None:
        self.folder = folder
        self.register = folder / "register"
        self.template = folder / "template.sqlite"
        write_copies(self.register, copies)
        make_template(self.template, self.register)

    def open(self, settings: Settings, start: datetime, seed: int) -> Play:
        """A world at its beginning."""
        place = self.folder / "world"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        rules = RuleSettings(
            decision_hour=settings.hour,
            hold_hours_customer=settings.hold_customer,
            hold_hours_remote=settings.hold_remote,
            one_off_days=settings.one_off,
        )
        world = World(self.template, place, rules, start, seed)
        return Play(world, Auditor(Register(self.register), settings))


def settings_of(rng: random.Random) -> Settings:
    """What this world's operator has set."""
    return Settings(
        hour=rng.choice([time(22), time(22), time(9, 30), time(23, 59)]),
        hold_customer=rng.choice([0, 0, 0, 24, 48, 400]),
        hold_remote=rng.choice([0, 0, 0, 6, 24]),
        one_off=tuple(sorted(FIRST_DAYS + timedelta(days=rng.randint(0, 900)) for _ in range(4)))
        if rng.random() < 0.5
        else (),
    )


async def play_world(theatre: Theatre, seed: str, cases: int, tally: Tally) -> Found | None:
    """One world of this seed; what was found, if anything."""
    rng = random.Random(seed)
    settings = settings_of(rng)
    start = datetime.combine(FIRST_DAYS + timedelta(days=rng.randint(0, 300)), time(8), LAW)
    pace = timedelta(hours=rng.choice([2, 5, 8, 12]))
    play = theatre.open(settings, start, rng.getrandbits(32))
    players = Players(play, rng, pace)
    try:
        await play.world.up()
        while players.requests < cases:
            await play.step(players.next_step())
        await play.end()
    except Finding as finding:
        return Found(seed, finding.check, str(finding), tuple(play.steps), settings)
    except Exception as error:  # noqa: BLE001 - what broke the world is a finding as well
        at = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(at.filename).name}:{at.lineno}"
        text = f"the service broke: {type(error).__name__}: {error} at {where}"
        return Found(seed, "the service broke", text, tuple(play.steps), settings)
    finally:
        tally.add(play, players.requests, start)
        await play.world.down()
    return None


async def play_again(
    theatre: Theatre, found: Found, steps: list[Step]
) -> tuple[Finding | None, Play]:
    """The same world with these steps alone: what is found now, and the play."""
    play = theatre.open(found.settings, datetime.fromisoformat(steps[0]["at"]), 1)
    try:
        await play.world.up()
        for step in steps:
            await play.step(step)
        await play.end()
    except Finding as finding:
        return finding, play
    except Exception as error:  # noqa: BLE001 - what breaks the world is a finding as well
        return Finding("the service broke", str(error)), play
    finally:
        await play.world.down()
    return None, play
