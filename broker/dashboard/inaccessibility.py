"""Whether a site still cannot be reached, as far as the readings on record tell."""

from collections.abc import Iterable
from datetime import date, datetime

from broker.engine.calendar import local_day
from broker.messages.codes import ObtainedBy

_ON_THE_SPOT = frozenset({ObtainedBy.OPERATOR, ObtainedBy.CUSTOMER})


def still_inaccessible(
    since: date | None, stand: Iterable[tuple[datetime, ObtainedBy]]
) -> date | None:
    """The day since which the site cannot be reached; None once a reading that stands was taken
    on the spot (A21). A switch clears the register's entry, a right reading put in later does not.
    """
    read = any(
        since is not None and local_day(at) > since and by in _ON_THE_SPOT for at, by in stand
    )
    return None if read else since
