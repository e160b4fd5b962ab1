"""Who signs in to the dashboard of the demo: one who decides and one who looks."""

from typing import NamedTuple

from broker.clock import Clock
from broker.ids import new_token
from broker.service import Service
from broker.store.staff import StaffRole
from broker.usecases.manage_staff import ManageStaff

_PASSWORD_LENGTH = 16


class DemoPerson(NamedTuple):
    """A person of the demo's staff, with the name to sign in by."""

    name: str
    full_name: str
    role: StaffRole
    password: str


def new_staff() -> tuple[DemoPerson, ...]:
    """The demo's staff, with fresh passwords."""
    return (
        DemoPerson("nada", "Nada Zgled", StaffRole.CLERK, new_token()[:_PASSWORD_LENGTH]),
        DemoPerson("vid", "Vid Vpogled", StaffRole.VIEWER, new_token()[:_PASSWORD_LENGTH]),
    )


async def let_in(staff: tuple[DemoPerson, ...], service: Service, clock: Clock) -> None:
    """Let the staff sign in, through the running service."""
    manage = ManageStaff(reader=service.reader, writer=service.writer, clock=clock)
    for one in staff:
        await manage.add(one.name, one.full_name, one.role, one.password, by="demo")
