"""The kinds of letter, the facts each is made from, and what must be true of the facts before one may be printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from notifications.domain.formats import Language
from shared.errors import InkassoError
from shared.kid import has_valid_check_digit

MIN_DEADLINE_DAYS = 14
"""Days a demand must give, from its sending (inkassoloven §§ 9 and 10)."""

MAX_LINES = 200
"""Claims one letter can list."""

MAX_TEXT = 2_000
"""Characters in one name or label."""

MAX_PARAGRAPH = 4_000
"""Characters in one paragraph: as many as a caseworker's whole text may have."""


class LetterKind(StrEnum):
    """What a letter is (brevtype). ``CONFIRMATION`` is the plain layout for answers and confirmations.

    ``TVANGSVARSEL`` is the notice of enforcement alone, for what rests on a decision or a judgment and not on a letter.
    """

    INKASSOVARSEL = "inkassovarsel"
    BETALINGSOPPFORDRING = "betalingsoppfordring"
    TVANGSVARSEL = "tvangsvarsel"
    FEE_REVERSED = "fee_reversed"
    CONFIRMATION = "confirmation"


DISPUTE_BODIES: frozenset[str] = frozenset({"forliksraad", "husleietvistutvalg", "unit"})
"""Who decides when a disagreement is not solved with us (tvisteorgan); each has its own sentence in a demand."""

DEMAND_KINDS = frozenset({LetterKind.INKASSOVARSEL, LetterKind.BETALINGSOPPFORDRING, LetterKind.TVANGSVARSEL})

HEADINGS: dict[LetterKind, str] = {
    LetterKind.INKASSOVARSEL: "Inkassovarsel",
    LetterKind.BETALINGSOPPFORDRING: "Betalingsoppfordring",
    LetterKind.TVANGSVARSEL: "Varsel om tvangsfullbyrdelse",
}
"""The headings of the statutory letters, the same in every language: another heading costs the fee."""


class Unprintable(InkassoError):
    """A letter that must not or cannot be made from these facts; ``code`` is stable and says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom the letter is addressed to (mottaker): name and the lines under it, as on the envelope."""

    name: str
    address_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """The unit the claim comes from (fordringshaver, inkassoloven § 10 a)."""

    name: str
    org_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The payment box (betalingsinformasjon): account and KID, the amount in øre and the last day to pay."""

    account: str
    iban: str
    bic: str
    payee_name: str
    kid: str | None
    amount_ore: int
    deadline: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One claim in the table: principal (hovedkrav) and additions (tilleggskrav) apart, in øre."""

    service_name: str
    invoice_number: str
    invoice_date: date
    due_date: date
    principal_ore: int
    interest_ore: int
    interest_from: date | None
    interest_rate_percent: str | None
    fees_ore: int
    legal_costs_ore: int
    total_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every letter has: its language, its date (the planned dispatch), the case and the recipient."""

    language: Language
    dated: date
    case_number: str
    recipient: Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandFacts(Common):
    """The facts of an inkassovarsel or a betalingsoppfordring: a frozen demand as claims-api issued it."""

    kind: LetterKind
    creditor: Creditor
    lines: tuple[ClaimLine, ...]
    fee_ore: int
    fee_label: str
    total_ore: int
    payment: Payment
    provisional_rates: bool
    expected_further_costs_ore: int
    dispute_body: str
    enforcement_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeReversedFacts(Common):
    """The facts of the letter that tells that a fee was taken back, and in which letter the fee stood, if known."""

    creditor: Creditor
    amount_ore: int
    reversed_on: date
    reason: str
    letter_kind: LetterKind | None = None
    letter_dated: date | None = None

    @property
    def kind(self) -> LetterKind:
        """Return the letter's kind."""
        return LetterKind.FEE_REVERSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One payment of a plan (avdrag): its number in the plan, the last day to pay, the amount in øre."""

    number: int
    due_on: date
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a plain letter under a heading of its own (avsnitt)."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationFacts(Common):
    """The facts of a plain letter, in the order they are printed.

    Heading, paragraphs, sections with the reasons, labelled details, instalments, how to pay what is due, and sections
    that say what happens next. ``creditor`` is named beside the address.
    """

    heading: str
    paragraphs: tuple[str, ...]
    creditor: Creditor | None = None
    reasons: tuple[Section, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    instalments: tuple[Instalment, ...] = ()
    payment: Payment | None = None
    closing: tuple[Section, ...] = ()

    @property
    def kind(self) -> LetterKind:
        """Return the letter's kind."""
        return LetterKind.CONFIRMATION


