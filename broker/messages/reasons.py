"""Reasons why a message, a request or a reading is refused.

A code means nothing without its list: ebIX (260) where the public list has one, ours (SB) for what
no public list covers (A11); the published texts stand in `engine/code_list`. Codes are stored and
sent as list agency and code.
"""

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """One entry of the published code list, as list agency and code."""

    # ebIX
    POINT_NOT_IDENTIFIABLE = "260:E10"
    OTHER = "260:E14"
    UNAUTHORISED_SUPPLIER = "260:E16"
    REQUESTED_DATE_NOT_WITHIN_LIMITS = "260:E17"
    UNAUTHORISED_BALANCE_RESPONSIBLE = "260:E18"
    READING_NOT_WITHIN_LIMITS = "260:E19"
    POINT_BLOCKED_FOR_SWITCHING = "260:E22"
    NO_SELF_SUPPLY_CONTRACT = "260:E36"
    NO_VALID_GRID_ACCESS_CONTRACT = "260:E37"
    NO_ONGOING_SWITCH = "260:E47"
    INVALID_PERIOD = "260:E50"
    ALREADY_EXISTING_RELATION = "260:E59"
    METER_NOT_IDENTIFIABLE = "260:E61"
    REGISTER_NOT_IDENTIFIABLE = "260:E62"
    POINT_NOT_CONNECTED = "260:E81"
    READING_BEYOND_PLAUSIBILITY = "260:E90"

    # ours, about the matter
    CONTRACTING_PARTY_MISMATCH = "SB:S01"
    CONTRACT_DOES_NOT_MATCH_REQUEST = "SB:S02"
    DIRECTIONS_DO_NOT_MATCH_POINT = "SB:S03"
    SHARES_DO_NOT_ADD_UP = "SB:S04"
    NO_READING_WITHIN_PERIOD = "SB:S05"
    READING_OUTSIDE_PERIOD = "SB:S06"
    READING_ALREADY_UNDER_REVIEW = "SB:S07"
    READING_NOT_ACCEPTED = "SB:S08"
    WITHDRAWAL_AFTER_APPROVAL = "SB:S09"
    CASE_HAS_ENDED = "SB:S10"
    READING_BY_WRONG_ROUTE = "SB:S11"
    NOT_POSSIBLE_IN_THIS_STATE = "SB:S12"
    REASON_NOT_FOR_THIS_USE = "SB:S13"
    SITE_INACCESSIBLE = "SB:S14"
    DATED_AFTER_RECEIPT = "SB:S15"
    NEVER_SUPPLIED = "SB:S16"
    PERIOD_HAS_PASSED = "SB:S17"
    AUTHORISATION_TOO_OLD = "SB:S18"
    REPORT_TOO_LATE = "SB:S19"
    CLAIM_PERIOD_OVER = "SB:S40"
    SECOND_CLAIM_OF_SUPPLIER = "SB:S41"
    ANOTHER_CLAIM_REJECTED = "SB:S42"
    OBJECTION_UPHELD = "SB:S43"
    CONTRACT_STILL_BINDING = "SB:S44"
    CUSTOMER_HAS_NOT_MOVED_OUT = "SB:S45"
    NOTICE_TOO_LATE = "SB:S46"
    NO_CONTRACT_WITH_CUSTOMER = "SB:S47"
    OBJECTION_NOT_DECIDED_IN_TIME = "SB:S48"
    ALREADY_ANSWERED = "SB:S49"
    ANSWER_TOO_LATE = "SB:S50"
    CHANGE_DATE_NOT_WITHIN_LIMITS = "SB:S30"
    NOTHING_CHANGES = "SB:S31"
    NUMBER_NOT_OF_THE_OPERATOR = "SB:S32"
    NUMBER_ALREADY_GIVEN_OUT = "SB:S33"
    METER_INSTALLED_ELSEWHERE = "SB:S34"
    NO_COMPLETED_SWITCH = "SB:S60"
    ALREADY_CORRECTED = "SB:S61"
    CHANGED_SINCE = "SB:S62"

    # ours, at the door
    NOT_WELL_FORMED = "SB:T01"
    DOCTYPE_FORBIDDEN = "SB:T02"
    UNKNOWN_MESSAGE_TYPE = "SB:T03"
    UNKNOWN_VERSION = "SB:T04"
    NOT_VALID_AGAINST_SCHEMA = "SB:T05"
    CONTENT_DOES_NOT_DECODE = "SB:T06"
    TOO_LARGE = "SB:T07"
    UNSUPPORTED_MEDIA_TYPE = "SB:T08"
    NOT_AUTHENTICATED = "SB:T09"
    SENDER_IS_NOT_THE_AUTHENTICATED_PARTY = "SB:T10"
    PARTY_NOT_ACTIVE = "SB:T11"
    ROLE_MAY_NOT_SEND_THIS = "SB:T12"
    MESSAGE_ID_USED_WITH_OTHER_CONTENT = "SB:T13"
    RECIPIENT_IS_NOT_THIS_OPERATOR = "SB:T14"
    WRONG_CHECK_DIGIT = "SB:T15"
    TRY_AGAIN = "SB:T16"
    INTERNAL_ERROR = "SB:T17"
    TOO_MANY_REQUESTS = "SB:T18"
    NOT_FOUND = "SB:T19"
    TOO_SLOW = "SB:T20"
    DELEGATION_NOT_IN_FORCE = "SB:T30"
    NOT_DELEGATED = "SB:T31"

    @property
    def agency(self) -> str:
        """The agency that keeps the code list."""
        return self.value.partition(":")[0]

    @property
    def code(self) -> str:
        """The code within its list."""
        return self.value.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Their message breaks a rule: the reason and, where it can be said, the place and the values.

    `place` is a path such as /MeterReading/Register[2]/Value, `line` the line in the bytes;
    `found` and `expected` are language-neutral values; `text` is free text, only with E14 (A11).
    """

    reason: Reason
    place: str | None = None
    line: int | None = None
    found: str | None = None
    expected: str | None = None
    text: str | None = None
