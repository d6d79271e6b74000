"""The decision on an objection, what it does to the money, and what follows when a rejected one is stood by.

Upheld: what was disputed is withdrawn as if it had never been owed. Reasonable to have examined: every fee on the
claim falls (inkassoloven § 17). Not upheld: the interest that ran as a shadow is posted, and the debtor is given days
to pay or give the objection up in writing; else the claim goes to its dispute body (decisions B2, B7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.claim_types import claim_type
from claims_api.domain.complaints import check_stage, complain_by, last_by_post, may_complain_to
from claims_api.domain.instalments import bank_days_needed
from claims_api.domain.ledger import Account, EntryKind, changed_charge, record
from claims_api.domain.objections import Consequences, consequences
from claims_api.domain.requests import Outcome, RequestKind, RequestState, move_of
from claims_api.store import claims, ledger, payments, requests
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.casebook import CaseBook, book_cases, load_books
from claims_api.usecases.consequences import CLOSED_BY_HAND, tell_what_changed
from claims_api.usecases.corrections import correct_claim, drop_fees, withdraw_claim
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Held
from claims_api.usecases.requests.freezing import let_go, set_status_again
from claims_api.usecases.requests.notices import SYSTEM, issue_notice
from claims_api.usecases.requests.refusing import write_reasons
from shared import parking
from shared.calendar import deadline_after
from shared.errors import FieldError, Invalid
from shared.events.claims import DisputeBody
from shared.events.requests import ComplaintBody, ObjectionContested, ObjectionDecided
from shared.law import Trace
from shared.uow import Uow

KIND = RequestKind.OBJECTION
REFERENCE = "inkassoloven § 17"
UPHELD = "objection_upheld"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A caseworker's decision. ``upheld_ore``: the part that is granted when the outcome is partly.

    ``heard_by``: whose decision it is; None: whoever heard the objection first.
    """

    outcome: Outcome
    reasons: str | None
    reasonable: bool
    upheld_ore: int | None = None
    heard_by: str | None = None


@dataclass(slots=True)
class _Money:
    """What the decision came to over all its claims, in øre."""

    withdrawn_ore: int = 0
    fees_ore: int = 0
    interest_ore: int = 0


def decide_objection(uow: Uow, deps: Deps, held: Held, decision: Decision, *, who: str) -> Request:
    """Decide an objection and carry the decision out, whole; raises Conflict when it was decided before.

    The unit's decision may be complained of: the debtor has until then to pay. Raises Conflict too when it is not the
    turn of whoever decided.

    Raises Reject for a decision that does not say enough: no reasons where they are needed, or no part.
    """
    request = held.request
    check_stage(decision.heard_by, heard_by=request.heard_by, complaint_body=request.complaint_body)
    # A claim that was paid meanwhile is decided too: what is upheld goes back.
    decided = [claim for claim in held.claims if claim.status not in CLOSED_BY_HAND]
    _check(request, decided, decision)
    book = load_books(uow.tx, {held.case.case_id: held.case})[held.case.case_id]
    found = {
        claim.claim_id: consequences(
            decision.outcome.value,
            disputed_ore=request.disputed_ore,
            upheld_ore=decision.upheld_ore,
            principal_ore=principal_of(book, claim.claim_id),
            reasonable=decision.reasonable,
        )
        for claim in decided
    }
    asked = {claim.claim_id for claim in decided if asking.is_open(claim) and found[claim.claim_id].stands}
    stands = bool(asked)
    last = _last_to_complain(uow, deps, held, decision)
    pay_by = max(deadline_after(uow.today, deps.settings.refusal_days), last or uow.today) if stands else None
    request = asking.move(
        uow,
        request,
        move_of(decision.outcome),
        outcome=decision.outcome.value,
        reasonable=decision.reasonable,
        upheld_ore=decision.upheld_ore,
        decided_on=uow.today,
        decided_at=held.case.last_recorded_at,
        decided_by=who,
        pay_by=pay_by,
        complain_by=last,
        look_on=_look_on(deps, pay_by, last) if pay_by else None,
    )
    text_ids = write_reasons(uow, deps, request, decision.reasons)
    money = _carry_out(uow, deps, held, request, found, who=who)
    if pay_by is not None:
        requests.put_pay_by(uow.tx, request.request_id, asked, pay_by)
    if not stands:
        let_go(uow, held.case, request, actor=who)
    set_status_again(uow, held.claims)
    _tell_decided(uow, deps, held, request, decision, money, text_ids=text_ids, who=who)
    return request


