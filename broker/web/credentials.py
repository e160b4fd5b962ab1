"""The tokens of participants, for the operator's staff: who has which, issue, end; as JSON."""

import msgspec
from aiohttp import web

from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason
from broker.store.participants import NoSuchToken
from broker.usecases.keep_credentials import UnableToIssue
from broker.web.door import DOOR, refusal
from broker.web.operator import Person, json_answer, person_of

_DAYS_MAX = 3650


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """A token as it is asked for: its label, who issues it and why, for how many days."""

    label: str
    by: str
    why: str
    days: int | None = None


async def get_tokens(request: web.Request) -> web.StreamResponse:
    """The tokens a party ever had, newest first, without their values."""
    found = request.app[DOOR].credentials.credentials(Eic(request.match_info["eic"]))
    if found is None:
        return refusal(request, 404, Reason.NOT_FOUND)
    return json_answer({"tokens": found})


async def post_token(request: web.Request) -> web.StreamResponse:
    """A new token, shown this once; 400 for a faulty body, 422 where none can be issued."""
    try:
        wanted = msgspec.json.decode(await request.read(), type=Wanted)
        label = wanted.label.strip()
        if not label or not wanted.by.strip() or not wanted.why.strip():
            raise ValueError("a token has a label, and it is said who issues it and why")
        if wanted.days is not None and not 1 <= wanted.days <= _DAYS_MAX:
            raise ValueError(f"a token is valid for 1 to {_DAYS_MAX} days")
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    try:
        token = await request.app[DOOR].credentials.issue(
            Eic(request.match_info["eic"]),
            label,
            valid_days=wanted.days,
            by=wanted.by.strip(),
            why=wanted.why.strip(),
        )
    except UnableToIssue as error:
        return json_answer({"error": str(error)}, 422)
    return json_answer({"token": token})


async def delete_token(request: web.Request) -> web.StreamResponse:
    """End a token; the body says who does and why. 404 where there is no such valid token."""
    try:
        person: Person = person_of(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    eic, label = Eic(request.match_info["eic"]), request.match_info["label"]
    try:
        await request.app[DOOR].credentials.revoke(eic, label, by=person.by, why=person.why)
    except NoSuchToken:
        return refusal(request, 404, Reason.NOT_FOUND)
    return json_answer({"revoked": label})
