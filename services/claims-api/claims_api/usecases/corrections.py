"""What the unit changes about a claim it handed over: the amount, the claim itself, money it was paid directly.

A correction counts from its effective day. A withdrawal for one of three reasons means that the claim never was: all
of it is reversed from the start and what was paid is owed to the debtor. Relief cancels what is left; a claim that is
taken back loses our fees as well.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from claims_api.deps import Deps
from claims_api.domain.ledger import CHARGE_KINDS, RECEIVABLES, Account, Draft, EntryKind, changed_charge, record
from claims_api.store import cases, claims, decisions, ledger, payments
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.decisions import MoneyDecision
from claims_api.store.payments import PaymentPart
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.casebook import CaseBook, load_books
from claims_api.usecases.consequences import CLOSED_BY_HAND
from claims_api.usecases.on_record import decide, tell
from claims_api.usecases.payments import settle_case
from shared.errors import Conflict, FieldError, Invalid, NotFound, Reject
from shared.events.claims import ClaimEnded
from shared.law import Trace
from shared.money import MAX_AMOUNT_ORE, kroner
from shared.uow import Uow

WithdrawalReason = Literal["wrong_claim", "duplicate", "decision_reversed", "relief", "taken_back"]
NEVER_WAS = frozenset({"wrong_claim", "duplicate", "decision_reversed"})

REFERENCE = "oppdragsavtalen; inkassoloven § 8"
_WITHDRAWN = {
    "wrong_claim": "Kravet var feil og er trukket",
    "duplicate": "Kravet var sendt to ganger og er trukket",
    "decision_reversed": "Vedtaket er omgjort og kravet er trukket",
    "relief": "Resten av kravet er ettergitt",
    "taken_back": "Kravet er tatt tilbake av kreditor",
}


def correct_claim(
    uow: Uow, deps: Deps, claim_id: str, *, new_principal_ore: int, effective_date: date, reason: str, actor: str
) -> Case:
    """Change what a claim was for: its principal as handed over becomes ``new_principal_ore`` from ``effective_date``.

    Money that then is too much covers other claims of the case or goes back. Raises NotFound, Conflict for a claim
    that is closed by a decision, Reject for a day before the claim existed or after today and for an amount that is
    not above zero (then the claim is withdrawn instead) or above the maximum.
    """
    case, claim = _open_claim(uow, claim_id)
    _check_day(effective_date, claim, uow.today, "effective_date")
    if not 0 < new_principal_ore <= MAX_AMOUNT_ORE:
        raise _wrong("new_principal_ore", "amount", "expected above zero and at most ten million kroner")
    book = _book(uow, case)
    change = new_principal_ore - _principal(book, claim_id)
    if change:
        decision = decide(uow, case, claim, decisions.CORRECTED, reason=reason, effective_on=effective_date, who=actor)
        why = Trace(
            rule="claim.corrected",
            reference=REFERENCE,
            inputs={"new_principal_ore": new_principal_ore, "effective_date": effective_date.isoformat()},
        )
        draft = changed_charge(
            kind=EntryKind.CORRECTED,
            account=Account.PRINCIPAL,
            amount_ore=change,
            unit=claim.unit,
            case_id=case.case_id,
            claim_id=claim_id,
            value_date=effective_date,
            about=decision.decision_id,
            trace=why,
        )
        _post(uow, case, decision, [draft])
    tell(uow, case, claim, "claim.corrected", f"Kravet er rettet til {kroner(new_principal_ore)} kroner", who=actor)
    settle_case(uow, deps, case)
    return case


def withdraw_claim(
    uow: Uow, deps: Deps, claim_id: str, *, reason: WithdrawalReason, effective_date: date, actor: str
) -> Case:
    """Withdraw a claim; what that does to the money follows from the reason (see the top of this module).

    Raises NotFound, Conflict for a claim that was withdrawn before, Reject for a day before the claim existed or after
    today.
    """
    case, claim = _open_claim(uow, claim_id)
    _check_day(effective_date, claim, uow.today, "effective_date")
    kind = decisions.WITHDRAWN if reason in NEVER_WAS else decisions.CANCELLED
    decision = decide(uow, case, claim, kind, reason=reason, effective_on=effective_date, who=actor)
    if reason in NEVER_WAS:
        _post(uow, case, decision, _reversed_from_the_start(_book(uow, case), claim, decision))
    if reason == "taken_back":
        decide(uow, case, claim, decisions.FEES_DROPPED, reason=reason, effective_on=effective_date, who=actor)
    _close(uow, claim, effective_date)
    tell(uow, case, claim, "claim.withdrawn", _WITHDRAWN[reason], who=actor)
    settle_case(uow, deps, case)
    ended = ClaimEnded(case_id=case.case_id, claim_id=claim_id, ended_on=effective_date, reason="withdrawn")
    uow.emit(ended, key=case.case_id)
    return case


def drop_fees(uow: Uow, deps: Deps, claim_id: str, *, reason: str, actor: str) -> Case:
    """Take back every fee of ours on a claim (inkassoloven § 17): what was paid of them covers what else is owed.

    Raises NotFound.
    """
    case, claim = _locked(uow, claim_id)
    decide(uow, case, claim, decisions.FEES_DROPPED, reason=reason, effective_on=uow.today, who=actor)
    tell(uow, case, claim, "fees.dropped", "Gebyrene på kravet er tilbakeført", who=actor)
    settle_case(uow, deps, case)
    return case


def direct_payment(
    uow: Uow, deps: Deps, claim_id: str, *, amount_ore: int, paid_on: date, reference: str, actor: str
) -> str:
    """Note that the debtor paid the unit itself; ``reference`` is the unit's own. Returns the payment's id.

    Raises NotFound, Conflict for a closed claim, Reject for a day before the claim existed or after today, and for
    more than was owed on the claim that day.
    """
    case, claim = _open_claim(uow, claim_id)
    _check_day(paid_on, claim, uow.today, "paid_on")
    owed = claim_balances(uow.tx, deps, [claim_id], as_of=max(paid_on, claim.due_date), known_at=None)[claim_id]
    if not 0 < amount_ore <= owed.total_ore:
        raise _wrong("amount_ore", "amount", f"expected above zero and at most what was owed, {owed.total_ore} øre")
    payment_id = uow.new_id("direct-payment")
    part = PaymentPart(
        part_id=payment_id,
        kind="matched",
        payment_id=payment_id,
        case_id=case.case_id,
        claim_id=claim_id,
        amount_ore=amount_ore,
        on_day=paid_on,
        matched_by="direct",
        direct=True,
        recorded_at=case.last_recorded_at,
    )
    payments.add_parts(uow.tx, [part])
    summary = f"{kroner(amount_ore)} kroner er betalt direkte til kreditor"
    facts: dict[str, str | int] = {"payment_id": payment_id, "amount_ore": amount_ore, "reference": reference}
    tell(uow, case, claim, "payment.direct", summary, who=actor, facts=facts)
    settle_case(uow, deps, case)
    return payment_id


def _locked(uow: Uow, claim_id: str) -> tuple[Case, Claim]:
    claim = claims.find_claim(uow.tx, claim_id)
    case = cases.lock_case(uow, claim.case_id) if claim else None
    fresh = claims.find_claim(uow.tx, claim_id)
    if case is None or fresh is None:
        raise NotFound("claim")
    return case, fresh


def _open_claim(uow: Uow, claim_id: str) -> tuple[Case, Claim]:
    case, claim = _locked(uow, claim_id)
    if claim.status in CLOSED_BY_HAND:
        raise Conflict("claim-closed", f"claim: expected one that is open, got one that is {claim.status}")
    return case, claim


def _check_day(day: date, claim: Claim, today: date, field: str) -> None:
    if day > today:
        raise _wrong(field, "future", f"expected {today.isoformat()} or earlier")
    if day < claim.invoice_date:
        raise _wrong(field, "before-claim", f"expected {claim.invoice_date.isoformat()} or later: the claim's own date")


def _wrong(field: str, code: str, detail: str) -> Reject:
    return Invalid(FieldError(field, code, detail))


def _book(uow: Uow, case: Case) -> CaseBook:
    return load_books(uow.tx, {case.case_id: case})[case.case_id]


def _principal(book: CaseBook, claim_id: str) -> int:
    """Return the principal as handed over and corrected since."""
    kinds = (EntryKind.REGISTERED, EntryKind.CORRECTED)
    rows = [row for row in book.entries if row.claim_id == claim_id and row.kind in kinds]
    return sum(row.effect(Account.PRINCIPAL) for row in rows)


def _reversed_from_the_start(book: CaseBook, claim: Claim, decision: MoneyDecision) -> list[Draft]:
    """Return what takes every charge of a claim back, each on its own day."""
    why = Trace(rule="claim.withdrawn", reference=REFERENCE, inputs={"reason": decision.reason})
    drafts = []
    for row in book.entries:
        if row.claim_id != claim.claim_id or row.kind not in CHARGE_KINDS:
            continue
        for account in RECEIVABLES:
            if amount := row.effect(account):
                draft = changed_charge(
                    kind=EntryKind.WITHDRAWN,
                    account=account,
                    amount_ore=-amount,
                    unit=claim.unit,
                    case_id=claim.case_id,
                    claim_id=claim.claim_id,
                    value_date=row.value_date,
                    about=decision.decision_id,
                    trace=why,
                )
                drafts.append(draft)
    return drafts


def _post(uow: Uow, case: Case, decision: MoneyDecision, drafts: list[Draft]) -> None:
    source = f"decision:{decision.decision_id}"
    ledger.add_transfers(uow.tx, record(drafts, source_event=source, recorded_at=case.last_recorded_at))


def _close(uow: Uow, claim: Claim, on: date) -> None:
    """Mark the claim as withdrawn before its money is settled; the settling then keeps its numbers right."""
    ledger.end_by_decision(uow.tx, claim.claim_id, status="withdrawn", ended_on=on, end_reason="withdrawn")
