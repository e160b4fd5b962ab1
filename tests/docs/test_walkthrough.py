"""The walkthrough is as its scenarios go, and lacks nothing that they brought."""

from broker.messages.codes import DocumentKind
from broker.scenarios import walkthrough
from tests.docs.pages import text_of


def test_the_page_is_not_stale() -> None:
    right = walkthrough.write_walkthrough(walkthrough.PAGE, only_check=True)
    assert right, "stale: run `python -m broker walkthrough`"


def test_every_document_of_a_completed_and_of_a_failed_switch_is_shown() -> None:
    page = text_of("docs/walkthrough.md")
    shown = {kind for kind in DocumentKind if f"\n## {kind.value}: " in page}
    assert shown >= {
        DocumentKind.SWITCH_REQUEST,
        DocumentKind.RECEIPT_CONFIRMATION,
        DocumentKind.APPROVAL_NOTICE,
        DocumentKind.INACCESSIBILITY_REPORT,
        DocumentKind.METER_READING,
        DocumentKind.SWITCH_COMPLETED,
        DocumentKind.FINAL_SETTLEMENT,
        DocumentKind.REGISTER_CHANGE_NOTICE,
        DocumentKind.SWITCH_FAILED,
    }
    assert "| LegalRemedies | " in page
