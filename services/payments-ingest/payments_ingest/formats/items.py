"""What a bank file contains, whatever its format: the values every reader yields."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple


class Kind(StrEnum):
    """Which way an incoming line moves money on our account."""

    CREDIT = "credit"
    REVERSAL = "reversal"  # the bank takes an earlier credit back


class Flag(StrEnum):
    """Something a person or the matching rules must know about one line; the line is kept all the same."""

    UNKNOWN_TYPE = "unknown_type"  # OCR transaction type outside 10-21
    SIGN_UNCLEAR = "sign_unclear"  # "-" on a reversal, or a debit inside a credit batch: undocumented
    CREDIT_NOTE = "credit_note"  # OCR "-" sign: a deduction the payee's agreement allows
    PAID_ON_EARLY = "paid_on_early"  # order date more than ten days before the booking
    PAID_ON_ASSUMED = "paid_on_assumed"  # no order date: the bank day before booking, or the statement's own date
    NO_BOOKING_DATE = "no_booking_date"  # booked on the day the statement was made, for want of a date
    LUMP = "lump"  # a batch without its transactions: one amount, many payers
    BATCH_MISMATCH = "batch_mismatch"  # the transactions do not add up to the booked entry: held as one lump
    SPLIT_UNCLEAR = "split_unclear"  # several references and no amount for each
    FOREIGN_AMOUNT = "foreign_amount"  # paid in another currency; the booked NOK amount counts
    RETURNED = "returned"  # a payment of ours that came back, or a credit the bank returned
    COPY = "copy"  # the bank marks the message as copy or duplicate
    TEXT_CUT = "text_cut"  # more text than we keep


#: A line with one of these goes to a person; no rule may post it on its own.
MANUAL: frozenset[Flag] = frozenset(
    {
        Flag.UNKNOWN_TYPE,
        Flag.SIGN_UNCLEAR,
        Flag.LUMP,
        Flag.BATCH_MISMATCH,
        Flag.SPLIT_UNCLEAR,
        Flag.RETURNED,
    }
)


class ReturnInfo(NamedTuple):
    """Why a payment came back: the bank's code (``AC04`` …) or proprietary reason."""

    code: str | None
    detail: str


class IncomingPayment(NamedTuple):
    """A credit on our account, or the bank taking one back ("innbetaling", "reversering").

    A named tuple and not a dataclass: it is as immutable, and at hundreds of thousands a file building one costs a
    sixth. ``amount_ore`` is above zero in øre of ``currency``; the direction is ``kind``. ``kid`` is as the bank gave
    it (25 characters in OCR giro, 35 in camt, may end in ``-``); None when there is none. ``paid_on`` is the payer's
    order date ("oppdragsdato") as decided for deadlines, ``booked_on`` the bank day. ``position`` numbers the payments
    of the file from 1 and ``line`` is where it stands in it.
    """

    kind: Kind
    account: str
    amount_ore: int
    currency: str
    kid: str | None
    message: str
    payer_name: str | None
    payer_account: str | None  # 11-digit BBAN, IBAN, or whatever identification a foreign bank gave
    booked_on: date
    paid_on: date
    flags: tuple[Flag, ...]
    position: int
    line: int
    archive_ref: str | None  # OCR archive reference (shared by a batch: never an id), camt AcctSvcrRef
    end_to_end_id: str | None  # camt EndToEndId, None for NOTPROVIDED
    transaction_id: str | None  # OCR transaction number, camt TxId or InstrId
    type_code: str  # OCR transaction type "10".."21", camt bank transaction code "PMNT/RCDT/DMCT"
    bank_line: str  # equal for all payments the bank books as one line on the statement (within account and day)
    natural_key: str  # the bank's own identity of the line: unique in one file, equal when the file is read again
    detail: str  # what else tells this payment from another: OCR form number, camt value date
    references: tuple[str, ...] = ()  # what else the payer referred to: invoice numbers, KIDs that could not be split
    returned: ReturnInfo | None = None
    foreign_amount: str | None = None  # "5.00 EUR": information only
    payer_bic: str | None = None  # the payer's bank, which a payment back to an account abroad needs

    @property
    def fingerprint(self) -> str:
        """Equal for the same payment delivered again in another transmission; legitimate twins share it too."""
        told = (
            *(self.account, self.kind, self.amount_ore, self.currency, self.kid, self.message, self.payer_account),
            *(self.booked_on, self.paid_on, self.archive_ref, self.end_to_end_id, self.type_code, self.bank_line),
            *(self.detail, *self.references),
        )
        return blake2b("\x1f".join(map(str, told)).encode(), digest_size=16).hexdigest()

    @property
    def channel_key(self) -> str:
        """Equal for the same payment reported through OCR and camt: account, day, direction, amount and KID or text.

        All of that is in the fingerprint too, so what has the same fingerprint has the same channel key.
        """
        what = self.kid or " ".join(self.message.casefold().split())[:40]
        return f"{self.account}|{self.booked_on.isoformat()}|{self.kind}|{self.amount_ore}|{what}"

    @property
    def manual(self) -> bool:
        """Whether a person must look at it, whatever matching finds."""
        return not MANUAL.isdisjoint(self.flags)


