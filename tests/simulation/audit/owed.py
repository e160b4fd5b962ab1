"""What is owed to whom, from when, until when; and what came that nobody is owed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from tests.simulation.audit import said


class Finding(Exception):
    """The broker did otherwise than the rules say. `check` names the auditor's check."""

    def __init__(self, check: str, text: str) -> None:
        super().__init__(f"{check}: {text}")
        self.check = check


@dataclass(frozen=True)
class Came:
    """A document that came into a mailbox."""

    to: str
    number: str
    content: bytes
    root: etree._Element

    @property
    def kind(self) -> str:
        """The name of its root."""
        return said.kind(self.root)


Check = Callable[[etree._Element], str]


@dataclass
class Owed:
    """A document that is owed: to whom, of what kind, for which case, in which span of time."""

    to: str
    kind: str
    case: str
    rule: str
    earliest: datetime
    latest: datetime
    customer: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    then: Callable[["Came"], None] | None = None
    """What is learned from it when it has come."""

    def differences(self, came: Came) -> list[str]:
        """What in the document is not as owed."""
        found = [
            f"{path} is {came_value!r}, owed is {value!r}"
            for path, value in self.fields.items()
            if (came_value := said.text(came.root, path)) != value
        ]
        return found + [text for check in self.checks if (text := check(came.root))]

    def is_for(self, came: Came) -> bool:
        """Whether it is a document of this kind, to this party, about this case."""
        return (
            (came.to, came.kind) == (self.to, self.kind)
            and said.text(came.root, "Header/CaseNumber") == self.case
            and bool(said.every(came.root, "Header/DeliverToCustomer")) == self.customer
        )

    def __str__(self) -> str:
        whom = f"{self.to}{' for the customer' if self.customer else ''}"
        return f"{self.kind} to {whom} of case {self.case} ({self.rule})"


class Debts:
    """All documents owed and not yet come."""

    def __init__(self) -> None:
        self.open: list[Owed] = []
        self.paid = 0

    def owe(self, owed: Owed) -> None:
        """Something is owed from now on."""
        self.open.append(owed)

    def cancel(self, case: str, kind: str) -> None:
        """What was owed of this kind for the case is owed no longer."""
        self.open = [one for one in self.open if (one.case, one.kind) != (case, kind)]

    def settle(self, came: Came, now: datetime) -> None:
        """Hold a document against what is owed. Raises Finding."""
        candidates = [one for one in self.open if one.is_for(came)]
        if not candidates:
            raise Finding("notice owed to nobody", f"{came.kind} to {came.to}: {_short(came)}")
        differences: list[str] = []
        for one in candidates:
            wrong = one.differences(came)
            if not wrong:
                if now < one.earliest:
                    raise Finding("notice too early", f"{one} before {one.earliest}")
                self.open.remove(one)
                self.paid += 1
                if one.then is not None:
                    one.then(came)
                return
            differences += wrong
        raise Finding("notice says otherwise", f"{candidates[0]}: {'; '.join(differences)}")

    def overdue(self, now: datetime) -> None:
        """Raises Finding for what should have come by now."""
        for one in self.open:
            if one.latest <= now:
                raise Finding("notice missing", f"{one}, owed by {one.latest}")

    def next_latest(self) -> datetime | None:
        """When the next thing must have come at the latest."""
        return min((one.latest for one in self.open), default=None)


def _short(came: Came) -> str:
    grounds = " ".join(said.codes(came.root, "Ground/Code"))
    return f"case {said.text(came.root, 'Header/CaseNumber')} {grounds}".strip()
