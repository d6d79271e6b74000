"""How much waits for a person: the queue, moves and refunds that need a second one, files that are held."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, select

from payments_ingest.domain.files import FileState
from payments_ingest.domain.lines import QUEUED
from payments_ingest.domain.refunds import GAVE_UP, RefundState
from payments_ingest.store.files import FILES
from payments_ingest.store.payments import PAYMENTS
from payments_ingest.store.queue import APPROVALS
from payments_ingest.store.refunds import REFUNDS

KINDS = (
    *sorted(str(state) for state in QUEUED),
    *("overdue", "move", "refund", "refund_without_receiver", "refund_failed", "file"),
)
"""What may wait: payments by state, those of them past their date, moves between debtors, refunds, held files.

``refund_without_receiver``: proposed, and the bank named no account. ``refund_failed``: a case's, at an end that paid
nobody, and not tried again.
"""


def count_waiting(tx: Connection, today: date) -> dict[str, int]:
    """Return how many of each of ``KINDS`` wait."""
    queued = PAYMENTS.c.state.in_(sorted(QUEUED))
    states = select(PAYMENTS.c.state, func.count()).where(queued).group_by(PAYMENTS.c.state)
    found = dict.fromkeys(KINDS, 0) | {str(state): int(count) for state, count in tx.execute(states)}
    again = REFUNDS.alias()
    tried = select(again.c.refund_id).where(again.c.again_of == REFUNDS.c.refund_id)
    failed = (REFUNDS.c.source == "overpaid") & REFUNDS.c.state.in_(sorted(GAVE_UP)) & ~tried.exists()
    proposed = REFUNDS.c.state == RefundState.PROPOSED
    counts = {
        "overdue": select(func.count()).where(queued, PAYMENTS.c.due_on < today),
        "move": select(func.count()).where(APPROVALS.c.state == "waiting"),
        "refund": select(func.count()).where(proposed),
        "refund_without_receiver": select(func.count()).where(proposed, REFUNDS.c.to_account.is_(None)),
        "refund_failed": select(func.count()).where(failed),
        "file": select(func.count()).where(FILES.c.state == FileState.HELD),
    }
    return found | {what: int(tx.execute(query).scalar_one()) for what, query in counts.items()}
