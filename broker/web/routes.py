"""The addresses of the door, in one place."""

from aiohttp import web

from broker.web import credentials, imports, keeping, mailbox, messages, operator, published, staff
from broker.web.callers import answer_in_xml, know_the_caller
from broker.web.door import DOOR, MESSAGE_BYTES_MAX, Door


def make_app(door: Door) -> web.Application:
    """The web application around these use cases."""
    app = web.Application(
        middlewares=[answer_in_xml, know_the_caller], client_max_size=MESSAGE_BYTES_MAX
    )
    app[DOOR] = door
    app.add_routes(
        [
            web.post("/messages", messages.post_message),
            web.get("/messages/{number}", messages.get_message),
            web.get("/mailbox", mailbox.peek, allow_head=False),
            web.delete("/mailbox", mailbox.acknowledge_many),
            web.get("/mailbox/{number}", mailbox.read, allow_head=False),
            web.delete("/mailbox/{number}", mailbox.acknowledge_one),
            web.get("/cases/{number}", published.get_case),
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
            web.get("/operator/staff", staff.list_staff),
            web.post("/operator/staff", staff.add_staff),
            web.post("/operator/staff/{name}/password", staff.set_password),
            web.delete("/operator/staff/{name}", staff.remove_staff),
            web.get("/operator/notices/missing", keeping.get_missing),
            web.post("/operator/notices/again", keeping.post_make_again),
            web.post("/operator/erasures", keeping.post_erase),
            web.post("/operator/imports", imports.post_import),
            web.get("/operator/imports/{number}", imports.get_import),
        ]
    )
    return app
