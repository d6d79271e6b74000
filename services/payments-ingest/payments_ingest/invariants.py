"""What must always hold in this service's database; each check is one read that returns what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, func, select

from payments_ingest.domain.files import FileState, Step
from payments_ingest.domain.lines import PaymentState
from payments_ingest.store.days import DAYS, BankDay
from payments_ingest.store.files import FILES, STAGED
from payments_ingest.store.payments import PAYMENTS, day_sums
from payments_ingest.store.queue import ALLOCATIONS

LISTED_MAX = 20


def allocated_exactly(tx: Connection) -> list[str]:
    """A matched payment lies on cases with exactly its amount; any other lies on none."""
    allocated = (
        select(ALLOCATIONS.c.payment_id, func.sum(ALLOCATIONS.c.amount_ore).label("total"))
        .where(ALLOCATIONS.c.active.is_(True))
        .group_by(ALLOCATIONS.c.payment_id)
        .subquery()
    )
    total = func.coalesce(allocated.c.total, 0)
    matched = PAYMENTS.c.state == PaymentState.MATCHED
    query = (
        select(PAYMENTS.c.payment_id)
        .select_from(PAYMENTS.outerjoin(allocated, allocated.c.payment_id == PAYMENTS.c.payment_id))
        .where((matched & (total != PAYMENTS.c.amount_ore)) | (~matched & (total != 0)))
        .limit(LISTED_MAX)
    )
    return list(tx.execute(query).scalars())


def released_wholly(tx: Connection) -> list[str]:
    """A file that is done has released every payment it was proved to hold, and has nothing staged."""
    left = select(STAGED.c.file_id).distinct()
    done = FILES.c.step == Step.DONE
    accepted = FILES.c.state.in_([FileState.ACCEPTED, FileState.PARTLY_ACCEPTED])
    wrong = (done & FILES.c.file_id.in_(left)) | (accepted & (FILES.c.released_count != FILES.c.staged_count))
    return list(tx.execute(select(FILES.c.file_id).where(wrong).limit(LISTED_MAX)).scalars())


def published_as_booked(tx: Connection) -> list[str]:
    """A complete bank day was published with the count and sum that are booked on it."""
    if tx.execute(select(FILES.c.file_id).where(FILES.c.step == Step.STAGED).limit(1)).first():
        return []  # a late file is being released: its days are published again when it is done
    rows = tx.execute(select(DAYS).where(DAYS.c.complete.is_(True)).order_by(DAYS.c.day.desc()).limit(400)).all()
    booked = day_sums(tx, {(row.account, row.day) for row in rows})
    days = [BankDay(**row._mapping) for row in rows]
    return [
        f"{one.account}:{one.day}"
        for one in days
        if booked.get((one.account, one.day), (0, 0)) != (one.count, one.sum_ore)
    ][:LISTED_MAX]


_CHECKS: Mapping[str, Callable[[Connection], list[str]]] = {
    "allocations are not the amount of": allocated_exactly,
    "not wholly released": released_wholly,
    "not published as booked": published_as_booked,
}


def violations(tx: Connection) -> list[str]:
    """Return everything that is broken, in words; empty when all is well."""
    return [f"{what}: {one}" for what, check in _CHECKS.items() for one in check(tx)]
