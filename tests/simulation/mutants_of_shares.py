"""Deliberate bugs of part B and of corrections, beside those of a switch in `mutants`."""

from tests.simulation.mutant import Mutant

MUTANTS_OF_SHARES = (
    Mutant(
        "claims are collected for eleven days",
        "engine/legal_periods.py",
        "name=PeriodName.COLLECTION_OF_CLAIMS,\n        length=10,",
        "name=PeriodName.COLLECTION_OF_CLAIMS,\n        length=11,",
    ),
    Mutant(
        "suppliers may object for six days",
        "engine/legal_periods.py",
        "name=PeriodName.OBJECTION,\n        length=5,",
        "name=PeriodName.OBJECTION,\n        length=6,",
    ),
    Mutant(
        "a switch of 31 days ago is put right",
        "engine/legal_periods.py",
        "name=PeriodName.CHANGE_BACK,\n        length=30,",
        "name=PeriodName.CHANGE_BACK,\n        length=31,",
    ),
    Mutant(
        "a party's days end on a day off",
        "engine/calendar.py",
        "        while not self.is_working_day(day):\n",
        "        while False:\n",
    ),
    Mutant(
        "claims that are nearly one are the whole",
        "engine/handle_claims.py",
        "(share or Decimal(0) for share in shares), Decimal(0)) != 1:",
        '(share or Decimal(0) for share in shares), Decimal(0)) < Decimal("0.99999"):',
    ),
    Mutant(
        "the period of a division runs from the first claim",
        "engine/approval.py",
        "    if case.claims or (said is not None and said.dismissed):\n",
        "    if said is not None and said.dismissed:\n",
    ),
    Mutant(
        "every claimant is told the ground of another's claim",
        "engine/approval.py",
        "return whole if party is None else own.get(party, ()) or ANOTHERS",
        "return whole",
    ),
    Mutant(
        "present suppliers are not told that shares are not one",
        "engine/notices_application.py",
        "    for present in _present(facts) if shares_fail else ():",
        "    for present in ():",
    ),
    Mutant(
        "an objection is passed over when the days end",
        "engine/handle_confirmation.py",
        "    if _said(case).objections:\n        return _leave_to_operator(case, at)",
        "    if False:\n        return _leave_to_operator(case, at)",
    ),
    Mutant(
        "what nobody decided counts as upheld",
        "engine/handle_confirmation.py",
        "GivenReason(reason=Reason.OBJECTION_NOT_DECIDED_IN_TIME)",
        "GivenReason(reason=Reason.OBJECTION_UPHELD)",
    ),
    Mutant(
        "everybody is told why an objection is dismissed",
        "engine/notices_application.py",
        "explanation=explanation if eic in said.objectors else None,",
        "explanation=explanation,",
    ),
    Mutant(
        "suppliers asked are not told of a withdrawal",
        "engine/notices_application.py",
        "            for eic in case.asked\n        ),\n    )",
        "            for eic in case.asked[1:]\n        ),\n    )",
    ),
    Mutant(
        "one number for all metering points",
        "engine/approval.py",
        "    numbers = iter(free_numbers)\n",
        "    numbers = iter(free_numbers[:1] * len(free_numbers))\n",
    ),
    Mutant(
        "parts of energy are cut off",
        "engine/divide.py",
        "        parts[index] += 1\n",
        "        parts[index] += 0\n",
    ),
    Mutant(
        "an undone switch leaves the old supply ended",
        "engine/correct.py",
        "        *begun,\n        *ended,\n        reading,\n",
        "        *begun,\n        reading,\n",
    ),
    Mutant(
        "a right reading cancels what it should replace",
        "engine/notices_correction.py",
        "    return _referring(notices, Function.REPLACEMENT, case, corrected)",
        "    return _referring(notices, Function.CANCELLATION, case, corrected)",
    ),
    Mutant(
        "the new supplier is not told that its switch was undone",
        "engine/notices_correction.py",
        "        *(replace(one, to=_of_correction(one.to, case)) for one in lost),\n",
        "",
    ),
)
