"""The opening postings of a claim: its unpaid principal, and the fees of letters the unit sent itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from claims_api.deps import Deps
from claims_api.domain.ledger import Transfer, record, registration, unit_fee
from claims_api.domain.new_claim import NewNotice
from claims_api.store import payments
from claims_api.store.cases import Case
from claims_api.usecases.casebook import book_cases, load_books
from claims_api.usecases.consequences import tell_what_changed
from shared.uow import Uow


def opening_transfers(
    case: Case, claim_id: str, principal_ore: int, due_date: date, fees: Sequence[NewNotice]
) -> list[Transfer]:
    """Return the postings of a new claim: principal from its due date, each fee from the day its letter was sent."""
    drafts = [
        registration(
            unit=case.unit,
            case_id=case.case_id,
            claim_id=claim_id,
            principal_ore=principal_ore,
            due_date=due_date,
        ),
        *(
            unit_fee(
                unit=case.unit,
                case_id=case.case_id,
                claim_id=claim_id,
                fee_ore=letter.fee_ore,
                sent_on=letter.sent_on,
                letter="unit",
            )
            for letter in fees
        ),
    ]
    return record(drafts, source_event=f"claim:{claim_id}", recorded_at=case.last_recorded_at)


def cover_from_overpaid(uow: Uow, deps: Deps, found: Mapping[str, Case]) -> None:
    """Let money that locked cases hold beyond what they owed cover the claims that have joined them.

    Called once the claims have been published, for it may end them.
    """
    holding = {case_id: found[case_id] for case_id in payments.parts_of_cases(uow.tx, found)}
    if holding:
        books = load_books(uow.tx, holding)
        tell_what_changed(uow, deps, books, book_cases(uow, deps, books, dict.fromkeys(holding)), {})
