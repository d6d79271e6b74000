"""Debtors as matching knows them, hashed, and what is blanked when one is erased."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select, update

from payments_ingest.store.known import ACCOUNTS, NAMES, PARTIES
from payments_ingest.store.payments import PAYMENTS
from payments_ingest.store.queue import ALLOCATIONS
from payments_ingest.store.refunds import REFUNDS
from shared.db import chunks, insert_ignore, upsert


def versions(tx: Connection, debtor_refs: Collection[str]) -> dict[str, int]:
    """Return the newest version seen of debtors' records."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(debtor_refs)):
        query = select(PARTIES.c.debtor_ref, PARTIES.c.version).where(PARTIES.c.debtor_ref.in_(piece))
        found.update({row.debtor_ref: row.version for row in tx.execute(query)})
    return found


def put_party(tx: Connection, debtor_ref: str, version: int, parts: Iterable[str], *, erased: bool) -> None:
    """Record a debtor's newest version and the hashed parts of the name, instead of those recorded before."""
    row = {"debtor_ref": debtor_ref, "version": version, "erased": erased}
    upsert(tx, PARTIES, [row], key=["debtor_ref"], update=["version", "erased"])
    tx.execute(delete(NAMES).where(NAMES.c.debtor_ref == debtor_ref))
    insert_ignore(tx, NAMES, [{"debtor_ref": debtor_ref, "part": part} for part in sorted(parts)])


def blank_payer_data(tx: Connection, case_ids: Collection[str]) -> None:
    """Blank name, account and text of every payment that lies or lay on these cases, and the accounts learned there."""
    for piece in chunks(sorted(case_ids)):
        on_case = select(ALLOCATIONS.c.payment_id).where(ALLOCATIONS.c.case_id.in_(piece))
        tx.execute(
            update(PAYMENTS)
            .where(PAYMENTS.c.payment_id.in_(on_case) | PAYMENTS.c.linked_to.in_(on_case))
            .values(payer_name=None, payer_account=None, payer_bic=None, message="", references=[])
        )
        receiver = {"to_name": None, "to_account": None, "to_bic": None}
        tx.execute(update(REFUNDS).where(REFUNDS.c.case_id.in_(piece)).values(receiver))
        tx.execute(delete(ACCOUNTS).where(ACCOUNTS.c.case_id.in_(piece)))
