"""A supplier asks for data of a point before its request (A4): refused, or put into its mailbox.

Asking opens no case. A refusal is therefore the acknowledgement itself, with all its codes (422,
design 10): a document in the mailbox would say the same a second time, and could not be mended
and sent again under its id. The data are a document in the mailbox, committed with the
acknowledgement, so that they can be fetched again while they are kept.
"""

from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.master_data import Grant, grant_master_data, master_data_response
from broker.engine.rules_master_data import MasterDataCheck
from broker.messages.codes import DocumentKind, WantedData
from broker.messages.identifiers import DocumentId
from broker.messages.master_data import History
from broker.messages.reasons import Refusal
from broker.messages.requests import MasterDataRequest
from broker.store import outbox, participants, quantities, register, supply
from broker.store.outbox import NOW, Owed
from broker.usecases.handle_event import Desk
from broker.wire.write_master_data import write_master_data


def answer_master_data(
    connection: Connection,
    request: MasterDataRequest,
    *,
    received_at: datetime,
    desk: Desk,
    created_at: datetime | None = None,
    owed: Owed = NOW,
) -> DocumentId | tuple[Refusal, ...]:
    """Put the data into the mailbox of the one that asked; everything that forbids it otherwise.

    Gives the number of the document. `created_at` is not the receipt where it is made again, for
    what `owed` says.
    """
    asked_on = local_day(received_at)
    asker = request.header.sender
    found = grant_master_data(
        MasterDataCheck(
            request=request,
            received_on=asked_on,
            asker=next(iter(participants.supplier_facts(connection, (asker,))), None),
            found=register.point_facts(connection, request.point.accounting_point, asked_on),
            rules=desk.rules,
        )
    )
    if not isinstance(found, Grant):
        return found
    document_id, created_at = desk.ids.document_id(), created_at or received_at
    content = write_master_data(
        master_data_response(found, _history(connection, found)),
        document_id=document_id,
        created_at=created_at,
        operator=desk.operator,
    )
    outbox.put(
        connection,
        document_id=document_id,
        party=asker,
        kind=DocumentKind.MASTER_DATA_RESPONSE.value,
        case_id=None,
        created_at=created_at,
        content=content,
        owed=owed,
    )
    return document_id


def _history(connection: Connection, grant: Grant) -> History:
    """What was asked for of the past twelve months; nothing else is read."""
    wanted, point = grant.request.wanted, grant.point.measured_at
    span = (grant.first_day, grant.end)
    return History(
        billed=quantities.billed_between(connection, point, *span)
        if WantedData.BILLED_QUANTITIES in wanted
        else (),
        quarter_hours=quantities.quarter_hours_between(connection, point, *span)
        if WantedData.QUARTER_HOURS in wanted
        else (),
        shares=supply.shares_between(connection, point, *span),
    )
