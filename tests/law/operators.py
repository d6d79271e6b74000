"""What is changed in a rule to see whether the golden set notices: one place at a time, the way people get it wrong."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from types import CodeType
from typing import Any

from law.mutants import compiled, source_of

from claims_api.domain.rates import Rates
from shared.law import RateTable

STEP = {"percent_pa": "0.01", "fraction": "0.01", "factor": "0.01"}
_OTHER_WAY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OTHER_SIGN: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add}
_ROUNDINGS = ("ORE_HALF_UP", "KRONE_HALF_UP", "KRONE_DOWN")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRate:
    """One changed row: the table, what was done, and the rates with it."""

    table: str
    what: str
    rates: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCode:
    """One changed place of a function."""

    function: Callable[..., Any]
    what: str
    code: CodeType


def wrong_rates(rates: Rates) -> Iterator[WrongRate]:
    """Change every row's value up and down and its first day by one, and every announced end by one."""
    for name, table in rates.tables.items():
        step = Decimal(STEP.get(table.unit, "1"))
        for at, row in enumerate(table.rows):
            for by in (step, -step):
                yield _wrong(rates, table, f"{row.valid_from} {row.value} {by:+}", at, value=row.value + by)
            for days in (1, -1):
                moved = row.valid_from + timedelta(days=days)
                yield _wrong(rates, table, f"{row.valid_from} {row.value} {days:+} day", at, valid_from=moved)
        if table.known_to.year < 2099:
            for days in (1, -1):
                changed = replace(table, known_to=table.known_to + timedelta(days=days))
                yield WrongRate(table=name, what=f"known_to {days:+} day", rates=_with(rates, changed))


def _wrong(rates: Rates, table: RateTable, what: str, at: int, **changes: Any) -> WrongRate:
    rows = list(table.rows)
    rows[at] = replace(rows[at], **changes)
    return WrongRate(table=table.name, what=what, rates=_with(rates, replace(table, rows=tuple(rows))))


def _with(rates: Rates, table: RateTable) -> Rates:
    return Rates(tables={**rates.tables, table.name: table})


def wrong_code(function: Callable[..., Any]) -> Iterator[WrongCode]:
    """Change a function in every place an operator knows: comparisons, numbers, signs and roundings."""
    tree = ast.parse(source_of(function))
    for number, node in enumerate(ast.walk(tree)):
        for variant, (what, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            victim = next(one for at, one in enumerate(ast.walk(changed)) if at == number)
            list(_changes(victim))[variant][1]()
            line = getattr(node, "lineno", 0)
            yield WrongCode(
                function=function,
                what=f"{function.__qualname__}:{line}: {what}",
                code=compiled(function, changed),
            )


Change = tuple[str, Callable[[], None]]


def _changes(node: ast.AST) -> list[Change]:
    """Return what can be done to a node: a description, and the doing of it."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER_WAY:
        other = _OTHER_WAY[type(node.ops[0])]
        return [(f"{ast.unparse(node)} by {other.__name__}", lambda: node.ops.__setitem__(0, other()))]
    if isinstance(node, ast.BinOp) and type(node.op) in _OTHER_SIGN:
        sign = _OTHER_SIGN[type(node.op)]
        return [(f"{ast.unparse(node)} by {sign.__name__}", lambda: setattr(node, "op", sign()))]
    if isinstance(node, ast.Constant) and type(node.value) is int:
        value = node.value
        return [(f"{value} as {value + by}", lambda by=by: setattr(node, "value", value + by)) for by in (1, -1)]
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Rounding":
        others = [name for name in _ROUNDINGS if name != node.attr]
        return [(f"{node.attr} as {name}", lambda name=name: setattr(node, "attr", name)) for name in others]
    if isinstance(node, ast.BoolOp):
        junction = ast.And if isinstance(node.op, ast.Or) else ast.Or
        return [(f"{ast.unparse(node)} by {junction.__name__}", lambda: setattr(node, "op", junction()))]
    if isinstance(node, ast.IfExp):
        return [(f"{ast.unparse(node)} the other way", lambda: _swap(node))]
    return []


def _swap(node: ast.IfExp) -> None:
    node.body, node.orelse = node.orelse, node.body
