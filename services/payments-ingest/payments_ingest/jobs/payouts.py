"""Writes payment files for the bank into ``bank/outbox``, where whatever carries them to the bank takes them."""

from __future__ import annotations

import os

from payments_ingest.deps import Deps, deps_of
from payments_ingest.sources.spool import folder, sync
from payments_ingest.store.refunds import refunds_to_send
from payments_ingest.usecases.payouts import Outgoing, mark_sent, next_outgoing, plan_file
from shared.failpoints import reach
from shared.service import Service

OUTBOX = "outbox"


def send_payouts(service: Service) -> int:
    """Write the next payment file, or decide one from what is reserved; returns how many refunds moved on."""
    deps = deps_of(service)
    with service.db.read() as tx:
        outgoing = next_outgoing(tx, deps)
        reserved = bool(refunds_to_send(tx, 1))
    if outgoing is not None:
        _put(deps, outgoing)
        reach("payments-ingest.payouts.written")
        with service.uow() as uow:
            mark_sent(uow, outgoing)
        return len(outgoing.refund_ids)
    if not reserved:
        return 0
    with service.uow() as uow:
        return plan_file(uow, deps)


def _put(deps: Deps, outgoing: Outgoing) -> None:
    """Lay the file in the outbox whole, under its message id; the same file over itself when done twice."""
    target = folder(deps.settings, OUTBOX) / f"{outgoing.message_id}.xml"
    temporary = target.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(outgoing.content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)
    sync(target.parent)
