"""The part of the published code list about several suppliers at one delivery point (B1-B8)."""

from broker.engine.code_list_entries import Entry, Use
from broker.messages.reasons import Reason

OF_SHARED_SUPPLY: dict[Reason, Entry] = {
    Reason.CLAIM_PERIOD_OVER: Entry(
        "The days for claims have ended and the claims do not add up to exactly one.",
        "Rok za zahteve se je iztekel, zahteve pa se ne seštejejo natanko v ena.",
        (Use.DIVISION,),
    ),
    Reason.SECOND_CLAIM_OF_SUPPLIER: Entry(
        "This supplier has claimed its share already; withdraw the first claim to file another.",
        "Ta dobavitelj je svoj delež že zahteval; za novo zahtevo odstopite od prve.",
        (Use.DIVISION,),
    ),
    Reason.ANOTHER_CLAIM_REJECTED: Entry(
        "A claim of another supplier was rejected, so the division is not carried out.",
        "Zahteva drugega dobavitelja je zavrnjena, zato se delitev ne izvede.",
        (Use.DIVISION,),
    ),
    Reason.OBJECTION_UPHELD: Entry(
        "An objection of a supplier named in the request is justified.",
        "Ugovor dobavitelja, navedenega na zahtevi, je utemeljen.",
        (Use.DIVISION,),
    ),
    Reason.CONTRACT_STILL_BINDING: Entry(
        "An earlier supply contract still binds the customer.",
        "Uporabnika še zavezuje prejšnja pogodba o dobavi.",
        (
            Use.DIVISION,
            Use.OBJECTION,
        ),
    ),
    Reason.CUSTOMER_HAS_NOT_MOVED_OUT: Entry(
        "The customer of the earlier contract has not moved out.",
        "Uporabnik iz prejšnje pogodbe se še ni izselil.",
        (
            Use.DIVISION,
            Use.OBJECTION,
        ),
    ),
    Reason.NOTICE_TOO_LATE: Entry(
        "The earlier supply contract was ended too late for the date of the switch.",
        "Prejšnja pogodba o dobavi je bila za datum menjave odpovedana prepozno.",
        (
            Use.DIVISION,
            Use.OBJECTION,
        ),
    ),
    Reason.NO_CONTRACT_WITH_CUSTOMER: Entry(
        "The supplier has no such supply contract with the customer.",
        "Dobavitelj z uporabnikom nima take pogodbe o dobavi.",
        (
            Use.DIVISION,
            Use.OBJECTION,
        ),
    ),
    Reason.OBJECTION_NOT_DECIDED_IN_TIME: Entry(
        "The operator did not decide on an objection in time; the present supply stays.",
        "Operater o ugovoru ni odločil pravočasno; sedanja dobava ostane.",
        (Use.DIVISION,),
    ),
    Reason.ALREADY_ANSWERED: Entry(
        "The supplier has answered this request already; its first answer counts.",
        "Dobavitelj je na to zahtevo že odgovoril; velja prvi odgovor.",
        (Use.MESSAGE,),
    ),
    Reason.ANSWER_TOO_LATE: Entry(
        "The last day to answer, as in the invitation, has passed; silence counts as consent.",
        "Zadnji dan za odgovor, naveden v pozivu, je minil; molk šteje za soglasje.",
        (Use.MESSAGE,),
    ),
}
