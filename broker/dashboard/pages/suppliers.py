"""The parties of the market and their credentials: who may do what, tokens issued and revoked."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from sqlite3 import Connection
from typing import NamedTuple

from aiohttp import web

from broker.dashboard.comma_separated import csv_answer
from broker.dashboard.forms import field
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.messages.identifiers import Eic
from broker.store import delegations, participants
from broker.store.delegations import Delegation
from broker.store.participants import Credential, NoSuchCredential, Participant
from broker.usecases.keep_credentials import LABEL_MAX, UnableToIssue, is_fit_label

_DAYS_MAX = 3650


class Listed(NamedTuple):
    """A party, and how many of its tokens are valid."""

    party: Participant
    valid: int


class _Delegated(NamedTuple):
    """A delegation of or to a party, the other party of it, and whether it is in force now."""

    one: Delegation
    other: Participant | None
    in_force: bool


class _Done(NamedTuple):
    """What became of a form: a new token, shown this once, or a text that says what was wrong."""

    token: str | None = None
    label: str = ""
    fault: str | None = None


async def show_all(request: web.Request) -> web.StreamResponse:
    """Every party with its status."""
    office = request.app[OFFICE]
    listed = await office.reads(partial(all_parties, now=office.clock.now()))
    return render(request, "suppliers.html", {"listed": listed})


async def export(request: web.Request) -> web.StreamResponse:
    """Every party, as a CSV file."""
    office, texts = request.app[OFFICE], texts_for(request)
    listed = await office.reads(partial(all_parties, now=office.clock.now()))
    names = ("name", "roles", "status", "balance_group", "network_charge", "affiliate")
    head = ["EIC", *(texts(f"suppliers.{name}") for name in (*names, "valid_tokens"))]
    yes_or_no = {True: texts("suppliers.yes"), False: texts("suppliers.no")}
    rows = (
        (
            party.eic,
            party.name,
            ", ".join(texts(f"words.market_role_{role.value}") for role in party.roles),
            texts("suppliers.active" if party.active else "suppliers.inactive"),
            party.balance_group or "",
            yes_or_no[party.network_charge_contract],
            yes_or_no[party.affiliate],
            str(valid),
        )
        for party, valid in listed
    )
    return await csv_answer("udelezenci.csv", head, rows)


async def show(request: web.Request) -> web.StreamResponse:
    """One party with its tokens."""
    return await _page(request, _Done())


async def issue(request: web.Request) -> web.StreamResponse:
    """A new token, shown on this answer and never again."""
    form = await request.post()
    label, why, days = (field(form, name).strip() for name in ("label", "why", "days"))
    valid_days = int(days) if days.isascii() and days.isdigit() else None
    if not (is_fit_label(label) and why) or (days and not 1 <= (valid_days or 0) <= _DAYS_MAX):
        raise web.HTTPBadRequest
    office, eic = request.app[OFFICE], Eic(request.match_info["eic"])
    try:
        token = await office.credentials.issue(
            eic, label, valid_days=valid_days, by=request[MEMBER].signature, why=why
        )
    except UnableToIssue:
        taken = _Done(label=label, fault="suppliers.label_taken")
        return await _page(request, taken, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return await _page(request, _Done(token=token, label=label))


async def revoke(request: web.Request) -> web.StreamResponse:
    """End a token, and go back to the party."""
    form = await request.post()
    label, why = field(form, "label"), field(form, "why").strip()
    if not label or not why:
        raise web.HTTPBadRequest
    office, eic = request.app[OFFICE], Eic(request.match_info["eic"])
    try:
        await office.credentials.revoke(eic, label, by=request[MEMBER].signature, why=why)
    except NoSuchCredential:
        gone = _Done(label=label, fault="suppliers.no_such_token")
        return await _page(request, gone, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/suppliers/{eic}"})


async def _page(
    request: web.Request, done: _Done, *, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """The page of a party. Raises HTTPNotFound."""
    office, eic = request.app[OFFICE], Eic(request.match_info["eic"])
    now = office.clock.now()
    party, tokens, delegated = await office.reads(partial(_look, eic=eic, now=now))
    if party is None:
        raise web.HTTPNotFound
    values = {
        "party": party,
        "tokens": [(one, _standing(one, now)) for one in tokens],
        "delegations": delegated,
        "done": done,
        "days_max": _DAYS_MAX,
        "label_max": LABEL_MAX,
    }
    return render(request, "supplier.html", values, status=status)


def all_parties(connection: Connection, now: datetime) -> tuple[Listed, ...]:
    """Every party, by its name."""
    return tuple(
        Listed(party, sum(_standing(one, now) == "valid" for one in tokens))
        for party in participants.participants(connection)
        for tokens in (participants.credentials(connection, party.eic),)
    )


def _look(
    connection: Connection, eic: Eic, now: datetime
) -> tuple[Participant | None, tuple[Credential, ...], tuple[_Delegated, ...]]:
    return (
        participants.participant(connection, eic),
        participants.credentials(connection, eic),
        tuple(
            _Delegated(
                one,
                participants.participant(
                    connection, one.provider if one.supplier == eic else one.supplier
                ),
                one.in_force(now),
            )
            for one in delegations.of_party(connection, eic)
        ),
    )


def _standing(one: Credential, now: datetime) -> str:
    """Whether a token is valid at this instant, or how it ended: `texts/suppliers.toml` says it."""
    if one.revoked_at is not None and one.revoked_at <= now:
        return "revoked"
    return "expired" if one.expires_at is not None and one.expires_at <= now else "valid"


ADDRESSES = (
    Address("GET", "/suppliers", show_all, Who.STAFF),
    Address("GET", "/suppliers.csv", export, Who.STAFF),
    Address("GET", "/suppliers/{eic}", show, Who.STAFF),
    Address("POST", "/suppliers/{eic}/tokens", issue, Who.CLERK),
    Address("POST", "/suppliers/{eic}/tokens/revoke", revoke, Who.CLERK),
)
