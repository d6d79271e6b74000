"""Cases with their claims and holds, read into the domain's values and written back where they changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.sql import bindparam

from escalation.domain.state import Case, Claim, DemandKind, Hold, Letter, OpenStep
from escalation.tables import CaseRow, ClaimDebtorRow, ClaimRow, HoldRow
from shared.db import any_of, chunks, insert_ignore, insert_rows, lock_rows, table_of, update_rows
from shared.values import value

CASE = table_of(CaseRow)
CLAIM = table_of(ClaimRow)
CLAIM_DEBTOR = table_of(ClaimDebtorRow)
HOLD = table_of(HoldRow)

_END_HOLD = (
    update(HOLD)
    .where(HOLD.c.claim_id == bindparam("of_claim"), HOLD.c.hold_id == bindparam("of_hold"))
    .values(ended_on=bindparam("on_day"))
)


@value
class Stored:
    """A case as it is stored: its value, the version that guards its timers, and how far of its record was heard."""

    case: Case
    version: int
    heard: int


def ensure_cases(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store cases that are not known yet, at version 0."""
    insert_ignore(tx, CASE, [{**row, "version": 0, "demanded_on": None, "heard_version": 0} for row in rows])


def ensure_debtors(tx: Connection, liable: Mapping[str, Sequence[str]]) -> None:
    """Store who is liable for which claim, the primary debtor first."""
    rows = [
        {"claim_id": claim_id, "debtor_ref": ref, "position": position}
        for claim_id, refs in liable.items()
        for position, ref in enumerate(refs)
    ]
    insert_ignore(tx, CLAIM_DEBTOR, rows)


def lock(tx: Connection, case_ids: Iterable[str]) -> None:
    """Lock cases in sorted order, for a transaction that changes them."""
    lock_rows(tx, CASE, "case_id", case_ids)


def load(tx: Connection, case_ids: Iterable[str], *, lock: bool = False) -> dict[str, Stored]:
    """Read cases by id; ``lock`` takes their rows first, in sorted order, for a transaction that changes them."""
    heads: dict[str, Row[Any]] = {}
    claims: dict[str, list[Row[Any]]] = defaultdict(list)
    holds: dict[str, list[Hold]] = defaultdict(list)
    for piece in chunks(sorted(set(case_ids))):
        first = select(CASE.c.case_id, CASE.c.version, CASE.c.demanded_on, CASE.c.heard_version)
        first = first.where(any_of(tx, CASE.c.case_id, piece)).order_by(CASE.c.case_id)
        if lock and tx.dialect.name == "postgresql":
            first = first.with_for_update()
        heads.update({row.case_id: row for row in tx.execute(first).all()})
        query = select(CLAIM).where(any_of(tx, CLAIM.c.case_id, piece)).order_by(CLAIM.c.claim_id)
        of_claims = tx.execute(query).all()
        for row in of_claims:
            claims[row.case_id].append(row)
        standing = (
            select(HOLD)
            .where(any_of(tx, HOLD.c.claim_id, [row.claim_id for row in of_claims]), HOLD.c.ended_on.is_(None))
            .order_by(HOLD.c.placed_on, HOLD.c.hold_id)
        )
        for row in tx.execute(standing).all():
            hold = Hold(hold_id=row.hold_id, reason=row.reason, placed_on=row.placed_on, until=row.until)
            holds[row.claim_id].append(hold)
    return {
        case_id: Stored(
            version=head.version,
            heard=head.heard_version,
            case=Case(
                case_id=case_id,
                claims=tuple(_claim(row, tuple(holds[row.claim_id])) for row in claims[case_id]),
                demanded_on=head.demanded_on,
            ),
        )
        for case_id, head in heads.items()
    }


def save(tx: Connection, changes: Sequence[tuple[Stored, Case]], today: date, heard: Mapping[str, int]) -> None:
    """Write back what differs, give every case of ``changes`` its next version, and note how far was heard of any.

    ``heard`` may name other cases too; nothing else of those is changed.
    """
    new, moved, placed, over = [], [], [], []
    for stored, after in changes:
        known = {claim.claim_id: claim for claim in stored.case.claims}
        for claim in after.claims:
            before = known.get(claim.claim_id)
            if before is None:
                new.append({"claim_id": claim.claim_id, "case_id": after.case_id, **_values(claim)})
            elif before != claim:
                moved.append({"claim_id": claim.claim_id, **_changes(before, claim)})
            old_holds = before.holds if before else ()
            placed += [_hold_row(claim.claim_id, hold) for hold in claim.holds if hold not in old_holds]
            kept = {hold.hold_id for hold in claim.holds}
            over += [
                {"of_claim": claim.claim_id, "of_hold": hold.hold_id, "on_day": today}
                for hold in old_holds
                if hold.hold_id not in kept
            ]
    insert_rows(tx, CLAIM, new)
    _update_claims(tx, moved)
    insert_ignore(tx, HOLD, placed)
    if over:
        tx.execute(_END_HOLD, over)
    update_rows(tx, CASE, [_case_row(stored, after, heard) for stored, after in changes], key="case_id")
    changed = {after.case_id for _, after in changes}
    hear_versions(tx, {case_id: version for case_id, version in heard.items() if case_id not in changed})


def _changes(before: Claim, after: Claim) -> dict[str, Any]:
    """Return the columns that differ: most moves change few of them."""
    was = _values(before)
    return {name: value for name, value in _values(after).items() if value != was[name]}


