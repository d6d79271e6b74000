"""Debit lines: money that left an account settles a payout of ours once, or is an alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from payments_ingest.domain.refunds import RefundState, may_become
from payments_ingest.store import days
from payments_ingest.store.refunds import Refund, lock_refund
from payments_ingest.usecases.refunds import settle
from shared.uow import Uow

UNKNOWN = "unknown_debit"


def take_debits(uow: Uow, file_id: str, debits: Sequence[Mapping[str, Any]]) -> None:
    """Record debit lines; the same line told again, in another file or channel, changes nothing."""
    for debit in debits:
        day = date.fromisoformat(debit["day"])
        refund = lock_refund(uow.tx, debit["end_to_end_id"]) if debit["end_to_end_id"] else None
        mine = refund if refund is not None and refund.amount_ore == debit["amount_ore"] else None
        row = {**debit, "day": day, "file_id": file_id, "refund_id": mine.refund_id if mine else None}
        if not days.put_debit(uow.tx, row):
            continue
        if mine is None:
            _alarm(uow, debit, day)
        elif may_become(mine.state, RefundState.SETTLED):
            settle(uow, mine, account=debit["account"], day=day)
        elif not _told_before(mine):
            _alarm(uow, debit, day)


def _told_before(refund: Refund) -> bool:
    """Both camt.054 and camt.053 tell of the same debit: the second one changes nothing."""
    return refund.state in (RefundState.SETTLED, RefundState.RETURNED)


def _alarm(uow: Uow, debit: Mapping[str, Any], day: date) -> None:
    days.raise_alarm(
        uow.tx,
        f"{UNKNOWN}:{debit['debit_id']}",
        kind=UNKNOWN,
        account=debit["account"],
        day=day,
        facts={"amount_ore": debit["amount_ore"]},
        at=uow.now,
    )
