"""The part of the published code list that is used at the door (design 10)."""

from broker.engine.code_list_entries import Entry, Use
from broker.messages.reasons import Reason

AT_THE_DOOR: dict[Reason, Entry] = {
    Reason.NOT_WELL_FORMED: Entry(
        "The bytes are not well-formed XML in a supported encoding (UTF-8).",
        "Vsebina ni pravilno oblikovan XML v podprtem kodiranju (UTF-8).",
        (Use.DOOR,),
    ),
    Reason.DOCTYPE_FORBIDDEN: Entry(
        "A document type declaration is not allowed; send the message without DOCTYPE.",
        "Deklaracija DOCTYPE ni dovoljena; sporočilo pošljite brez nje.",
        (Use.DOOR,),
    ),
    Reason.UNKNOWN_MESSAGE_TYPE: Entry(
        "The root element is not a message this service receives.",
        "Korenski element ni sporočilo, ki ga ta storitev sprejema.",
        (Use.DOOR,),
    ),
    Reason.UNKNOWN_VERSION: Entry(
        "The version in the namespace is not in use; see GET /schemas.",
        "Različica v imenskem prostoru ni v uporabi; glejte GET /schemas.",
        (Use.DOOR,),
    ),
    Reason.NOT_VALID_AGAINST_SCHEMA: Entry(
        "The message is not valid against the schema at the place given.",
        "Sporočilo na navedenem mestu ni skladno s shemo.",
        (Use.DOOR,),
    ),
    Reason.CONTENT_DOES_NOT_DECODE: Entry(
        "The attachment is not valid base64.",
        "Priloga ni veljaven zapis base64.",
        (Use.DOOR,),
    ),
    Reason.TOO_LARGE: Entry(
        "A message may have at most 8 MiB, its attachments together at most 5 MiB.",
        "Sporočilo sme obsegati največ 8 MiB, priloge skupaj največ 5 MiB.",
        (Use.DOOR,),
    ),
    Reason.UNSUPPORTED_MEDIA_TYPE: Entry(
        "Send the message as application/xml or text/xml, packed by gzip or deflate at most.",
        "Sporočilo pošljite kot application/xml ali text/xml, stisnjeno le z gzip ali deflate.",
        (Use.DOOR,),
    ),
    Reason.NOT_AUTHENTICATED: Entry(
        "The request comes with no valid token (Authorization: Bearer) or registered client "
        "certificate; with both, they must be of one party.",
        "Zahtevek je brez veljavnega žetona (Authorization: Bearer) ali prijavljenega potrdila "
        "odjemalca; kadar sta oba, morata pripadati istemu udeležencu.",
        (Use.DOOR,),
    ),
    Reason.SENDER_IS_NOT_THE_AUTHENTICATED_PARTY: Entry(
        "The sender must be the authenticated party or a supplier that it acts for.",
        "Pošiljatelj mora biti overjeni udeleženec ali dobavitelj, za katerega ta deluje.",
        (Use.DOOR,),
    ),
    Reason.PARTY_NOT_ACTIVE: Entry(
        "The party is not active.",
        "Udeleženec ni dejaven.",
        (Use.DOOR,),
    ),
    Reason.ROLE_MAY_NOT_SEND_THIS: Entry(
        "The party does not have the role stated, or the role may not send this message.",
        "Udeleženec nima navedene vloge ali pa ta vloga ne sme poslati tega sporočila.",
        (Use.DOOR,),
    ),
    Reason.MESSAGE_ID_USED_WITH_OTHER_CONTENT: Entry(
        "This identification was already used for another message; use a new one.",
        "Ta oznaka je že bila uporabljena za drugo sporočilo; uporabite novo.",
        (Use.DOOR,),
    ),
    Reason.RECIPIENT_IS_NOT_THIS_OPERATOR: Entry(
        "The recipient in the header is not this operator.",
        "Prejemnik v glavi ni ta operater.",
        (Use.DOOR,),
    ),
    Reason.WRONG_CHECK_DIGIT: Entry(
        "The check digit of the identifier is wrong.",
        "Kontrolna števka oznake ni pravilna.",
        (Use.DOOR,),
    ),
    Reason.TRY_AGAIN: Entry(
        "The service cannot write at the moment; nothing was taken. Send the same message again.",
        "Storitev trenutno ne more zapisovati; nič ni bilo sprejeto. Pošljite isto sporočilo "
        "znova.",
        (Use.DOOR,),
    ),
    Reason.INTERNAL_ERROR: Entry(
        "An error of ours; it was logged with the receipt number. Send the same message again.",
        "Napaka na naši strani; zabeležena je s številko prejema. Pošljite isto sporočilo znova.",
        (Use.DOOR,),
    ),
    Reason.TOO_MANY_REQUESTS: Entry(
        "Too many requests; wait as long as Retry-After says.",
        "Preveč zahtevkov; počakajte, kolikor določa Retry-After.",
        (Use.DOOR,),
    ),
    Reason.NOT_FOUND: Entry(
        "There is nothing of yours under this number.",
        "Pod to številko ni ničesar vašega.",
        (Use.DOOR,),
    ),
    Reason.TOO_SLOW: Entry(
        "The message did not arrive in time; nothing was taken. Send the same message again.",
        "Sporočilo ni prispelo pravočasno; nič ni bilo sprejeto. Pošljite isto sporočilo znova.",
        (Use.DOOR,),
    ),
    Reason.DELEGATION_NOT_IN_FORCE: Entry(
        "The supplier's delegation is not in force: it has not begun, has run out or was ended.",
        "Pooblastilo dobavitelja ne velja: še ni začelo veljati, je poteklo ali je bilo končano.",
        (Use.DOOR,),
    ),
    Reason.NOT_DELEGATED: Entry(
        "The supplier's delegation is not for this kind of message, or not for its mailbox.",
        "Pooblastilo dobavitelja ne velja za to vrsto sporočila oziroma za njegov predal.",
        (Use.DOOR,),
    ),
}
