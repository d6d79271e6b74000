"""Erasing a person: what tells who they were goes, what the municipality must be able to account for stays.

Refused while a case is open, and while the books of the year its last case closed in must be kept (bokføringsloven
§ 13). The record on ``parties`` becomes a tombstone, which erases them in every other service; the reference and its
version stay, so that nothing can bring them back.
"""

from __future__ import annotations

from datetime import date, datetime

from claims_api.deps import Deps
from claims_api.store import cases, claims, debtors
from claims_api.store.cases import TimelineEntry
from claims_api.usecases.debtors import PARTIES
from claims_api.usecases.requests.texts import forget_words
from shared.errors import Conflict, NotFound
from shared.uow import Uow


def erase_debtor(uow: Uow, deps: Deps, debtor_ref: str, *, who: str) -> datetime:
    """Erase a debtor; returns when it was done, also when it was done before.

    Raises NotFound, and Conflict while a case of theirs is open or its books must be kept.
    """
    debtors.lock_debtors(uow.tx, [debtor_ref])
    debtor = debtors.find_debtor(uow.tx, debtor_ref)
    if debtor is None:
        raise NotFound("debtor")
    if debtor.erased_at is not None:
        return debtor.erased_at
    theirs = cases.lock_cases(uow, claims.cases_of_debtor(uow.tx, debtor_ref))
    for case in theirs.values():
        if case.state != "closed" or case.closed_on is None:
            raise Conflict("open-case", "debtor: expected one whose cases are closed, got one with an open case")
        kept_to = date(case.closed_on.year + deps.settings.retention_years, 12, 31)
        if uow.today <= kept_to:
            raise Conflict("retention", f"debtor: expected a day after {kept_to.isoformat()}: the books must be kept")
    debtors.erase(uow, debtor_ref)
    claims.forget_delivered(uow.tx, debtor_ref)
    forget_words(uow, deps, debtor_ref)
    uow.state(PARTIES, debtor_ref)
    entries = [
        TimelineEntry(
            entry_id=uow.new_id("timeline"),
            case_id=case.case_id,
            at=case.last_recorded_at,
            type="debtor.erased",
            summary="Opplysninger om skyldneren er slettet",
            actor=who,
        )
        for case in theirs.values()
    ]
    cases.add_timeline(uow.tx, entries)
    return uow.now
