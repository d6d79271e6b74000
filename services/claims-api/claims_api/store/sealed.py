"""Every sealed field there is: where it lies, which keys are in use, and sealing anew under the current key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select, update

from claims_api.crypto import SealedField
from claims_api.tables import ClaimRow, DebtorRow, RepresentativeRow, RequestTextRow, WebhookRow
from shared.db import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed values: its table, the row's id, the value and the id of its key."""

    table: Table
    row_id: str
    data: str
    key: str

    def place(self, row_id: str) -> str:
        """Return the place that a value of this column is bound to."""
        return f"{self.table.name}|{self.data}|{row_id}"


DEBTOR_ID = SealedColumn(table=table_of(DebtorRow), row_id="debtor_ref", data="id_sealed", key="id_key")
REPRESENTATIVE_ID = SealedColumn(table=table_of(RepresentativeRow), row_id="debtor_ref", data="id_sealed", key="id_key")
CLAIM_TEXT = SealedColumn(table=table_of(ClaimRow), row_id="claim_id", data="sealed", key="sealed_key")
REQUEST_TEXT = SealedColumn(table=table_of(RequestTextRow), row_id="text_id", data="sealed", key="sealed_key")
WEBHOOK_SECRET = SealedColumn(table=table_of(WebhookRow), row_id="webhook_id", data="secret", key="secret_key")

COLUMNS: Sequence[SealedColumn] = (DEBTOR_ID, REPRESENTATIVE_ID, CLAIM_TEXT, REQUEST_TEXT, WEBHOOK_SECRET)


def keys_in_use(tx: Connection) -> set[str]:
    """Return the ids of all field keys that stored values need."""
    used: set[str] = set()
    for column in COLUMNS:
        key = column.table.c[column.key]
        used.update(str(name) for name in tx.execute(select(key).where(key.is_not(None)).distinct()).scalars())
    return used


def sealed_otherwise(tx: Connection, column: SealedColumn, key_id: str, limit: int) -> list[tuple[str, bytes, str]]:
    """Return (row id, value, key id) of values of a column that are not sealed with ``key_id``."""
    table = column.table
    row_id, data, key = table.c[column.row_id], table.c[column.data], table.c[column.key]
    query = select(row_id, data, key).where(key.is_not(None), key != key_id).order_by(row_id).limit(limit)
    return [(ref, value, name) for ref, value, name in tx.execute(query)]


def replace_sealed(tx: Connection, column: SealedColumn, row_id: str, sealed: SealedField) -> None:
    """Store a value that was sealed anew; nothing else about its row changes."""
    table = column.table
    tx.execute(
        update(table)
        .where(table.c[column.row_id] == row_id)
        .values({column.data: sealed.data, column.key: sealed.key_id})
    )
