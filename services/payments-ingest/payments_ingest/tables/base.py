"""The metadata that every table of payments-ingest hangs on."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.tables import naming

ID = 36
"""Length of an identity: a UUID in its text form."""

DIGEST = 32
"""Length of a stored digest in hexadecimal."""


class Model(SQLModel, registry=registry(metadata=MetaData(naming_convention=naming))):
    """Base of the tables of this service; SQLModel declares them, Core statements in ``store`` use them."""
