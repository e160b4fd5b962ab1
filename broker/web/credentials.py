"""Tokens and certificates of participants, for the operator's staff: list, issue, end; as JSON."""

from typing import TypeVar

import msgspec
from aiohttp import web

from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason
from broker.store.participants import NoSuchCredential
from broker.usecases.keep_credentials import UnableToIssue
from broker.web.door import DOOR, refusal
from broker.web.operator import Person, json_answer, person_of
from broker.wire.certificate import read_certificate

_DAYS_MAX = 3650


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A token as it is asked for: its label, who issues it and why, for how many days."""

    label: str
    by: str
    why: str
    days: int | None = None


class WantedCertificate(Wanted, forbid_unknown_fields=True, kw_only=True):
    """A certificate in PEM as it is to be registered, with what is said of a token too."""

    certificate: str


Asked = TypeVar("Asked", bound=Wanted)


async def get_tokens(request: web.Request) -> web.StreamResponse:
    """The tokens and certificates a party ever had, newest first, without values of tokens."""
    found = request.app[DOOR].credentials.credentials(Eic(request.match_info["eic"]))
    if found is None:
        return refusal(request, 404, Reason.NOT_FOUND)
    return json_answer({"tokens": found})


async def post_token(request: web.Request) -> web.StreamResponse:
    """A new token, shown this once; 400 for a faulty body, 422 where none can be issued."""
    try:
        wanted = _asked(await request.read(), Wanted)
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    try:
        token = await request.app[DOOR].credentials.issue(
            Eic(request.match_info["eic"]),
            wanted.label.strip(),
            valid_days=wanted.days,
            by=wanted.by.strip(),
            why=wanted.why.strip(),
        )
    except UnableToIssue as error:
        return json_answer({"error": str(error)}, 422)
    return json_answer({"token": token})


async def post_certificate(request: web.Request) -> web.StreamResponse:
    """Register a client certificate: its fingerprint; 400 for a faulty body, 422 where it cannot be
    taken.
    """
    try:
        wanted = _asked(await request.read(), WantedCertificate)
        certificate = read_certificate(wanted.certificate)
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    try:
        record = await request.app[DOOR].credentials.register(
            Eic(request.match_info["eic"]),
            wanted.label.strip(),
            certificate,
            valid_days=wanted.days,
            by=wanted.by.strip(),
            why=wanted.why.strip(),
        )
    except UnableToIssue as error:
        return json_answer({"error": str(error)}, 422)
    return json_answer({"fingerprint": record.fingerprint, "expires_at": record.expires_at})


def _asked(body: bytes, kind: type[Asked]) -> Asked:
    """What is asked for. Raises DecodeError, ValueError for what is missing or not sensible."""
    wanted = msgspec.json.decode(body, type=kind)
    if not (wanted.label.strip() and wanted.by.strip() and wanted.why.strip()):
        raise ValueError("it has a label, and it is said who issues it and why")
    if wanted.days is not None and not 1 <= wanted.days <= _DAYS_MAX:
        raise ValueError(f"it is valid for 1 to {_DAYS_MAX} days")
    return wanted


async def delete_token(request: web.Request) -> web.StreamResponse:
    """End a token or certificate; the body says who does and why. 404 for no such valid one."""
    try:
        person: Person = person_of(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    eic, label = Eic(request.match_info["eic"]), request.match_info["label"]
    try:
        await request.app[DOOR].credentials.revoke(eic, label, by=person.by, why=person.why)
    except NoSuchCredential:
        return refusal(request, 404, Reason.NOT_FOUND)
    return json_answer({"revoked": label})
