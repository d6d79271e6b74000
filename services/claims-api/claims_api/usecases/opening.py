"""The opening postings of a claim: its unpaid principal, and the fees of letters the unit sent itself."""

from __future__ import annotations

from collections.abc import Sequence

from claims_api.deps import Deps
from claims_api.domain.ledger import record, registration, unit_fee
from claims_api.domain.new_claim import NewNotice
from claims_api.store import ledger, payments
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.usecases.casebook import book_cases, load_books
from claims_api.usecases.consequences import tell_what_changed
from shared.uow import Uow


def post_opening(uow: Uow, deps: Deps, case: Case, claim: Claim, fees: Sequence[NewNotice]) -> None:
    """Post a new claim of a locked case: principal from its due date, each fee from the day its letter was sent."""
    drafts = [
        registration(
            unit=claim.unit,
            case_id=case.case_id,
            claim_id=claim.claim_id,
            principal_ore=claim.principal_ore,
            due_date=claim.due_date,
        ),
        *(
            unit_fee(
                unit=claim.unit,
                case_id=case.case_id,
                claim_id=claim.claim_id,
                fee_ore=letter.fee_ore,
                sent_on=letter.sent_on,
                letter="unit",
            )
            for letter in fees
        ),
    ]
    ledger.add_transfers(
        uow.tx, record(drafts, source_event=f"claim:{claim.claim_id}", recorded_at=case.last_recorded_at)
    )


def cover_from_overpaid(uow: Uow, deps: Deps, case: Case) -> None:
    """Let money that a locked case holds beyond what it owed cover a claim that has joined it.

    Called once the claim has been published, for it may end the claim.
    """
    if payments.parts_of_cases(uow.tx, [case.case_id]):
        books = load_books(uow.tx, {case.case_id: case})
        tell_what_changed(uow, deps, books, book_cases(uow, deps, books, {case.case_id: None}), {})
