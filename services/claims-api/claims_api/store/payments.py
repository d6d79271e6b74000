"""What the bank reported, which of it belongs to which case, and which bank days are wholly in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, select, tuple_, update

from claims_api.tables import BankDayRow, BankEntryRow, PaymentCandidateRow, PaymentPartRow, RefundRow
from shared.db import Lookup, any_of, chunks, insert_all, insert_ignore, lock_rows, table_of, upsert
from shared.values import names_of, value

ENTRY = table_of(BankEntryRow)
PART = table_of(PaymentPartRow)
CANDIDATE = table_of(PaymentCandidateRow)
BANK_DAY = table_of(BankDayRow)
REFUND = table_of(RefundRow)

_COMPLETED = Lookup(
    select(BANK_DAY).where(BANK_DAY.c.day.between(bindparam("first"), bindparam("last"))), [BANK_DAY.c.account]
)

CANDIDATES_MAX = 5
"""A payment holds at most this many cases."""


@value
class BankEntry:
    """A credit (above zero) or a reversal (below) on the account."""

    entry_id: str
    account: str
    day: date
    amount_ore: int
    payment_id: str | None


@value
class PaymentPart:
    """What one event said of a payment and a case: ``matched``, ``taken_back`` or ``unallocated``."""

    part_id: str
    kind: str
    payment_id: str
    case_id: str
    amount_ore: int
    on_day: date
    recorded_at: datetime
    reversal_id: str | None = None
    claim_id: str | None = None
    kid: str | None = None
    matched_by: str | None = None
    direct: bool = False


_PART = names_of(PaymentPart)
_PARTS = select(*(PART.c[name] for name in _PART)).order_by(PART.c.recorded_at, PART.c.part_id)
_OF_CASES = Lookup(_PARTS, [PART.c.case_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that is to go back to where it came from."""

    refund_id: str
    case_id: str | None
    payment_id: str | None
    source: str
    amount_ore: int
    state: str
    proposed_on: date | None = None
    reserved_on: date | None = None
    settled_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbookedDay:
    """A bank day that is complete at the bank and not in the ledger: what the bank has, and what our entries are."""

    account: str
    day: date
    completed_at: datetime
    bank_count: int
    bank_ore: int
    ledger_count: int
    ledger_ore: int


def find_entries(tx: Connection, entry_ids: Iterable[str]) -> dict[str, BankEntry]:
    """Return the bank entries with these ids that are known."""
    found: dict[str, BankEntry] = {}
    for piece in chunks(sorted(set(entry_ids))):
        for row in tx.execute(select(ENTRY).where(any_of(tx, ENTRY.c.entry_id, piece))).mappings():
            found[row["entry_id"]] = BankEntry(**row)
    return found


def add_entries(tx: Connection, entries: Sequence[BankEntry]) -> int:
    """Store bank entries that are new, whoever else stores them too, and return how many were."""
    return insert_all(tx, ENTRY, entries, names_of(BankEntry), once=True)


def add_parts(tx: Connection, parts: Sequence[PaymentPart]) -> None:
    """Store what events said of payments and cases; seen again, nothing changes."""
    insert_all(tx, PART, parts, _PART, once=True)


def parts_of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[PaymentPart]]:
    """Return the payment parts of the cases by case, in the order they were recorded."""
    found: dict[str, list[PaymentPart]] = {}
    for piece in chunks(sorted(set(case_ids))):
        for row in _OF_CASES.of(tx, piece).all():
            part = PaymentPart(**dict(zip(_PART, row, strict=True)))
            found.setdefault(part.case_id, []).append(part)
    return found


