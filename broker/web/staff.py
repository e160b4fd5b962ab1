"""Who may sign in to the dashboard, as JSON for the command line."""

import msgspec
from aiohttp import web

from broker.store.staff import NoSuchMember, StaffRole
from broker.usecases.manage_staff import UnfitName
from broker.usecases.passwords import UnfitPassword
from broker.web.door import DOOR
from broker.web.operator import json_answer


class Newcomer(msgspec.Struct, forbid_unknown_fields=True):
    """A person to be let in, and who lets it in."""

    name: str
    full_name: str
    role: StaffRole
    password: str
    by: str


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """Another password for a person, and who gives it."""

    password: str
    by: str


class Leaver(msgspec.Struct, forbid_unknown_fields=True):
    """Who ends a person's access."""

    by: str


async def list_staff(request: web.Request) -> web.StreamResponse:
    """Everybody who may sign in, by name."""
    told = [
        {
            "name": member.name,
            "full_name": member.full_name,
            "role": member.role,
            "added_at": member.added_at,
        }
        for member in request.app[DOOR].staff.members()
    ]
    return json_answer({"staff": told})


async def add_staff(request: web.Request) -> web.StreamResponse:
    """Let a person sign in: 200, or 400 for what cannot be."""
    try:
        newcomer = msgspec.json.decode(await request.read(), type=Newcomer)
        await request.app[DOOR].staff.add(
            newcomer.name,
            newcomer.full_name,
            newcomer.role,
            newcomer.password,
            by=_said(newcomer.by),
        )
    except (msgspec.DecodeError, UnfitName, UnfitPassword, UnsaidPerson) as error:
        return json_answer({"error": str(error)}, 400)
    return json_answer({"added": newcomer.name})


async def set_password(request: web.Request) -> web.StreamResponse:
    """Give a person another password: 200, 400, or 404 for nobody."""
    name = request.match_info["name"]
    try:
        given = msgspec.json.decode(await request.read(), type=NewPassword)
        await request.app[DOOR].staff.set_password(name, given.password, by=_said(given.by))
    except (msgspec.DecodeError, UnfitPassword, UnsaidPerson) as error:
        return json_answer({"error": str(error)}, 400)
    except NoSuchMember as error:
        return json_answer({"error": str(error)}, 404)
    return json_answer({"password_set": name})


async def remove_staff(request: web.Request) -> web.StreamResponse:
    """End a person's access and sessions: 200, 400, or 404 for nobody."""
    name = request.match_info["name"]
    try:
        leaver = msgspec.json.decode(await request.read(), type=Leaver)
        await request.app[DOOR].staff.remove(name, by=_said(leaver.by))
    except (msgspec.DecodeError, UnsaidPerson) as error:
        return json_answer({"error": str(error)}, 400)
    except NoSuchMember as error:
        return json_answer({"error": str(error)}, 404)
    return json_answer({"removed": name})


class UnsaidPerson(ValueError):
    """Nobody is named as the one who changes the staff."""


def _said(by: str) -> str:
    if not by.strip():
        raise UnsaidPerson("it must be said who changes the staff")
    return by.strip()
