"""A case's ledger and the facts it follows from, read for many cases at once and brought up to date.

Whatever happens to the money of a case ends here: the facts are read under the case's lock, what they come to is worked
out, and the ledger gets the difference (see ``domain.settlement`` and ``domain.posting``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.accrual import InterestTerms, Pause
from claims_api.domain.choices import Choice, as_chosen
from claims_api.domain.claim_types import claim_type
from claims_api.domain.facts import (
    Cancellation,
    CaseFacts,
    ClaimFacts,
    Dispute,
    Payment,
    Refund,
    Reversal,
    SentDemand,
    charges_of,
)
from claims_api.domain.fees import EarlierLetter, FeeRegime, LetterKind, letter_fees
from claims_api.domain.ledger import EntryKind, Transfer, standing
from claims_api.domain.posting import Booked, CaseFrame, bring_up_to_date
from claims_api.domain.rules import MoneyRules
from claims_api.domain.salaer import SalaerClaim, foreign_collection, later_steps, lawyer_led
from claims_api.store import (
    choices,
    claims,
    debtors,
    decisions,
    demands,
    disputes,
    ledger,
    payments,
    petitions,
    requests_plans,
)
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.decisions import MoneyDecision
from claims_api.store.demands import Demand
from claims_api.store.payments import PaymentPart
from shared.events import Event
from shared.law import Trace
from shared.uow import Uow
from shared.values import value

SCALES = {FeeRegime.FOREIGN_COLLECTION: foreign_collection, FeeRegime.LAWYER_LED: lawyer_led}


@value
class CaseBook:
    """Everything the money of one case follows from, as stored."""

    case: Case
    claims: Sequence[Claim]
    entries: Sequence[Transfer]
    demands: Sequence[Demand]
    parts: Sequence[PaymentPart]
    disputes: Mapping[str, tuple[Dispute, ...]]
    decisions: Sequence[MoneyDecision] = ()
    kid_claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deductions: Mapping[str, date] = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    business: bool = False

    @property
    def frame(self) -> CaseFrame:
        """Whose postings these are."""
        return CaseFrame(case_id=self.case.case_id, unit=self.case.unit)

    def terms(self, claim: Claim) -> InterestTerms:
        """Return how one of its claims bears interest, by what is known now."""
        return terms_of(claim, self.disputes.get(claim.claim_id, ()))

    def claim(self, claim_id: str) -> Claim:
        """Return one claim of the case."""
        return next(one for one in self.claims if one.claim_id == claim_id)


def load_books(tx: Connection, found: Mapping[str, Case]) -> dict[str, CaseBook]:
    """Read the books of these cases; the caller holds their locks unless it only looks."""
    inside = claims.claims_of_cases(tx, found)
    entries = ledger.of_cases(tx, found)
    sent = demands.demands_of_cases(tx, found)
    parts = payments.parts_of_cases(tx, found)
    decided = decisions.decisions_of_cases(tx, found)
    kids = {part.kid for held in parts.values() for part in held if part.kid}
    of_kids = {**requests_plans.claims_by_kid(tx, kids), **petitions.claims_by_kid(tx, kids)}
    deducted = petitions.deductions(tx, kids)
    chosen = choices.choices_of_cases(tx, found)
    firms = _businesses(tx, found, sent)
    disputed = disputes.disputes_of(tx, [claim.claim_id for held in inside.values() for claim in held])
    return {
        case_id: CaseBook(
            case=case,
            claims=inside.get(case_id, []),
            entries=entries[case_id],
            demands=sent.get(case_id, []),
            parts=parts.get(case_id, []),
            disputes=disputed,
            decisions=decided.get(case_id, []),
            kid_claims=of_kids,
            deductions=deducted,
            choices=chosen.get(case_id, ()),
            business=case.debtor_ref in firms,
        )
        for case_id, case in found.items()
    }


def _businesses(tx: Connection, found: Mapping[str, Case], sent: Mapping[str, Sequence[Demand]]) -> set[str]:
    """Return the debtors that are businesses, of the cases where it makes a difference: it does on a salær scale."""
    scaled = {case_id for case_id, held in sent.items() if any(FeeRegime(one.fee_regime) in SCALES for one in held)}
    refs = {found[case_id].debtor_ref for case_id in scaled}
    return {ref for ref, debtor in debtors.find_debtors(tx, refs).items() if debtor.kind == "business"}


def terms_of(claim: Claim, disputed: Sequence[Dispute] = (), *, known_on: date | None = None) -> InterestTerms:
    """Return how a claim bears interest; while an objection stands what it disputes runs as a shadow and is not owed.

    ``known_on`` is the day of what is known: an objection that ended later still stood then. One that was rejected
    leaves no pause; one that was upheld took the principal away.
    """
    pauses = tuple(
        Pause(start=one.start, amount_ore=one.amount_ore)
        for one in disputed
        if one.end is None or (known_on is not None and known_on < one.end)
    )
    return InterestTerms(start=claim.interest_from, pauses=pauses)


def facts_of(book: CaseBook, today: date, *, rules: MoneyRules) -> CaseFacts:
    """Return the facts of a case as of ``today``, from its claims, ledger, demands and payments."""
    no_fees = {one.claim_id for one in book.decisions if one.kind == decisions.FEES_DROPPED}
    return CaseFacts(
        claims=[
            ClaimFacts(
                claim_id=claim.claim_id,
                due_date=claim.due_date,
                registered_on=claim.registered_on,
                interest=book.terms(claim),
                disputes=book.disputes.get(claim.claim_id, ()),
                fees_dropped=claim.claim_id in no_fees,
                barred_from=claim.ended_on if claim.status == "time_barred" else None,
            )
            for claim in book.claims
        ],
        charges=charges_of(book.entries),
        demands=[_sent(book, demand, today, rules) for demand in book.demands if demand.state == demands.SENT],
        payments=[
            as_chosen(payment, book.choices) for payment in payments_of(book.parts, book.kid_claims, book.deductions)
        ],
        refunds=_refunds(book.entries),
        cancellations=[
            Cancellation(
                cancellation_id=one.decision_id,
                claim_id=one.claim_id,
                on=one.effective_on,
                written_off=one.kind == decisions.WRITTEN_OFF,
            )
            for one in book.decisions
            if one.kind in (decisions.CANCELLED, decisions.WRITTEN_OFF)
        ],
    )


def payments_of(
    parts: Iterable[PaymentPart], kid_claims: Mapping[str, tuple[str, ...]], deductions: Mapping[str, date]
) -> list[Payment]:
    """Return the payments of a case: what was matched, less what was moved off again, and what the bank took back.

    ``kid_claims``: the claims of the plan or petition that a KID was given out for; money on it covers them first.
    ``deductions``: the first day of the utleggstrekk that pays on a petition's KID.
    """
    by_payment: dict[str, list[PaymentPart]] = {}
    for part in parts:
        by_payment.setdefault(part.payment_id, []).append(part)
    found = []
    for payment_id, mine in by_payment.items():
        matched = [part for part in mine if part.kind == "matched"]
        amount = sum(part.amount_ore for part in matched)
        amount -= sum(part.amount_ore for part in mine if part.kind == "unallocated")
        if not matched or amount <= 0:
            continue
        named, kid = matched[-1].claim_id, matched[-1].kid or ""
        found.append(
            Payment(
                payment_id=payment_id,
                paid_on=matched[-1].on_day,
                amount_ore=amount,
                named=(named,) if named else (),
                first=kid_claims.get(kid, ()),
                decided=matched[-1].matched_by == "manual",
                direct=matched[-1].direct,
                deduction=deductions.get(kid, date.max) <= matched[-1].on_day,
                reversals=tuple(
                    Reversal(reversal_id=part.reversal_id, on=part.on_day, amount_ore=part.amount_ore)
                    for part in mine
                    if part.kind == "taken_back" and part.reversal_id is not None
                ),
            )
        )
    return found


def book_cases(
    uow: Uow,
    deps: Deps,
    books: Mapping[str, CaseBook],
    causes: Mapping[str, Event | None],
    *,
    interest_to: Mapping[str, Iterable[date]] | None = None,
    beside: Iterable[Transfer] = (),
) -> dict[str, Booked]:
    """Bring locked cases up to date and record what that takes, in one statement; returns what each came to.

    ``causes`` names the event behind each case's bookings; ``interest_to`` further days on which a claim's interest
    must be posted; ``beside`` are transfers of no case that are recorded with them.
    """
    done: dict[str, Booked] = {}
    transfers = [*beside]
    for case_id, book in books.items():
        cause = causes.get(case_id)
        booked = bring_up_to_date(
            book.frame,
            book.entries,
            facts_of(book, uow.today, rules=deps.rules),
            rules=deps.rules,
            source_event=_source(cause, case_id) if cause else uow.new_id("booking"),
            recorded_at=book.case.last_recorded_at,
            interest_to=interest_to,
        )
        done[case_id] = booked
        transfers.extend(booked.transfers)
    ledger.add_transfers(uow.tx, transfers)
    return done


def _source(cause: Event, case_id: str) -> str:
    """Return what a case's bookings come from: one event may touch several cases, each with postings of its own."""
    own = cause.envelope.aggregate == case_id
    return cause.envelope.event_id if own else f"{cause.envelope.event_id}:{case_id}"


