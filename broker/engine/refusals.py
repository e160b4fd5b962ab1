"""Which reasons may be given where, and their published texts."""

from dataclasses import replace

from broker.engine.code_list import CODE_LIST, Use
from broker.messages.events import GivenReason
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Objection


def texts(reason: Reason) -> tuple[str, str]:
    """The published texts of a reason, English and Slovene."""
    entry = CODE_LIST[reason]
    return entry.english, entry.slovene


def unfit_reasons(reasons: tuple[GivenReason, ...], use: Use) -> tuple[Refusal, ...]:
    """What is wrong with the reasons of an operator's decision: use and text (A11)."""
    if not reasons:
        return (Refusal(reason=Reason.REASON_NOT_FOR_THIS_USE, expected="at least one code"),)
    return tuple(
        Refusal(
            reason=Reason.REASON_NOT_FOR_THIS_USE,
            found=f"{given.reason.agency} {given.reason.code}",
        )
        for given in reasons
        if use not in CODE_LIST[given.reason].uses
        or (given.reason is Reason.OTHER) != bool(given.text and not given.text.isspace())
    )


def unfit_objection(objection: Objection) -> tuple[Refusal, ...]:
    """What is wrong with the ground of an objection: its use, words with E14 alone (B6, A11)."""
    given = GivenReason(reason=objection.reason, text=objection.text)
    return tuple(
        replace(one, place="/Objection/Ground") for one in unfit_reasons((given,), Use.OBJECTION)
    )
