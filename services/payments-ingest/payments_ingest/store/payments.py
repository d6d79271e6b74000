"""Payments, their allocations, suggestions and what waits for a second person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, or_, select, text, tuple_, update
from sqlalchemy.sql import bindparam

from payments_ingest.domain.identity import Seen, Standing
from payments_ingest.domain.lines import WAITING, Line, LineKind, Payment, PaymentState
from payments_ingest.tables import AllocationRow, PaymentRow, WantedNumberRow
from payments_ingest.tables.payments import NOT_MATCHED
from shared.db import any_of, chunks, insert_ignore, insert_rows, lock_rows, table_of

PAYMENTS = table_of(PaymentRow)
ALLOCATIONS = table_of(AllocationRow)
WANTED = table_of(WantedNumberRow)
_COLUMNS = [PAYMENTS.c[field.name] for field in fields(Payment)]
_SEEN_COLUMNS = [
    PAYMENTS.c[name]
    for name in (
        *("payment_id", "file_id", "position", "channel", "kind", "account", "day", "amount_ore", "kid"),
        *("channel_key", "fingerprint", "booked", "state", "linked_to"),
    )
]
NEAR = timedelta(days=14)
"""More days than three bank days ever span: Easter with a weekend on each side."""

_STANDING = {
    PaymentState.LINKED: Standing.LINKED,
    PaymentState.POSSIBLE_DUPLICATE: Standing.POSSIBLE_DUPLICATE,
    PaymentState.DUPLICATE: Standing.DUPLICATE,
}


def _payment(row: Row[Any]) -> Payment:
    values = dict(row._mapping)
    return Payment(**{**values, "references": tuple(values["references"]), "flags": tuple(values["flags"])})


def insert_payments(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record payments."""
    insert_rows(tx, PAYMENTS, rows)


def find_payment(tx: Connection, payment_id: str) -> Payment | None:
    """Return a payment."""
    row = tx.execute(select(*_COLUMNS).where(PAYMENTS.c.payment_id == payment_id)).first()
    return _payment(row) if row else None


def lock_payment(tx: Connection, payment_id: str) -> Payment | None:
    """Return a payment with its row locked."""
    lock_rows(tx, PAYMENTS, "payment_id", [payment_id])
    return find_payment(tx, payment_id)


def find_payments(tx: Connection, payment_ids: Iterable[str], *, lock: bool = False) -> list[Payment]:
    """Return payments in the order of their ids."""
    ids = sorted(set(payment_ids))
    if lock:
        lock_rows(tx, PAYMENTS, "payment_id", ids)
    found: list[Payment] = []
    for piece in chunks(ids):
        query = select(*_COLUMNS).where(PAYMENTS.c.payment_id.in_(piece)).order_by(PAYMENTS.c.payment_id)
        found.extend(_payment(row) for row in tx.execute(query))
    return found