class DebitLine(NamedTuple):
    """Money that left our account: a payout of ours when ``end_to_end_id`` is one, else an alarm ("belastning")."""

    account: str
    amount_ore: int
    currency: str
    booked_on: date
    end_to_end_id: str | None
    instruction_id: str | None
    payment_info_id: str | None
    archive_ref: str | None
    payee_account: str | None
    type_code: str
    position: int
    line: int
    natural_key: str
    flags: tuple[Flag, ...] = ()


class StatementLine(NamedTuple):
    """One booked credit line of a camt.053 statement: to control what was posted, never to post."""

    kind: Kind
    account: str
    amount_ore: int
    currency: str
    booked_on: date
    archive_ref: str | None
    transactions: int  # how many the bank says the line covers, 1 when it does not say
    line: int
    natural_key: str


class DaySum(NamedTuple):
    """What a statement has booked on one day: sums in øre, and counts of transactions as far as the bank states them.

    One transfer that its payer split over several KIDs counts once here and is several payments in camt.054.
    """

    day: date
    credits: int
    credit_ore: int
    reversals: int
    reversal_ore: int
    debits: int
    debit_ore: int


class StatementControl(NamedTuple):
    """One camt.053 statement: its balances, which have been proved against its entries, and its sums per day.

    Amounts are signed øre (negative: overdrawn). ``days`` is sorted by day.
    """

    account: str
    currency: str
    statement_id: str
    first_day: date | None
    last_day: date | None
    opening_ore: int | None  # None on a page that does not begin or end the statement
    closing_ore: int | None
    moved_ore: int  # booked credits less debits
    days: tuple[DaySum, ...]
    page: int
    complete: bool  # False when the statement is one page of several: its balances prove nothing alone


class StatusScope(StrEnum):
    """How much of a pain.001 an answer is about."""

    MESSAGE = "message"
    BATCH = "batch"
    PAYMENT = "payment"


#: Statuses of pain.002 (external code list) by what they mean to us; any other is still on its way.
REJECTED = frozenset({"RJCT", "CANC"})
SETTLED = frozenset({"ACSC", "ACCC"})


class PayoutStatus(NamedTuple):
    """What the bank says of a payout, a batch or a whole file of them ("kvittering").

    ``status`` is the bank's code, ``reasons`` are its reason codes. A batch that is rejected need not list its
    payments: the answer then stands for all of them.
    """

    scope: StatusScope
    original_message_id: str
    payment_info_id: str | None
    end_to_end_id: str | None
    instruction_id: str | None
    status: str
    reasons: tuple[str, ...]
    position: int
    line: int

    @property
    def rejected(self) -> bool:
        """Whether the money stays."""
        return self.status in REJECTED

    @property
    def settled(self) -> bool:
        """Whether the bank calls it settled; only the account's debit line proves it."""
        return self.status in SETTLED
