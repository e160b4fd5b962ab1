"""The field's code values: roles, directions, document types, reasons of processes (ebIX, 260)."""

from enum import Enum


class Role(Enum):
    """Market role in which a party sends or receives (ebIX role codes).

    A service provider acts for suppliers and never in its own name, so its role, a code of ours,
    stands in no message.
    """

    SUPPLIER = "DDQ"
    GRID_OPERATOR = "DDM"
    METERING_CENTRE = "DDE"
    SERVICE_PROVIDER = "DEL"


class Direction(Enum):
    """Direction of energy at an accounting point (interpretation 13)."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"


class Payer(Enum):
    """Who pays the network charge (A9, A34)."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"


class ReadingMethod(Enum):
    """How the reading for a switch is obtained (A15, A19-A22)."""

    CUSTOMER = "customer"
    REMOTE = "remote"
    VISIT = "visit"


class ObtainedBy(Enum):
    """How a reading was obtained, codes of Priloga A."""

    OPERATOR = "1"
    CUSTOMER = "2"
    REMOTE = "3"
    ESTIMATE = "4"


class PayerGround(Enum):
    """Why the payer of the network charge changes without a switch (A35)."""

    AGREED = "agreed"
    CONTRACT_START = "contract_start"
    CONTRACT_END = "contract_end"
    BREACH = "breach"


class BillingReason(Enum):
    """Why a settlement is drawn up, codes of Priloga A."""

    CHANGE_OF_PAYER = "11"
    CHANGE_OF_SUPPLIER_AND_PAYER = "14"
    CHANGE_OF_SUPPLIER = "16"


class RegisterChangeKind(Enum):
    """What changed at an accounting point (A32)."""

    SUPPLIER = "supplier"
    PAYER = "payer"
    METER = "meter"
    CUSTOMER = "customer"
    CONNECTION = "connection"
    READING_METHOD = "reading_method"
    BILLING_DATA = "billing_data"
    NEW_POINT = "new_point"

    @property
    def is_of_the_meter(self) -> bool:
        """Whether it concerns every point that the meter measures, whichever was named (B9)."""
        return self in _OF_THE_METER


_OF_THE_METER = frozenset(
    {
        RegisterChangeKind.METER,
        RegisterChangeKind.READING_METHOD,
        RegisterChangeKind.PAYER,
        RegisterChangeKind.BILLING_DATA,
    }
)
"""What stands in the register at the point whose meter measures."""


class Function(Enum):
    """What a document is to one sent before: it cancels or replaces it (UN/CEFACT 1225)."""

    CANCELLATION = "1"
    REPLACEMENT = "5"


class CorrectionReason(Enum):
    """Why a switch that was carried out is put right (D3)."""

    WRONG_POINT = "wrong_point"
    NOT_AGREED = "not_agreed"
    MISREAD = "misread"
    WRONGLY_ENTERED = "wrongly_entered"


class MediaType(Enum):
    """Media types a contract may be attached in (A9)."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    XML = "application/xml"


class Purpose(Enum):
    """What data of a point may be asked for, and nothing else (A4)."""

    QUOTE = "quote"
    CONTRACT_CHECK = "contract_check"
    SWITCH_REQUEST = "switch_request"


class EntitlementKind(Enum):
    """What entitles a supplier to data of a point (A4)."""

    AUTHORISATION = "authorisation"
    SUPPLY_CONTRACT = "supply_contract"


class WantedData(Enum):
    """Which data of a point are asked for (A4)."""

    MASTER_DATA = "master_data"
    BILLED_QUANTITIES = "billed_quantities"
    QUARTER_HOURS = "quarter_hours"


class DocumentKind(Enum):
    """Kinds of XML document, named as their root elements."""

    SWITCH_REQUEST = "SwitchRequest"
    SHARE_CLAIM = "ShareClaim"
    SHARED_SUPPLY_REQUEST = "SharedSupplyRequest"
    SUPPLY_CONFIRMATION = "SupplyConfirmation"
    OBJECTION = "Objection"
    WITHDRAWAL = "Withdrawal"
    METER_READING = "MeterReading"
    INACCESSIBILITY_REPORT = "InaccessibilityReport"
    MASTER_DATA_REQUEST = "MasterDataRequest"
    REGISTER_CHANGE = "RegisterChange"
    CORRECTION = "Correction"
    ACKNOWLEDGEMENT = "Acknowledgement"
    SUPPLY_CONFIRMATION_INVITATION = "SupplyConfirmationInvitation"
    OBJECTION_DECISION = "ObjectionDecision"
    WITHDRAWAL_NOTICE = "WithdrawalNotice"
    APPROVAL_NOTICE = "ApprovalNotice"
    REJECTION_NOTICE = "RejectionNotice"
    WITHDRAWAL_CONFIRMATION = "WithdrawalConfirmation"
    SWITCH_COMPLETED = "SwitchCompleted"
    SWITCH_FAILED = "SwitchFailed"
    READING_REJECTION = "ReadingRejection"
    READING_ORDER = "ReadingOrder"
    SITE_VISIT_NOTICE = "SiteVisitNotice"
    RECEIPT_CONFIRMATION = "ReceiptConfirmation"
    FINAL_SETTLEMENT = "FinalSettlement"
    REGISTER_CHANGE_NOTICE = "RegisterChangeNotice"
    MASTER_DATA_RESPONSE = "MasterDataResponse"
    SWITCH_EXECUTED = "SwitchExecuted"
