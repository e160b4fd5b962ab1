"""Deliberate bugs, each of which the simulation must find: the proof that the auditor looks.

Each is a change of one text in one file, made in a copy of the broker. One that survives its budget
of cases fails the run, and so does one whose text is no longer there.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.mutant import Mutant
from tests.simulation.mutants_of_shares import MUTANTS_OF_SHARES

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 2000
SEED = "mutants"
_COPIED = ("broker", "tests/simulation", "fixtures/register", "fixtures/messages", "xsd")


@dataclass(frozen=True)
class Hunt:
    """What became of a mutant."""

    mutant: Mutant
    caught: bool
    told: str


MUTANTS = (
    Mutant(
        "decision on the 6th working day",
        "engine/legal_periods.py",
        "name=PeriodName.DECISION,\n        length=5,",
        "name=PeriodName.DECISION,\n        length=6,",
    ),
    Mutant(
        "reading period of 22 days",
        "engine/legal_periods.py",
        "length=21,",
        "length=22,",
    ),
    Mutant(
        "remote reading ordered again after 25 hours",
        "engine/legal_periods.py",
        "length=24,",
        "length=25,",
    ),
    Mutant(
        "report of the 6th day accepted",
        "engine/legal_periods.py",
        "name=PeriodName.INACCESSIBILITY_REPORT,\n        length=5,",
        "name=PeriodName.INACCESSIBILITY_REPORT,\n        length=6,",
    ),
    Mutant(
        "the day of the event is counted",
        "engine/calendar.py",
        "    return day + timedelta(days=count)",
        "    return day + timedelta(days=count - (count > 1))",
    ),
    Mutant(
        "holidays are working days",
        "engine/calendar.py",
        " and day not in _work_free and",
        " and",
    ),
    Mutant(
        "the day of receipt is that of UTC",
        "engine/calendar.py",
        "instant.astimezone(LJUBLJANA).date()",
        "instant.astimezone(UTC).date()",
    ),
    Mutant(
        "the old supplier is told who is the new one",
        "engine/notices_switch.py",
        "            old_supplier=one.supplier,\n            expected_date",
        "            old_supplier=replace(one.supplier, "
        "name=new_suppliers(case, facts)[0].supplier.name),\n            "
        "expected_date",
    ),
    Mutant(
        "the old supplier is not told of the failure",
        "engine/notices_switch.py",
        "    told = each_once((*new_suppliers(case, facts), "
        "*old_suppliers(case, facts)))\n    notices",
        "    told = each_once(new_suppliers(case, facts))\n    notices",
    ),
    Mutant(
        "legal remedies in every copy",
        "engine/notices_switch.py",
        "SwitchFailed(to=addressee(case, one.supplier.eic), point=one.point, ground=ground)",
        "SwitchFailed(to=addressee(case, one.supplier.eic), point=one.point, "
        "ground=ground, legal_remedies=facts.legal_remedies)",
    ),
    Mutant(
        "the completion is told twice",
        "engine/carry_out.py",
        "            *completion(case, reading, at.facts),\n",
        "            *completion(case, reading, at.facts),\n            "
        "*completion(case, reading, at.facts),\n",
    ),
    Mutant(
        "the settlement is not sent",
        "engine/carry_out.py",
        "            *settled_now,\n",
        "",
    ),
    Mutant(
        "measured power is settled at once",
        "engine/carry_out.py",
        "if check.point.measured_power\n",
        "if not check.point.measured_power and check.point.measured_power\n",
    ),
    Mutant(
        "the notice of the change is not sent",
        "engine/carry_out.py",
        "            *register_changes(carried_out, record.switch_date, at.facts),\n",
        "",
    ),
    Mutant(
        "supply begins a day late",
        "engine/carry_out.py",
        "            share=one.share,\n            on=on,",
        "            share=one.share,\n            on=on.fromordinal(on.toordinal() + 1),",
    ),
    Mutant(
        "a withdrawal after approval is accepted",
        "engine/process_switch.py",
        "        InaccessibilityReported: Transition(operator.take_over,",
        "        WithdrawalReceived: Transition(request.withdraw, (Phase.WITHDRAWN,)),\n"
        "        InaccessibilityReported: Transition(operator.take_over,",
    ),
    Mutant(
        "a reading taken before the period is accepted",
        "engine/rules_reading.py",
        "first <= check.taken_on <= last",
        "check.taken_on <= last",
    ),
    Mutant(
        "a reading that departs is accepted",
        "engine/rules_reading.py",
        "if lowest <= energy <= highest:",
        "if lowest <= energy:",
    ),
    Mutant(
        "a reading of another meter is accepted",
        "engine/rules_reading.py",
        "    if check.reading.serial_number == check.meter.serial_number:\n        return None\n"
        "    return Refusal(",
        "    return None\n    return Refusal(",
    ),
    Mutant(
        "shares are compared with a tolerance",
        "engine/request_check.py",
        "(1 if whole else chosen.share) == own[0].share",
        'abs((1 if whole else chosen.share) - own[0].share) < Decimal("0.00001")',
    ),
    Mutant(
        "a second request at the delivery point is taken",
        "engine/rules_parties.py",
        "check.facts.other_case is None",
        "True",
    ),
    Mutant(
        "an inactive supplier is taken",
        "engine/rules_parties.py",
        "if party is None or not party.active or not party.supplier:",
        "if party is None or not party.supplier:",
    ),
    Mutant(
        "a customer with another tax number is taken",
        "engine/rules_parties.py",
        "customer is None or customer.tax_number != party.tax_number",
        "customer is None",
    ),
    Mutant(
        "a request in doubt is rejected by the broker's silence",
        "engine/handle_request.py",
        "    return approve(case, examined, DecidedBy.BROKER_AT_THE_DEADLINE, at)",
        "    return reject_on_grounds(case, examined, "
        "DecidedBy.BROKER_AT_THE_DEADLINE, at) if case.doubts else "
        "approve(case, examined, DecidedBy.BROKER_AT_THE_DEADLINE, at)",
    ),
    Mutant(
        "the checks do not run again at the hour",
        "engine/handle_request.py",
        "    if examined.refusals:\n        return reject_on_grounds(case, "
        "examined, DecidedBy.BROKER",
        "    if False:\n        return reject_on_grounds(case, examined, DecidedBy.BROKER",
    ),
    Mutant(
        "a deadline is not stored",
        "store/deadlines.py",
        "    for deadline in wanted.values():\n",
        "    for deadline in list(wanted.values())[1:]:\n",
    ),
    Mutant(
        "a deadline is not closed",
        "store/deadlines.py",
        "            connection.execute(_DELETE, (present.deadline_id,))\n",
        "            pass\n",
    ),
    Mutant(
        "a repeat is not recognised",
        "usecases/receive_message.py",
        "        if earlier is not None:\n",
        "        if earlier is not None and earlier.sha256 != _sha256(attempt.data):\n",
    ),
    Mutant(
        "other bytes under a taken identification are taken for a repeat",
        "usecases/receive_message.py",
        "if earlier.sha256 == _sha256(attempt.data) and earlier.answer is not None:",
        "if earlier.answer is not None:",
    ),
    Mutant(
        "what fell due before a message does not go first",
        "usecases/receive_message.py",
        "            self._deadlines.reach_at(connection, place, until=at)\n",
        "            pass\n",
    ),
    Mutant(
        "the mailbox loses every tenth document",
        "store/outbox.py",
        " WHERE party = ? AND acknowledged_at IS NULL ORDER BY position LIMIT ?",
        " WHERE party = ? AND acknowledged_at IS NULL AND position % 10 ORDER BY position LIMIT ?",
    ),
    Mutant(
        "answers go out before the commit",
        "store/writer.py",
        "            self._before_commit(self._connection)\n            await self._commit()\n",
        "            for waiting, outcome in outcomes:\n"
        "                _deliver(waiting.result, outcome)\n"
        "            self._before_commit(self._connection)\n"
        "            if len(self._batch_sizes) % 7:\n                await self._commit()\n"
        "            else:\n                self._roll_back()\n",
    ),
    Mutant(
        "nothing is sealed",
        "service.py",
        "before_commit=lambda written: seals.seal(written, clock.now())",
        "before_commit=lambda written: None",
    ),
    Mutant(
        "a change of payer is settled as none",
        "engine/carry_out.py",
        "if payer is before is Payer.CUSTOMER:",
        "if payer is Payer.CUSTOMER:",
    ),
    Mutant(
        "quantities are cut off, not rounded",
        "engine/settle.py",
        "ROUND_HALF_UP))",
        '"ROUND_DOWN"))',
    ),
    Mutant(
        "synchronous is OFF",
        "store/connection.py",
        'connection.execute("PRAGMA synchronous = FULL")',
        'connection.execute("PRAGMA synchronous = OFF")',
    ),
    *MUTANTS_OF_SHARES,
)


def hunt(mutant: Mutant) -> Hunt:
    """Let the simulation loose on a copy of the broker with this bug."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in _COPIED:
            shutil.copytree(ROOT / name, copy / name)
        path = copy / "broker" / mutant.file
        text = path.read_text("utf-8")
        if mutant.old == mutant.new or text.count(mutant.old) != 1:
            return Hunt(mutant, False, f"its text is {text.count(mutant.old)} times in the file")
        path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        command = [sys.executable, "-m", "tests.simulation", "--seed", SEED, "--brief"]
        ran = subprocess.run(
            [*command, "--cases", str(BUDGET)],
            cwd=copy,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": "."},
            check=False,
        )
        lines = (ran.stdout or ran.stderr).strip().splitlines()
        told = lines[-1] if lines else ""
        return Hunt(mutant, told.startswith(("step ", "no world: ")), told)


def hunt_all(jobs: int) -> Iterator[Hunt]:
    """Every mutant, several at once, each as soon as those before it are done."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(hunt, MUTANTS)