def salaer_claim(book: CaseBook, demand: Demand, claim: Claim) -> SalaerClaim:
    """Return what the salær scale needs to know of a demand: its claims are sized together."""
    together = [book.claim(claim_id) for claim_id in demand.claim_ids]
    return SalaerClaim(
        size_ore=sum(one.original_principal_ore for one in together),
        due_date=claim.due_date,
        demand_deadline=demand.deadline,
        business=book.business,
        vat=claim_type(claim.claim_type).outside_vat,
        minor=claim.minor,
        letter_fees_ore=sum(letter_fees(unit_letters(one)) for one in together),
    )


def unit_letters(claim: Claim) -> list[EarlierLetter]:
    """Return the letters the unit itself sent on a claim that count, with what they cost."""
    letters = [
        EarlierLetter(
            kind=LetterKind.REMINDER,
            sent_on=date.fromisoformat(one["sent_on"]),
            deadline=date.fromisoformat(one["deadline"]) if one.get("deadline") else None,
            fee_ore=int(one["fee_ore"]),
        )
        for one in claim.earlier_reminders
    ]
    if claim.notice_sent_on is not None and claim.notice_void is None:
        notice = EarlierLetter(
            kind=LetterKind.NOTICE,
            sent_on=claim.notice_sent_on,
            deadline=claim.notice_deadline,
            fee_ore=claim.notice_fee_ore,
        )
        letters.append(notice)
    return letters


