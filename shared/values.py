"""Values of which a batch makes tens of thousands: nobody may change one, and making one costs no more than it must.

A frozen dataclass guards itself while the program runs and pays for it with every field it is made of: one of fifteen
fields takes three times as long to make as a plain one. Here the type checker does the guarding instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """Make a class a value: fields by keyword, equal and hashed by them, and never set again (mypy refuses it)."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of a value's fields, in their order."""
    return tuple(one.name for one in fields(kind))