def _update_claims(tx: Connection, moved: Sequence[Mapping[str, Any]]) -> None:
    """Write moved claims, those that change the same columns in one statement; only a hold may have changed."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in moved:
        alike[tuple(row)].append(row)
    for names, rows in alike.items():
        if len(names) > 1:
            update_rows(tx, CLAIM, rows, key="claim_id")


def _case_row(stored: Stored, after: Case, heard: Mapping[str, int]) -> dict[str, Any]:
    row = {"case_id": after.case_id, "version": stored.version + 1, "demanded_on": after.demanded_on}
    return {**row, "heard_version": max(stored.heard, heard.get(after.case_id, 0))} if heard else row


def _hold_row(claim_id: str, hold: Hold) -> dict[str, Any]:
    return {
        "claim_id": claim_id,
        "hold_id": hold.hold_id,
        "reason": hold.reason,
        "placed_on": hold.placed_on,
        "until": hold.until,
        "ended_on": None,
    }


def _claim(row: Row[Any], holds: tuple[Hold, ...]) -> Claim:
    return Claim(
        claim_id=row.claim_id,
        claim_type=row.claim_type,
        creditor_unit=row.creditor_unit,
        dispute_body=row.dispute_body,
        due_date=row.due_date,
        registered_on=row.registered_on,
        stage=row.stage,
        notice=_letter(row.notice_step_id, row.notice_sent_on, row.notice_deadline),
        notice_document_id=row.notice_document_id,
        demand=_letter(row.demand_step_id, row.demand_sent_on, row.demand_deadline),
        warning=_letter(row.warning_step_id, row.warning_sent_on, row.warning_deadline),
        step=_open_step(row),
        holds=holds,
        resumed_on=row.resumed_on,
        not_before=row.not_before,
        waiting_for=row.waiting_for,
        notices=row.notices,
        demands=row.demands,
        warnings=row.warnings,
        proposals=row.proposals,
        contested=row.contested,
        contested_part=row.contested_part,
        judged_on=row.judged_on,
        instalment_days=tuple(map(date.fromisoformat, row.instalment_days)),
        review_on=row.review_on,
        legal_step_id=row.legal_step_id,
    )


def _letter(step_id: str | None, sent_on: date | None, deadline: date | None) -> Letter | None:
    if sent_on is None or deadline is None:
        return None
    return Letter(step_id=step_id, sent_on=sent_on, deadline=deadline)


def _open_step(row: Row[Any]) -> OpenStep | None:
    if row.step_id is None:
        return None
    return OpenStep(
        step_id=row.step_id,
        kind=DemandKind(row.step_kind),
        asked_on=row.step_asked_on,
        dispatched=row.step_dispatched,
    )


def _values(claim: Claim) -> dict[str, Any]:
    notice, demand, warning, step = claim.notice, claim.demand, claim.warning, claim.step
    return {
        "claim_type": claim.claim_type,
        "creditor_unit": claim.creditor_unit,
        "dispute_body": claim.dispute_body,
        "due_date": claim.due_date,
        "registered_on": claim.registered_on,
        "stage": claim.stage,
        "notice_step_id": notice and notice.step_id,
        "notice_sent_on": notice and notice.sent_on,
        "notice_deadline": notice and notice.deadline,
        "notice_document_id": claim.notice_document_id,
        "demand_step_id": demand and demand.step_id,
        "demand_sent_on": demand and demand.sent_on,
        "demand_deadline": demand and demand.deadline,
        "warning_step_id": warning and warning.step_id,
        "warning_sent_on": warning and warning.sent_on,
        "warning_deadline": warning and warning.deadline,
        "step_id": step and step.step_id,
        "step_kind": step and step.kind.value,
        "step_asked_on": step and step.asked_on,
        "step_dispatched": step is not None and step.dispatched,
        "resumed_on": claim.resumed_on,
        "not_before": claim.not_before,
        "waiting_for": claim.waiting_for,
        "notices": claim.notices,
        "demands": claim.demands,
        "warnings": claim.warnings,
        "proposals": claim.proposals,
        "contested": claim.contested,
        "contested_part": claim.contested_part,
        "judged_on": claim.judged_on,
        "instalment_days": [day.isoformat() for day in claim.instalment_days],
        "review_on": claim.review_on,
        "legal_step_id": claim.legal_step_id,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What identifies a case, and whose it is."""

    case_id: str
    case_number: str
    creditor_unit: str
    legal_person: str
    version: int
    heard_version: int


def head(tx: Connection, case_id: str) -> Head | None:
    """Return a case's head, or None."""
    row = tx.execute(select(CASE).where(CASE.c.case_id == case_id)).mappings().first()
    return None if row is None else Head(**{name: row[name] for name in Head.__dataclass_fields__})


def hear_versions(tx: Connection, heard: Mapping[str, int]) -> None:
    """Note how far of cases' records in claims-api has been heard of; never less than before."""
    rows = [{"case_id": case_id, "heard_version": version} for case_id, version in sorted(heard.items())]
    update_rows(tx, CASE, rows, key="case_id", rising="heard_version")


def heard_version(tx: Connection, case_id: str) -> int | None:
    """Return how far of a case's record in claims-api has been heard of, None for a case nobody registered."""
    return tx.execute(select(CASE.c.heard_version).where(CASE.c.case_id == case_id)).scalar()


def claims_of_debtor(tx: Connection, case_id: str, debtor_ref: str) -> dict[str, int]:
    """Return the claims of a case that a debtor is liable for, and their position in each (0: primary)."""
    query = (
        select(CLAIM.c.claim_id, CLAIM_DEBTOR.c.position)
        .join(CLAIM_DEBTOR, CLAIM_DEBTOR.c.claim_id == CLAIM.c.claim_id)
        .where(CLAIM.c.case_id == case_id, CLAIM_DEBTOR.c.debtor_ref == debtor_ref)
    )
    return {row.claim_id: row.position for row in tx.execute(query)}
