"""Values: equal and hashed by what they are made of, made by keyword, and with no room for anything else."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

from shared.values import names_of, value


@value
class Part:
    kind: str
    amount_ore: int = 0


@value
class Named(Part):
    about: tuple[str, ...] = field(default=())


def test_values_are_equal_and_hashed_by_their_fields() -> None:
    one, same, other = Part(kind="fee", amount_ore=5), Part(kind="fee", amount_ore=5), Part(kind="fee")
    assert one == same
    assert one != other
    assert {one, same, other} == {one, other}
    assert replace(other, amount_ore=5) == one


def test_a_value_is_made_by_keyword_and_has_no_room_for_more() -> None:
    with pytest.raises(TypeError):
        Part("fee", 5)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        object.__setattr__(Part(kind="fee"), "colour", "red")


def test_a_values_fields_are_named_in_their_order_inherited_ones_first() -> None:
    assert names_of(Named) == ("kind", "amount_ore", "about")
    assert Named(kind="fee", about=("a",)) != Part(kind="fee")
