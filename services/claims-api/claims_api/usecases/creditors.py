"""Applying a creditors file: what changes no account takes effect at once, a new account needs a second person.

A file is applied whole or not at all; applying the same file again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims_api.deps import Deps
from claims_api.domain.creditors import CreditorsFile, read_creditors
from claims_api.domain.new_claim import Agreement
from claims_api.store import creditors
from claims_api.store.creditors import Change
from shared.errors import Conflict, Forbidden, NotFound, Reject
from shared.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a file: ``applied``, ``unchanged``, or ``pending`` until another person approves ``change_id``."""

    state: str
    change_id: str | None
    units: tuple[str, ...]


def apply_creditors(
    uow: Uow, deps: Deps, content: Mapping[str, Any], *, who: str, approved_by: str | None = None
) -> Applied:
    """Apply a creditors file; raises Reject with every error in it.

    ``approved_by`` names the second person where there is one already (the first start of an installation).
    """
    file = _read(deps, content)
    units = tuple(creditor.unit for creditor, _ in file.creditors)
    if _is_known(uow, file):
        return Applied(state="unchanged", change_id=None, units=units)
    if approved_by is None and _new_accounts(uow, file):
        plain = json.loads(json.dumps(content, default=_day_text))
        digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
        change = Change(
            change_id=uow.new_id("creditor-change"),
            sha256=digest,
            content=plain,
            state="pending",
            proposed_by=who,
            proposed_at=uow.now,
            decided_by=None,
            decided_at=None,
        )
        creditors.put_change(uow, change)
        return Applied(state="pending", change_id=change.change_id, units=units)
    _store(uow, file, who=who, approved_by=approved_by)
    return Applied(state="applied", change_id=None, units=units)


def decide_change(uow: Uow, deps: Deps, change_id: str, *, approve: bool, who: str) -> Applied:
    """Approve or refuse a waiting file; raises Forbidden when ``who`` proposed it, Conflict when it is settled."""
    change = creditors.find_change(uow.tx, change_id)
    if change is None:
        raise NotFound("change")
    if approve and change.proposed_by == who:
        raise Forbidden("four-eyes", "approval: expected another person than the one who proposed the change")
    state = "applied" if approve else "refused"
    if not creditors.decide_change(uow, change_id, state=state, decided_by=who):
        raise Conflict("settled", f"change: expected one that is pending, got one that is {change.state}")
    file = _read(deps, change.content)
    if approve:
        _store(uow, file, who=change.proposed_by, approved_by=who)
    return Applied(state=state, change_id=change_id, units=tuple(creditor.unit for creditor, _ in file.creditors))


def _read(deps: Deps, content: Mapping[str, Any]) -> CreditorsFile:
    file = read_creditors(content, own_legal_person=deps.settings.legal_person)
    if file.errors:
        raise Reject("creditors-file", f"{len(file.errors)} fields were not accepted", errors=list(file.errors))
    return file


def _is_known(uow: Uow, file: CreditorsFile) -> bool:
    known = {creditor.unit: creditor for creditor in creditors.all_creditors(uow.tx)}
    agreed = creditors.agreements_of(uow.tx, known)
    return all(
        known.get(creditor.unit) == creditor
        and all(agreement in agreed.get(creditor.unit, []) for agreement in agreements)
        for creditor, agreements in file.creditors
    )


def _new_accounts(uow: Uow, file: CreditorsFile) -> bool:
    agreed = creditors.agreements_of(uow.tx, [creditor.unit for creditor, _ in file.creditors])
    return any(
        _account_on(agreed.get(creditor.unit, []), agreement.valid_from) != agreement.account
        for creditor, agreements in file.creditors
        for agreement in agreements
    )


def _account_on(agreements: list[Agreement], day: date) -> str | None:
    held = [agreement for agreement in agreements if agreement.valid_from <= day]
    return held[-1].account if held else None


def _store(uow: Uow, file: CreditorsFile, *, who: str, approved_by: str | None) -> None:
    for creditor, agreements in file.creditors:
        creditors.put_creditor(uow, creditor)
        for agreement in agreements:
            creditors.put_agreement(uow, creditor.unit, agreement, recorded_by=who, approved_by=approved_by)


def _day_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"expected dates and plain values, got {type(value).__name__}")
