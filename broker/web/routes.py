"""The addresses of the door, in one place."""

from aiohttp import web

from broker.web import (
    channels,
    credentials,
    delegations,
    imports,
    keeping,
    mailbox,
    messages,
    operator,
    published,
    staff,
)
from broker.web.callers import answer_in_xml, know_the_caller
from broker.web.delegations import also_for_a_supplier, is_for_anything, reads_mailbox
from broker.web.door import DOOR, MESSAGE_BYTES_MAX, Door
from broker.web.headers import add_headers


def make_app(door: Door) -> web.Application:
    """The web application around these use cases."""
    app = web.Application(
        middlewares=[answer_in_xml, know_the_caller], client_max_size=MESSAGE_BYTES_MAX
    )
    app[DOOR] = door
    app.on_response_prepare.append(add_headers)
    app.add_routes(
        [
            web.post("/messages", messages.post_message),
            web.get(
                "/messages/{number}", also_for_a_supplier(messages.get_message, is_for_anything)
            ),
            web.get("/mailbox", also_for_a_supplier(mailbox.peek, reads_mailbox), allow_head=False),
            web.delete("/mailbox", also_for_a_supplier(mailbox.acknowledge_many, reads_mailbox)),
            web.get(
                "/mailbox/{number}",
                also_for_a_supplier(mailbox.read, reads_mailbox),
                allow_head=False,
            ),
            web.delete(
                "/mailbox/{number}", also_for_a_supplier(mailbox.acknowledge_one, reads_mailbox)
            ),
            web.get("/cases/{number}", also_for_a_supplier(published.get_case, reads_mailbox)),
            web.get("/schemas", published.list_schemas),
            web.get("/schemas/{name}", published.get_schema),
            web.get("/codes", published.get_codes),
            web.get("/health/live", published.live),
            web.get("/health/ready", published.ready),
            web.get("/operator/tasks", operator.get_tasks),
            web.post("/operator/cases/{number}/decision", operator.post_decision),
            web.post("/operator/cases/{number}/try-again", operator.post_try_again),
            web.post("/operator/sweep/go-on", operator.post_go_on),
            web.get("/operator/participants/{eic}/tokens", credentials.get_tokens),
            web.post("/operator/participants/{eic}/tokens", credentials.post_token),
            web.delete("/operator/participants/{eic}/tokens/{label}", credentials.delete_token),
            web.get("/operator/channels", channels.get_channels),
            web.post("/operator/participants/{eic}/channel", channels.post_channel),
            web.delete("/operator/participants/{eic}/channel", channels.delete_channel),
            web.post("/operator/participants/{eic}/channel/secret", channels.post_secret),
            web.post("/operator/participants/{eic}/channel/test", channels.post_test),
            web.post("/operator/participants/{eic}/channel/try-again", channels.post_try_again),
            web.post("/operator/participants/{eic}/certificates", credentials.post_certificate),
            web.get("/operator/delegations", delegations.get_delegations),
            web.post("/operator/delegations", delegations.post_delegation),
            web.delete("/operator/delegations/{number}", delegations.delete_delegation),
            web.get("/operator/staff", staff.list_staff),
            web.post("/operator/staff", staff.add_staff),
            web.post("/operator/staff/{name}/password", staff.set_password),
            web.delete("/operator/staff/{name}", staff.remove_staff),
            web.get("/operator/notices/missing", keeping.get_missing),
            web.post("/operator/notices/again", keeping.post_make_again),
            web.post("/operator/erasures", keeping.post_erase),
            web.post(imports.IMPORTS, imports.post_import),
            web.get("/operator/imports/{number}", imports.get_import),
        ]
    )
    return app
