"""What claims-api knows of the documents that others keep."""

from __future__ import annotations

from datetime import date

from sqlmodel import Field

from claims_api.tables.base import ID, Model


class DocumentRow(Model, table=True):
    """A document that was handed in (dokument): whose it is and what it holds, as notifications told.

    ``unit`` null and ``debtor_ref`` null: the desk's own.
    """

    __tablename__ = "document"

    document_id: str = Field(primary_key=True, max_length=80)
    unit: str | None = Field(default=None, max_length=60)
    debtor_ref: str | None = Field(default=None, max_length=ID)
    sha256: str = Field(max_length=64)
    received_on: date