def contest_run_out(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Send on the rejected objections that were neither given up nor paid in time; returns how many were looked at.

    Nothing is sent on while a bank day that could hold the payment is not booked.
    """
    states = [RequestState.REFUSED.value, RequestState.GRANTED.value]
    due = requests.to_look_at(uow.tx, [KIND.value], states, uow.today, limit)
    for request in due:
        held = asking.hold_request(uow, request)
        if not _may_contest(uow, deps, held):
            requests.change_request(uow.tx, request.request_id, look_on=uow.today + _DAY)
            continue
        _contest(uow, deps, held)
    return len(due)


def answer_for_the_time_being(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Send the preliminary answer to objections that wait on the day for it; returns how many."""
    due = requests.to_look_at(uow.tx, [KIND.value], [RequestState.PENDING.value], uow.today, limit)
    for request in due:
        held = asking.hold_request(uow, request)
        requests.change_request(uow.tx, request.request_id, preliminary_sent_on=uow.today, look_on=None)
        asking.tell(
            uow,
            held.case,
            "objection.preliminary",
            "Foreløpig svar på innsigelsen er sendt",
            actor=SYSTEM,
            request_id=request.request_id,
            answer_by=request.due_on,
        )
        issue_notice(
            uow,
            deps,
            held.case,
            "objection_preliminary",
            request=request,
            claims=[claim for claim in held.claims if asking.is_open(claim)] or held.claims,
            answer_by=request.due_on,
            freezes=request.freezes,
        )
    return len(due)


def principal_of(book: CaseBook, claim_id: str) -> int:
    """Return what the claim was for: its principal as handed over and corrected since, in øre."""
    kinds = (EntryKind.REGISTERED, EntryKind.CORRECTED)
    rows = [row for row in book.entries if row.claim_id == claim_id and row.kind in kinds]
    return max(0, sum(row.effect(Account.PRINCIPAL) for row in rows))


def _check(request: Request, decided: Sequence[Claim], decision: Decision) -> None:
    errors = []
    if not decision.reasons and (decision.outcome is not Outcome.GRANTED or not decision.reasonable):
        errors.append(FieldError("reasons", "missing", "expected the reasons, which the debtor is told"))
    if decision.outcome is Outcome.PARTLY:
        if len(decided) > 1:
            errors.append(FieldError("outcome", "one-claim", "expected granted or refused: it is about several claims"))
        if decision.upheld_ore is None or decision.upheld_ore < 1:
            errors.append(FieldError("upheld_ore", "missing", "expected the part that is upheld, in øre"))
        elif request.disputed_ore is not None and decision.upheld_ore >= request.disputed_ore:
            errors.append(FieldError("upheld_ore", "not-partly", "expected less than what is disputed"))
    elif decision.upheld_ore is not None:
        errors.append(FieldError("upheld_ore", "not-partly", "expected null unless the outcome is partly"))
    if errors:
        raise Invalid(*errors)


def _last_to_complain(uow: Uow, deps: Deps, held: Held, decision: Decision) -> date | None:
    """Return the last day to complain of this decision, None when it is not the unit's or grants everything."""
    if held.request.complaint_body is not None:
        return None
    kind = claim_type(held.claims[0].claim_type)
    body = may_complain_to(kind, heard_by=held.request.heard_by, outcome=decision.outcome)
    return complain_by(uow.today, rule=deps.complaints) if body else None


def _look_on(deps: Deps, pay_by: date, last: date | None) -> date:
    """Return the day a rejected objection is sent on: a complaint that was posted in time has come by then."""
    grace_to = deps.rules.after_grace(pay_by)
    return (max(grace_to, last_by_post(last, rule=deps.complaints)) if last else grace_to) + _DAY


def _carry_out(
    uow: Uow, deps: Deps, held: Held, request: Request, found: dict[str, Consequences], *, who: str
) -> _Money:
    """Book what the decision does: what is withdrawn, the fees that fall, and the interest that ran as a shadow."""
    money = _Money()
    before = claim_balances(uow.tx, deps, found, as_of=uow.today, known_at=None)
    for claim_id, one in found.items():
        claim = next(claim for claim in held.claims if claim.claim_id == claim_id)
        money.withdrawn_ore += one.withdrawn_ore
        if one.drops_fees:
            money.fees_ore += before[claim_id].balance.fees_ore
            _drop_unit_fees(uow, held.case, claim, request)
            drop_fees(uow, deps, claim_id, reason=UPHELD if one.whole else "objection_reasonable", actor=who)
        if one.whole:
            withdraw_claim(uow, deps, claim_id, reason="wrong_claim", effective_date=uow.today, actor=who)
        elif one.withdrawn_ore:
            _withdraw_part(uow, deps, claim, one.withdrawn_ore, who)
    money.interest_ore = _post_interest(uow, deps, held, [name for name, one in found.items() if one.stands])
    return money


def _withdraw_part(uow: Uow, deps: Deps, claim: Claim, amount_ore: int, who: str) -> None:
    book = load_books(uow.tx, _locked_again(uow, claim.case_id))[claim.case_id]
    correct_claim(
        uow,
        deps,
        claim.claim_id,
        new_principal_ore=principal_of(book, claim.claim_id) - amount_ore,
        effective_date=max(claim.due_date, claim.invoice_date),
        reason=UPHELD,
        actor=who,
    )


def _locked_again(uow: Uow, case_id: str) -> dict[str, Case]:
    """Return a case that is locked already, anew."""
    return {case_id: asking.lock(uow, case_id)}


def _drop_unit_fees(uow: Uow, case: Case, claim: Claim, request: Request) -> None:
    """Take back the fees of the unit's own letters as well: all fees on the claim fall."""
    rows = ledger.of_cases(uow.tx, [case.case_id])[case.case_id]
    mine = [row for row in rows if row.claim_id == claim.claim_id]
    gone = sum(-row.effect(Account.FEES) for row in mine if row.kind is EntryKind.WITHDRAWN)
    own = [row for row in mine if row.kind is EntryKind.UNIT_FEE]
    if gone or not own:
        return
    why = Trace(rule="objection.fees_dropped", reference=REFERENCE, inputs={"objection": request.request_id})
    drafts = [
        changed_charge(
            kind=EntryKind.WITHDRAWN,
            account=Account.FEES,
            amount_ore=-row.effect(Account.FEES),
            unit=claim.unit,
            case_id=case.case_id,
            claim_id=claim.claim_id,
            value_date=row.value_date,
            about=request.request_id,
            trace=why,
        )
        for row in own
    ]
    source = f"objection:{request.request_id}:{claim.claim_id}"
    ledger.add_transfers(uow.tx, record(drafts, source_event=source, recorded_at=case.last_recorded_at))


def _post_interest(uow: Uow, deps: Deps, held: Held, claim_ids: Sequence[str]) -> int:
    """Post the interest that ran while the objection stood; returns what that was, in øre."""
    locked = _locked_again(uow, held.case.case_id)
    books = load_books(uow.tx, locked)
    booked = book_cases(uow, deps, books, {}, interest_to={name: [uow.today] for name in claim_ids})
    tell_what_changed(uow, deps, books, booked, {})
    rows = [row for one in booked.values() for row in one.transfers]
    return sum(row.effect(Account.INTEREST) for row in rows if row.kind is EntryKind.INTEREST)


def _tell_decided(
    uow: Uow,
    deps: Deps,
    held: Held,
    request: Request,
    decision: Decision,
    money: _Money,
    *,
    text_ids: Sequence[str],
    who: str,
) -> None:
    body = cast(DisputeBody, held.claims[0].dispute_body)
    payload = ObjectionDecided(
        request_id=request.request_id,
        case_id=held.case.case_id,
        claim_ids=[claim.claim_id for claim in held.claims],
        outcome=decision.outcome.value,
        reasonable=decision.reasonable,
        withdrawn_ore=money.withdrawn_ore,
        decided_on=uow.today,
        pay_by=request.pay_by,
        dispute_body=body,
        complain_by=request.complain_by,
        complaint_body=cast(ComplaintBody | None, request.complaint_body),
    )
    uow.emit(payload, key=held.case.case_id)
    asking.tell(
        uow,
        held.case,
        "objection.decided",
        _DECIDED[decision.outcome],
        actor=who,
        request_id=request.request_id,
        pay_by=request.pay_by,
        withdrawn_ore=money.withdrawn_ore,
    )
    fresh = list(claims.find_claims(uow.tx, [claim.claim_id for claim in held.claims]).values())
    asks = request.pay_by is not None
    first = claim_type(held.claims[0].claim_type)
    owed = claim_balances(uow.tx, deps, [claim.claim_id for claim in fresh], as_of=uow.today, known_at=None)
    issue_notice(
        uow,
        deps,
        held.case,
        "objection_decided",
        request=request,
        claims=fresh,
        ask_for_money=asks,
        pay_by=request.pay_by,
        amount_ore=sum(one.total_ore for one in owed.values()) if asks else None,
        fees_reversed_ore=money.fees_ore,
        withdrawn_ore=money.withdrawn_ore,
        interest_ore=money.interest_ore,
        outcome=decision.outcome.value,
        reasonable=decision.reasonable,
        dispute_body=body,
        complain_by=request.complain_by,
        complaint_body=request.complaint_body or (first.complaint_body if request.complain_by else None),
        text_ids=list(text_ids),
    )


_DECIDED = {
    Outcome.GRANTED: "Innsigelsen er tatt til følge",
    Outcome.PARTLY: "Innsigelsen er delvis tatt til følge",
    Outcome.REFUSED: "Innsigelsen er avvist",
}


def _may_contest(uow: Uow, deps: Deps, held: Held) -> bool:
    pay_by = held.request.pay_by
    if pay_by is None:
        return True
    needed = bank_days_needed(held.request.decided_on or pay_by, pay_by, rules=deps.rules)
    booked = payments.booked_days(uow.tx, deps.settings.payee_account, needed[0], needed[-1])
    case_ids = [held.case.case_id]
    uncertain = parking.parked_keys(uow.tx, uow.tables, case_ids) or payments.candidates_of(uow.tx, case_ids)
    return set(needed) <= booked and not uncertain


def _contest(uow: Uow, deps: Deps, held: Held) -> None:
    request, case = held.request, held.case
    unpaid = [claim for claim in held.claims if asking.is_open(claim)]
    contested_on: date | None = uow.today if unpaid else None
    requests.change_request(uow.tx, request.request_id, look_on=None, contested_on=contested_on)
    let_go(uow, case, request, actor=SYSTEM, contested=bool(unpaid))
    set_status_again(uow, held.claims)
    if not unpaid:
        return
    payload = ObjectionContested(
        request_id=request.request_id,
        case_id=case.case_id,
        claim_ids=[claim.claim_id for claim in unpaid],
        disputed_ore=request.disputed_ore,
        dispute_body=cast(DisputeBody, unpaid[0].dispute_body),
        contested_on=uow.today,
    )
    uow.emit(payload, key=case.case_id)
    summary = "Innsigelsen står ved lag: saken foreslås sendt til tvisteorganet"
    asking.tell(uow, case, "objection.contested", summary, actor=SYSTEM, request_id=request.request_id)