Facts = DemandFacts | FeeReversedFacts | ConfirmationFacts


def check(facts: Facts) -> None:
    """Raise Unprintable when a letter of these facts would be unlawful, would not add up or could not be delivered."""
    _check_recipient(facts.recipient)
    if isinstance(facts, DemandFacts):
        _check_sums(facts)
        _check_demand(facts)
        _check_payment(facts.payment)
    elif isinstance(facts, ConfirmationFacts):
        _check_confirmation(facts)
    elif facts.amount_ore <= 0:
        raise Unprintable("amount_not_positive", "a reversed fee of nothing needs no letter")


def _check_recipient(recipient: Recipient) -> None:
    if not recipient.name.strip():
        raise Unprintable("no_name", "the recipient has no name")
    if not any(line.strip() for line in recipient.address_lines):
        raise Unprintable("no_address", "the recipient has no postal address")
    if any(len(text) > MAX_TEXT for text in (recipient.name, *recipient.address_lines)):
        raise Unprintable("text_too_long", f"name and address lines have at most {MAX_TEXT} characters")


def _check_sums(facts: DemandFacts) -> None:
    if not 1 <= len(facts.lines) <= MAX_LINES:
        raise Unprintable("line_count", f"expected 1 to {MAX_LINES} claims, got {len(facts.lines)}")
    for line in facts.lines:
        parts = (line.principal_ore, line.interest_ore, line.fees_ore, line.legal_costs_ore)
        if sum(parts) != line.total_ore or min(parts) < 0:
            raise Unprintable("amounts_disagree", "a claim's total is not the sum of its parts")
    if sum(line.total_ore for line in facts.lines) + facts.fee_ore != facts.total_ore or facts.fee_ore < 0:
        raise Unprintable("amounts_disagree", "the demand's total is not its claims and its fee")
    if facts.payment.amount_ore != facts.total_ore:
        raise Unprintable("amounts_disagree", "the payment box does not ask for the demand's total")


def _check_demand(facts: DemandFacts) -> None:
    if facts.kind not in DEMAND_KINDS:
        raise Unprintable("kind", f"{facts.kind} is no demand")
    if facts.dispute_body not in DISPUTE_BODIES:
        raise Unprintable("dispute_body_unknown", "no sentence says where a disagreement goes")
    if facts.payment.deadline < facts.dated + timedelta(days=MIN_DEADLINE_DAYS):
        raise Unprintable("deadline_too_short", f"a demand gives at least {MIN_DEADLINE_DAYS} days")
    if any(line.due_date >= facts.dated for line in facts.lines):
        raise Unprintable("not_due", "a claim in the demand is not overdue on the letter's date")
    for line in facts.lines:
        if line.interest_ore > 0 and (line.interest_rate_percent is None or line.interest_from is None):
            raise Unprintable("interest_unexplained", "interest needs its rate and the day it runs from (§ 10 d)")


def _check_payment(payment: Payment) -> None:
    if payment.kid is not None and not has_valid_check_digit(payment.kid):
        raise Unprintable("kid_invalid", "the KID's check digit is wrong: a payment with it would be refused")
    if payment.amount_ore <= 0:
        raise Unprintable("amount_not_positive", "there is nothing to pay")


def _check_confirmation(facts: ConfirmationFacts) -> None:
    if not facts.heading.strip() or not facts.paragraphs:
        raise Unprintable("empty", "a letter needs a heading and something to say")
    said = [*facts.paragraphs, *(text for part in (*facts.reasons, *facts.closing) for text in part.paragraphs)]
    if any(len(text) > MAX_PARAGRAPH for text in said):
        raise Unprintable("text_too_long", f"a paragraph has at most {MAX_PARAGRAPH} characters")
    if max(len(facts.details), len(facts.instalments)) > MAX_LINES:
        raise Unprintable("line_count", f"expected at most {MAX_LINES} claims and instalments")
    if facts.instalments and facts.payment is None:
        raise Unprintable("no_payment", "instalments need to know where the money goes")
    if facts.payment is not None:
        _check_payment(facts.payment)