def cases_of_payments(tx: Connection, payment_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return how much of each payment is on each case: matched less what was moved off or taken back."""
    signed = func.sum(case((PART.c.kind == "matched", PART.c.amount_ore), else_=-PART.c.amount_ore))
    found: dict[str, dict[str, int]] = {}
    for piece in chunks(sorted(set(payment_ids))):
        query = select(PART.c.payment_id, PART.c.case_id, signed).where(any_of(tx, PART.c.payment_id, piece))
        for payment_id, case_id, amount in tx.execute(query.group_by(PART.c.payment_id, PART.c.case_id)):
            found.setdefault(payment_id, {})[case_id] = int(amount)
    return found


def allocated(tx: Connection, payment_ids: Iterable[str]) -> dict[str, int]:
    """Return how much of each payment is on cases: matched less what was moved off again."""
    signed = func.sum(case((PART.c.kind == "matched", PART.c.amount_ore), else_=-PART.c.amount_ore))
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(payment_ids))):
        query = (
            select(PART.c.payment_id, signed)
            .where(any_of(tx, PART.c.payment_id, piece), PART.c.kind.in_(["matched", "unallocated"]))
            .group_by(PART.c.payment_id)
        )
        found.update({payment_id: int(amount) for payment_id, amount in tx.execute(query)})
    return found


def taken_back(tx: Connection, payment_id: str) -> int:
    """Return how much of a payment the bank took back."""
    query = select(func.coalesce(func.sum(-ENTRY.c.amount_ore), 0))
    query = query.where(ENTRY.c.payment_id == payment_id, ENTRY.c.amount_ore < 0)
    return int(tx.execute(query).scalar_one())


def returned_from_cases(tx: Connection, payment_id: str) -> int:
    """Return how much of a payment the bank took back from cases it was on."""
    query = select(func.coalesce(func.sum(PART.c.amount_ore), 0))
    query = query.where(PART.c.payment_id == payment_id, PART.c.kind == "taken_back")
    return int(tx.execute(query).scalar_one())


def add_candidates(tx: Connection, payment_id: str, case_ids: Sequence[str], since: date) -> None:
    """Let an unmatched payment hold cases it may belong to."""
    rows = [{"payment_id": payment_id, "case_id": case_id, "since": since} for case_id in case_ids[:CANDIDATES_MAX]]
    insert_ignore(tx, CANDIDATE, rows)


def drop_candidates(tx: Connection, payment_ids: Iterable[str]) -> None:
    """End what unmatched payments held: they found their case, or left."""
    for piece in chunks(sorted(set(payment_ids))):
        tx.execute(delete(CANDIDATE).where(any_of(tx, CANDIDATE.c.payment_id, piece)))


def candidates_of(tx: Connection, case_ids: Iterable[str]) -> dict[str, int]:
    """Return how many unmatched payments hold each case."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(case_ids))):
        query = select(CANDIDATE.c.case_id, func.count()).where(any_of(tx, CANDIDATE.c.case_id, piece))
        found.update({case_id: int(n) for case_id, n in tx.execute(query.group_by(CANDIDATE.c.case_id))})
    return found


def put_bank_days(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store bank days as completed (``account, day, count, sum_ore, completed_by, completed_at``), not booked yet."""
    values = [{**row, "booked": False} for row in rows]
    upsert(tx, BANK_DAY, values, key=["account", "day"], update=["count", "sum_ore", "completed_by", "completed_at"])


def check_bank_days(tx: Connection, days: Iterable[tuple[str, date]]) -> None:
    """Mark each completed day as booked exactly when our entries are its count and sum."""
    wanted = set(days)
    accounts = {account for account, _ in wanted}
    span = {"first": min(day for _, day in wanted), "last": max(day for _, day in wanted)} if wanted else {}
    for piece in chunks(sorted(accounts)):
        between = _COMPLETED.of(tx, piece, **span).all()
        completed = [row for row in between if (row.account, row.day) in wanted]
        if not completed:
            continue
        query = (
            select(ENTRY.c.account, ENTRY.c.day, func.count(), func.sum(ENTRY.c.amount_ore))
            .where(tuple_(ENTRY.c.account, ENTRY.c.day).in_([(row.account, row.day) for row in completed]))
            .group_by(ENTRY.c.account, ENTRY.c.day)
        )
        ours = {(account, day): (count, int(total)) for account, day, count, total in tx.execute(query)}
        for row in completed:
            booked = ours.get((row.account, row.day), (0, 0)) == (row.count, row.sum_ore)
            if booked != row.booked:
                where = (BANK_DAY.c.account == row.account, BANK_DAY.c.day == row.day)
                tx.execute(update(BANK_DAY).where(*where).values(booked=booked))


def unbooked_days(tx: Connection, limit: int) -> list[UnbookedDay]:
    """Return the completed bank days whose count or sum is not that of our entries, oldest first."""
    ours = (ENTRY.c.account == BANK_DAY.c.account) & (ENTRY.c.day == BANK_DAY.c.day)
    query = (
        select(
            *(BANK_DAY.c[name] for name in ("account", "day", "completed_at")),
            BANK_DAY.c.count.label("bank_count"),
            BANK_DAY.c.sum_ore.label("bank_ore"),
            func.count(ENTRY.c.entry_id).label("ledger_count"),
            func.coalesce(func.sum(ENTRY.c.amount_ore), 0).label("ledger_ore"),
        )
        .select_from(BANK_DAY.outerjoin(ENTRY, ours))
        .where(BANK_DAY.c.booked.is_(False))
        .group_by(BANK_DAY.c.account, BANK_DAY.c.day)
        .order_by(BANK_DAY.c.day, BANK_DAY.c.account)
        .limit(limit)
    )
    return [UnbookedDay(**{**row, "ledger_ore": int(row["ledger_ore"])}) for row in tx.execute(query).mappings()]


def count_unbooked_days(tx: Connection) -> int:
    """Count the completed bank days that our entries do not add up to."""
    return int(tx.execute(select(func.count()).select_from(BANK_DAY).where(BANK_DAY.c.booked.is_(False))).scalar_one())


def booked_days(tx: Connection, account: str, first: date, last: date) -> frozenset[date]:
    """Return the bank days from ``first`` to ``last`` of which every entry is in the ledger."""
    query = select(BANK_DAY.c.day).where(
        BANK_DAY.c.account == account, BANK_DAY.c.day >= first, BANK_DAY.c.day <= last, BANK_DAY.c.booked.is_(True)
    )
    return frozenset(tx.execute(query).scalars())


def put_refund(tx: Connection, refund: Refund) -> None:
    """Store a refund, or what became of it."""
    columns = [name for name in Refund.__slots__ if name != "refund_id"]
    row = {name: getattr(refund, name) for name in Refund.__slots__}
    upsert(tx, REFUND, [row], key=["refund_id"], update=columns)


def find_refund(tx: Connection, refund_id: str, *, lock: bool = False) -> Refund | None:
    """Return a refund."""
    if lock:
        lock_rows(tx, REFUND, "refund_id", [refund_id])
    row = tx.execute(select(REFUND).where(REFUND.c.refund_id == refund_id)).mappings().first()
    return Refund(**row) if row else None


def refunds_of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[Refund]]:
    """Return the refunds of the cases by case."""
    found: dict[str, list[Refund]] = {}
    for piece in chunks(sorted(set(case_ids))):
        query = select(REFUND).where(any_of(tx, REFUND.c.case_id, piece)).order_by(REFUND.c.refund_id)
        for row in tx.execute(query).mappings():
            found.setdefault(row["case_id"], []).append(Refund(**row))
    return found


def reserved_from_suspense(tx: Connection, payment_id: str) -> int:
    """Return how much of a payment is reserved for, or has gone, back to its sender from suspense."""
    query = select(func.coalesce(func.sum(REFUND.c.amount_ore), 0)).where(
        REFUND.c.payment_id == payment_id,
        REFUND.c.source == "suspense",
        REFUND.c.state.in_(["reserved", "settled"]),
    )
    return int(tx.execute(query).scalar_one())