def _sent(book: CaseBook, demand: Demand, today: date, rules: MoneyRules) -> SentDemand:
    if demand.sent_on is None:
        raise ValueError(f"demand {demand.demand_id}: expected the day it was sent")
    scale = SCALES.get(FeeRegime(demand.fee_regime))
    later = []
    if scale is not None and demand.kind == LetterKind.DEMAND.value and demand.claim_ids:
        priced = salaer_claim(book, demand, book.claim(demand.claim_ids[0]))
        later = later_steps(priced, scale, demand.fee_ore, demand.sent_on, today, rates=rules.rates)
    return SentDemand(
        demand_id=demand.demand_id,
        sent_on=demand.sent_on,
        frozen_on=demand.planned_dispatch,
        deadline=demand.deadline,
        claim_ids=demand.claim_ids,
        fee_ore=demand.fee_ore,
        total_ore=demand.total_ore,
        void=demand.void,
        fee_dropped=demand.fee_dropped,
        later=tuple(later),
        why=Trace(**demand.fee_trace),
    )


def _refunds(entries: Sequence[Transfer]) -> list[Refund]:
    return [
        Refund(refund_id=row.about or row.transfer_id, on=row.value_date, amount_ore=row.amount_ore)
        for row in standing(row for row in entries if row.kind is EntryKind.REFUND_RESERVED)
    ]
