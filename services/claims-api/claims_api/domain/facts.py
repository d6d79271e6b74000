"""The facts of a case that its money follows from: what was claimed, sent, paid and taken back, each with its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from claims_api.domain.accrual import InterestTerms
from claims_api.domain.ledger import CHARGE_KINDS, RECEIVABLES, Account, Transfer
from shared.law import Trace
from shared.values import value


class EndReason(StrEnum):
    """Why a claim needs no further collection (avslutningsgrunn)."""

    SETTLED = "settled"
    PAID_AS_DEMANDED = "paid_as_demanded"
    SMALL_REST = "small_rest"


@value
class Charge:
    """Something that makes a claim owe more, or less when below zero: principal, the unit's fee, awarded costs."""

    charge_id: str
    claim_id: str
    account: Account
    value_date: date
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """An objection (innsigelse) from ``start`` until ``end`` (None: it stands); ``amount_ore`` None: all of it."""

    start: date
    end: date | None = None
    amount_ore: int | None = None

    def stands_on(self, day: date) -> bool:
        """Tell whether the objection stands on ``day``."""
        return self.start <= day and (self.end is None or day < self.end)


@value
class ClaimFacts:
    """One claim: when it was due, when it joined the case, how it bears interest and when it was disputed.

    ``fees_dropped``: none of our fees may lie on it (a reasonable objection, or a claim that was taken back).
    ``barred_from``: the first day it was time-barred; money paid from then on does not cover it by itself.
    """

    claim_id: str
    due_date: date
    registered_on: date
    interest: InterestTerms
    disputes: tuple[Dispute, ...] = ()
    fees_dropped: bool = False
    barred_from: date | None = None

    def disputed_ore(self, day: date, owed_ore: int) -> int:
        """Return how much of ``owed_ore`` is disputed on ``day``."""
        if not self.disputes:
            return 0
        parts = [owed_ore if one.amount_ore is None else one.amount_ore for one in self.disputes if one.stands_on(day)]
        return min(owed_ore, max(parts, default=0))

    def disputed_when_sent(self, sent_on: date) -> bool:
        """Tell whether a letter sent on a day left although the whole claim was disputed before that day.

        An objection of the same day may be the answer to that very letter; one that came first stopped it here.
        """
        return any(one.amount_ore is None and one.start < sent_on and one.stands_on(sent_on) for one in self.disputes)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeStep:
    """A change of a demand's cost that comes by itself on ``day`` while the principal is unpaid (tungt salær).

    ``why`` is the trace of what the cost has come to in all.
    """

    day: date
    amount_ore: int
    why: Trace


@value
class SentDemand:
    """A demand that was sent: its fee goes to the oldest of ``claim_ids`` (oldest first) that still stands.

    ``deadline`` is the day printed; ``frozen_on`` the day its amounts were worked out for; ``total_ore`` what it asked
    for. ``void``: taken back whole; ``fee_dropped``: the letter stands, its fee does not. ``later`` are the changes of
    its cost up to today, ``why`` is the trace of its fee.
    """

    demand_id: str
    sent_on: date
    frozen_on: date
    deadline: date
    claim_ids: tuple[str, ...]
    fee_ore: int
    total_ore: int
    void: bool = False
    fee_dropped: bool = False
    later: tuple[FeeStep, ...] = ()
    why: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """A payment the bank took back, wholly or in part."""

    reversal_id: str
    on: date
    amount_ore: int


@value
class Payment:
    """Money paid on the case on ``paid_on`` (oppdragsdato). ``named``: claims the payer pointed out, in order.

    ``first``: claims that come before the others, as far as they are not disputed (those of a payment plan);
    ``decided``: a person said which claims it is for; ``direct``: paid to the unit itself, not to us; ``deduction``:
    from an attachment of earnings (utleggstrekk); ``choice``: the payer's own order within a claim, empty: none.
    """

    payment_id: str
    paid_on: date
    amount_ore: int
    named: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    decided: bool = False
    direct: bool = False
    deduction: bool = False
    choice: tuple[Account, ...] = ()
    reversals: tuple[Reversal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Overpaid money that was reserved for paying back (utbetaling) on ``on``."""

    refund_id: str
    on: date
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What is left of a claim on ``on`` is not to be collected any more (ettergitt, eller tatt tilbake av kreditor).

    ``written_off``: it is given up in the accounts only (avskrevet, ikke slettet).
    """

    cancellation_id: str
    claim_id: str
    on: date
    written_off: bool = False


@value
class CaseFacts:
    """Everything the money of one case follows from, in any order."""

    claims: Sequence[ClaimFacts]
    charges: Sequence[Charge] = ()
    demands: Sequence[SentDemand] = ()
    payments: Sequence[Payment] = ()
    refunds: Sequence[Refund] = ()
    cancellations: Sequence[Cancellation] = ()


def charges_of(entries: Sequence[Transfer]) -> list[Charge]:
    """Read the charges back from the ledger: the transfers that are facts, reversals included."""
    charges = []
    for row in entries:
        if row.kind not in CHARGE_KINDS or row.claim_id is None:
            continue
        for account in (row.debit, row.credit):
            amount = row.effect(account) if account in RECEIVABLES else 0
            if amount:
                charges.append(
                    Charge(
                        charge_id=row.transfer_id,
                        claim_id=row.claim_id,
                        account=account,
                        value_date=row.value_date,
                        amount_ore=amount,
                    )
                )
    return charges
