"""One line of a bank file, and the payment it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class LineKind(StrEnum):
    """Which way money moves on our account: a credit (innbetaling) or the bank taking one back (tilbakeføring)."""

    CREDIT = "credit"
    REVERSAL = "reversal"


class Channel(StrEnum):
    """How the bank told us. Both post; the same payment in both is booked once."""

    OCR = "ocr"
    CAMT = "camt"


class PaymentState(StrEnum):
    """Where a payment stands.

    ``SUGGESTED`` and ``UNMATCHED`` lie on suspense; ``RETURNING`` is on its way back to its sender; ``LINKED`` is the
    same payment in another channel; ``POSSIBLE_DUPLICATE`` waits for a person and is not booked; ``REVERSAL`` is a
    reversal whose payment was found.
    """

    MATCHED = "matched"
    SUGGESTED = "suggested"
    UNMATCHED = "unmatched"
    REVERSED = "reversed"
    RETURNING = "returning"
    RETURNED = "returned"
    LINKED = "linked"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    DUPLICATE = "duplicate"
    REVERSAL = "reversal"


WAITING = frozenset({PaymentState.SUGGESTED, PaymentState.UNMATCHED})
"""States in which a payment lies on suspense and may be matched."""

QUEUED = WAITING | {PaymentState.POSSIBLE_DUPLICATE}
"""States that wait for a person."""


class Line(NamedTuple):
    """A credit or reversal as staged: the reader's fields that outlive the file. Amount in øre, above zero.

    ``day`` is the bank day it was booked, ``paid_on`` the payer's order date as decided for deadlines. ``manual``: a
    flag says that a person must look, whatever matching finds.
    """

    payment_id: str
    position: int
    channel: Channel
    kind: LineKind
    account: str
    day: date
    paid_on: date
    amount_ore: int
    kid: str | None
    message: str
    payer_name: str | None
    payer_account: str | None
    references: tuple[str, ...]
    flags: tuple[str, ...]
    manual: bool
    archive_ref: str | None
    end_to_end_id: str | None
    type_code: str
    bank_line: str
    channel_key: str
    fingerprint: str
    payer_bic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A recorded payment (see the table of that name), without the fields that only its own page shows."""

    payment_id: str
    file_id: str
    channel: str
    kind: str
    account: str
    day: date
    paid_on: date
    amount_ore: int
    kid: str | None
    message: str
    payer_name: str | None
    payer_account: str | None
    references: tuple[str, ...]
    flags: tuple[str, ...]
    archive_ref: str | None
    end_to_end_id: str | None
    booked: bool
    state: str
    reason: str | None
    linked_to: str | None
    case_id: str | None
    assigned_to: str | None
    due_on: date | None
    version: int
    payer_bic: str | None = None
