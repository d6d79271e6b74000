"""What a debtor wants their money used for: noted, and the payments it is about divided anew (decisions B6).

A payment that is booked already is divided again from the day it was paid, by reversing rows and new ones: what was
known before stays what was known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from claims_api.deps import Deps
from claims_api.domain.choices import Choice, in_full, still_open
from claims_api.domain.facts import Payment
from claims_api.store import choices
from claims_api.store.cases import Case
from claims_api.store.choices import PaymentChoice
from claims_api.store.claims import Claim
from claims_api.usecases.casebook import CaseBook, load_books, payments_of
from claims_api.usecases.consequences import CLOSED_BY_HAND
from claims_api.usecases.payments import settle_case
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Asker
from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.uow import Uow

SUMMARY_MAX = 300
"""Length of a line in the timeline."""

_KINDS = {
    "principal": "hovedstol",
    "interest": "renter",
    "fees": "gebyr og salær",
    "legal_costs": "saksomkostninger",
}


def choose(uow: Uow, deps: Deps, case_id: str, wish: Choice, asker: Asker) -> PaymentChoice:
    """Note what money is for and use it so; ``wish.chosen_on`` is taken from the day it was received.

    Raises NotFound; Forbidden for a co-debtor, whose money goes to the claim whose KID it came on; Conflict for money
    that cannot be chosen for (a deduction from pay, or too late for a debtor); Reject for what cannot be right.
    """
    case = asking.lock(uow, case_id)
    if asker.visible is not None:
        raise Forbidden(
            "not-yours", "payment: expected the case's own debtor; money on a claim's KID is for that claim"
        )
    said = Choice(
        payment_id=wish.payment_id,
        claim_ids=wish.claim_ids,
        kinds=wish.kinds,
        chosen_on=asking.received(uow, asker),
    )
    book = load_books(uow.tx, {case_id: case})[case_id]
    _check(book, said)
    if said.payment_id is not None:
        _check_payment(uow, deps, book, said, by_debtor=asker.who == "debtor")
    chosen = PaymentChoice(
        choice_id=uow.new_id("payment-choice"),
        case_id=case_id,
        said=said,
        channel=asker.channel.value,
        recorded_by=asker.who,
        recorded_at=case.last_recorded_at,
    )
    choices.add_choice(uow.tx, chosen)
    _tell(uow, case, book, chosen)
    settle_case(uow, deps, case)
    return chosen


def _check(book: CaseBook, said: Choice) -> None:
    """Raise Reject, naming every field that cannot be right."""
    errors = _claim_errors(said.claim_ids, {claim.claim_id: claim for claim in book.claims})
    if len(set(said.kinds)) < len(said.kinds):
        errors.append(FieldError("order", "given-twice", "expected each kind once"))
    if said.payment_id is not None and said.payment_id not in {part.payment_id for part in book.parts}:
        errors.append(FieldError("payment_id", "unknown", "expected a payment of this case, or null"))
    if errors:
        raise Invalid(*errors)


def _claim_errors(wanted: Sequence[str], inside: Mapping[str, Claim]) -> list[FieldError]:
    errors = []
    for at, claim_id in enumerate(wanted):
        path = f"claim_ids.{at}"
        if claim_id not in inside:
            errors.append(FieldError(path, "unknown", "expected a claim of this case"))
        elif inside[claim_id].status in CLOSED_BY_HAND:
            detail = f"expected a claim that is to be paid, got one that is {inside[claim_id].status}"
            errors.append(FieldError(path, "claim-closed", detail))
        elif claim_id in wanted[:at]:
            errors.append(FieldError(path, "given-twice", "expected each claim once"))
    return errors


def _check_payment(uow: Uow, deps: Deps, book: CaseBook, said: Choice, *, by_debtor: bool) -> None:
    payment = _payment(book, said.payment_id)
    if payment is None:
        raise Conflict("payment-gone", "payment: expected one that is on this case, got one that was moved off it")
    if payment.deduction:
        detail = "payment: expected one that was made freely; in a deduction from pay the law sets the order"
        raise Conflict("deduction", detail)
    days = deps.settings.payment_choice_days
    if by_debtor and not still_open(payment.paid_on, uow.today, days=days):
        raise Conflict("too-late", f"payment: expected one of the last {days} days, got one of {payment.paid_on}")


def _payment(book: CaseBook, payment_id: str | None) -> Payment | None:
    found = payments_of(book.parts, book.kid_claims, book.deductions)
    return next((one for one in found if one.payment_id == payment_id), None)


def _tell(uow: Uow, case: Case, book: CaseBook, chosen: PaymentChoice) -> None:
    said = chosen.said
    numbers = [book.claim(claim_id).invoice_number for claim_id in said.claim_ids]
    wishes = [f"faktura {', '.join(numbers)} først"] if numbers else []
    if said.kinds:
        wishes.append(", ".join(_KINDS[kind.value] for kind in in_full(said.kinds)))
    what = "; ".join(wishes) or "vanlig rekkefølge"
    about = "en innbetaling" if said.payment_id is not None else "innbetalinger fremover"
    facts = {"choice_id": chosen.choice_id, "payment_id": said.payment_id or ""}
    summary = f"Skyldneren har valgt hva {about} skal dekke: {what}"
    asking.tell(uow, case, "payment.choice", summary[:SUMMARY_MAX], actor=chosen.recorded_by, **facts)