def list_payments(
    tx: Connection,
    *,
    states: Collection[str],
    case_id: str | None,
    file_id: str | None,
    account: str | None,
    assigned_to: str | None,
    due_by: date | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[Payment]:
    """Return payments, oldest bank day first, keyset-paged by day and id; empty ``states`` means any."""
    query = select(*_COLUMNS).order_by(PAYMENTS.c.day, PAYMENTS.c.payment_id).limit(limit)
    if states:
        query = query.where(PAYMENTS.c.state.in_(sorted(states)))
    if case_id is not None:
        on_case = select(ALLOCATIONS.c.payment_id).where(
            ALLOCATIONS.c.case_id == case_id, ALLOCATIONS.c.active.is_(True)
        )
        was_on_case = select(PAYMENTS.c.payment_id).where(PAYMENTS.c.case_id == case_id, text(NOT_MATCHED))
        query = query.where(PAYMENTS.c.payment_id.in_(on_case.union(was_on_case)))
    for column, value in (("file_id", file_id), ("account", account), ("assigned_to", assigned_to)):
        if value is not None:
            query = query.where(PAYMENTS.c[column] == value)
    if due_by is not None:
        query = query.where(PAYMENTS.c.due_on <= due_by)
    if after is not None:
        query = query.where(tuple_(PAYMENTS.c.day, PAYMENTS.c.payment_id) > tuple_(*after))
    return [_payment(row) for row in tx.execute(query)]


def split_of(tx: Connection, payment_id: str) -> list[dict[str, Any]]:
    """Return the split that matching proposed."""
    return list(tx.execute(select(PAYMENTS.c.split).where(PAYMENTS.c.payment_id == payment_id)).scalar_one())


def update_payment(tx: Connection, payment_id: str, **values: Any) -> None:
    """Set columns of a payment."""
    tx.execute(update(PAYMENTS).where(PAYMENTS.c.payment_id == payment_id).values(**values))


def update_payments(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set state, reason, case_id, split and version of many payments (rows keyed ``of_payment`` and ``new_…``)."""
    if rows:
        columns = ("state", "reason", "case_id", "split", "version")
        tx.execute(
            update(PAYMENTS)
            .where(PAYMENTS.c.payment_id == bindparam("of_payment"))
            .values({name: bindparam(f"new_{name}") for name in columns}),
            list(rows),
        )


def seen_like(tx: Connection, lines: Sequence[Line]) -> list[Seen]:
    """Return everything released before that could be the same as one of these lines, in the order it was released.

    Equal by channel key, which lines of one fingerprint share; near in the other channel by KID and day.
    """
    if not lines:
        return []
    days = [line.day for line in lines]
    near = (
        PAYMENTS.c.channel.not_in({line.channel for line in lines}),
        PAYMENTS.c.day.between(min(days) - NEAR, max(days) + NEAR),
    )
    found: dict[str, Row[Any]] = {}
    for column, values, more in (
        ("channel_key", {line.channel_key for line in lines}, ()),
        ("kid", {line.kid for line in lines if line.kid}, near),
    ):
        for piece in chunks(sorted(values)):
            query = select(*_SEEN_COLUMNS).where(any_of(tx, PAYMENTS.c[column], piece), *more)
            found.update({row.payment_id: row for row in tx.execute(query).all()})
    return [_seen(row) for row in sorted(found.values(), key=lambda row: (row.file_id, row.position))]


def _seen(row: Row[Any]) -> Seen:
    standing = Standing.BOOKED if row.booked else _STANDING.get(PaymentState(row.state), Standing.DUPLICATE)
    return Seen(
        payment_id=row.payment_id,
        file_id=row.file_id,
        channel=row.channel,
        kind=row.kind,
        account=row.account,
        day=row.day,
        amount_ore=row.amount_ore,
        kid=row.kid,
        channel_key=row.channel_key,
        fingerprint=row.fingerprint,
        standing=standing,
        linked_to=row.linked_to,
    )


def reversible(tx: Connection, lines: Sequence[Line]) -> list[Payment]:
    """Return the booked credits that these reversals could take back, oldest first."""
    conditions = [
        PAYMENTS.c.kid.in_(sorted({line.kid for line in lines if line.kid})),
        PAYMENTS.c.archive_ref.in_(sorted({line.archive_ref for line in lines if line.archive_ref})),
        PAYMENTS.c.end_to_end_id.in_(sorted({line.end_to_end_id for line in lines if line.end_to_end_id})),
    ]
    query = (
        select(*_COLUMNS)
        .where(
            or_(*conditions),
            PAYMENTS.c.account.in_(sorted({line.account for line in lines})),
            PAYMENTS.c.amount_ore.in_(sorted({line.amount_ore for line in lines})),
            PAYMENTS.c.kind == LineKind.CREDIT,
            PAYMENTS.c.booked.is_(True),
            PAYMENTS.c.state.in_(sorted((*WAITING, PaymentState.MATCHED, PaymentState.RETURNING))),
        )
        .order_by(PAYMENTS.c.day, PAYMENTS.c.payment_id)
    )
    return [_payment(row) for row in tx.execute(query)]


def day_sums(tx: Connection, days: Collection[tuple[str, date]]) -> dict[tuple[str, date], tuple[int, int]]:
    """Return count and signed sum in øre of what is booked on each (account, day)."""
    found: dict[tuple[str, date], tuple[int, int]] = {}
    for account in sorted({account for account, _ in days}):
        for piece in chunks(sorted(day for of, day in days if of == account)):
            query = (
                select(PAYMENTS.c.day, PAYMENTS.c.kind, func.count(), func.sum(PAYMENTS.c.amount_ore))
                .where(PAYMENTS.c.account == account, PAYMENTS.c.day.in_(piece), PAYMENTS.c.booked.is_(True))
                .group_by(PAYMENTS.c.day, PAYMENTS.c.kind)
            )
            for day, kind, count, total in tx.execute(query):
                counted, summed = found.get((account, day), (0, 0))
                signed = int(total) if kind == LineKind.CREDIT else -int(total)
                found[(account, day)] = (counted + count, summed + signed)
    return found


def days_of_file(tx: Connection, file_id: str) -> set[tuple[str, date]]:
    """Return the accounts and days that a file booked something on."""
    query = (
        select(PAYMENTS.c.account, PAYMENTS.c.day)
        .where(PAYMENTS.c.file_id == file_id, PAYMENTS.c.booked.is_(True))
        .distinct()
    )
    return {(account, day) for account, day in tx.execute(query)}


def bank_lines(tx: Connection, account: str, day: date) -> list[tuple[str, int, int]]:
    """Return the lines the bank books a day's payments as: label, count and signed sum in øre."""
    query: Select[Any] = (
        select(PAYMENTS.c.bank_line, PAYMENTS.c.kind, func.count(), func.sum(PAYMENTS.c.amount_ore))
        .where(PAYMENTS.c.account == account, PAYMENTS.c.day == day, PAYMENTS.c.booked.is_(True))
        .group_by(PAYMENTS.c.bank_line, PAYMENTS.c.kind)
        .order_by(PAYMENTS.c.bank_line, PAYMENTS.c.kind)
    )
    found: dict[str, tuple[int, int]] = {}
    for label, kind, count, total in tx.execute(query):
        counted, summed = found.get(label, (0, 0))
        found[label] = (counted + count, summed + (int(total) if kind == LineKind.CREDIT else -int(total)))
    return [(label, count, total) for label, (count, total) in found.items()]


def want_numbers(tx: Connection, rows: Iterable[tuple[str, str]]) -> None:
    """Remember which numbers a waiting payment names that nobody knew: (number, payment)."""
    insert_ignore(tx, WANTED, [{"number": number, "payment_id": payment_id} for number, payment_id in rows])


def waiting_for(tx: Connection, numbers: Collection[str]) -> dict[str, set[str]]:
    """Return the payments that wait for any of these numbers, each with the numbers it waits for."""
    found: dict[str, set[str]] = {}
    for piece in chunks(sorted(numbers)):
        for number, payment_id in tx.execute(
            select(WANTED.c.number, WANTED.c.payment_id).where(WANTED.c.number.in_(piece))
        ):
            found.setdefault(payment_id, set()).add(number)
    return found


def stop_waiting(tx: Connection, payment_ids: Collection[str]) -> None:
    """Forget the numbers that these payments wait for."""
    for piece in chunks(sorted(payment_ids)):
        tx.execute(delete(WANTED).where(WANTED.c.payment_id.in_(piece)))
