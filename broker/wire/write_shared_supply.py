"""Bodies of the notices about several suppliers at one delivery point (part B of the rules).

Each recipient is told of its own share and contract alone (interpretation 9).
"""

from lxml import etree

from broker.messages.notices import (
    ObjectionDecision,
    RejectionNotice,
    SupplyConfirmationInvitation,
)
from broker.wire.document import (
    LONG_TEXT_MAX,
    SHORT_TEXT_MAX,
    UnableToWriteValidDocument,
    add,
    add_day,
    add_free_text,
    add_grounds,
    add_point,
    add_supplier,
    plain,
)

_STEPS_ENGLISH = (
    "The division is not carried out and the present supply stays. A delivery point whose shares do"
    " not add up to exactly one has no supplier (002 art. 168(6)). The operator then tells the"
    " customer, with proof of service, the reason for and the day of the disconnection and how to"
    " change supplier (002 art. 162(5), (6)). If it has no notice of a new supply contract by that"
    " day, it disconnects the metering site after that prior notice (002 art. 162(7))."
)
_STEPS_SLOVENE = (
    "Delitev se ne izvede in sedanja dobava ostane. Prevzemno-predajno mesto, na katerem se deleži"
    " ne seštejejo natanko v ena, nima dobavitelja (šesti odstavek 168. člena). Operater v tem"
    " primeru uporabniku z dokazilom o vročitvi sporoči razlog in predvideni datum odklopa ter"
    " možnosti zamenjave dobavitelja (peti in šesti odstavek 162. člena). Če do tega dne ne prejme"
    " obvestila o novi pogodbi o dobavi, merilno mesto po tem predhodnem obvestilu odklopi (sedmi"
    " odstavek 162. člena)."
)


def add_rejection(root: etree._Element, notice: RejectionNotice) -> None:
    """A rejection, of a division with the further steps where they are owed (A17, B3)."""
    add_point(root, notice.point)
    for supplier in notice.new_suppliers:
        add_supplier(root, "NewSupplier", supplier)
    add_grounds(root, notice.reasons)
    if notice.explains_disconnection:
        steps = add(root, "FurtherSteps")
        add(steps, "TextEnglish", _STEPS_ENGLISH)
        add(steps, "TextSlovene", _STEPS_SLOVENE)


def add_invitation(root: etree._Element, notice: SupplyConfirmationInvitation) -> None:
    """What a supplier named is told of its own part alone (B6, interpretation 9)."""
    add_point(root, notice.point)
    add_supplier(root, "Supplier", notice.supplier)
    if notice.share is not None:
        add(root, "Share", plain(notice.share))
    add_free_text(root, "Contract", notice.contract, SHORT_TEXT_MAX)
    requested = add(root, "RequestedDate")
    if notice.requested_date is None:
        add(requested, "AsSoonAsPossible")
    else:
        add_day(requested, "Date", notice.requested_date)
    add_day(root, "AnswerBy", notice.answer_by)


def add_objection_decision(root: etree._Element, notice: ObjectionDecision) -> None:
    """Grounds where an objection is upheld, words to whom objected in vain (B7).

    Raises UnableToWriteValidDocument where both or neither go with the decision.
    """
    if notice.upheld != bool(notice.reasons) or (notice.upheld and notice.explanation):
        raise UnableToWriteValidDocument("grounds go with an objection upheld, words with a no")
    add_point(root, notice.point)
    add(root, "Decision", "upheld" if notice.upheld else "dismissed")
    add_grounds(root, notice.reasons)
    add_free_text(root, "Explanation", notice.explanation, LONG_TEXT_MAX)
