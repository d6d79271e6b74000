"""Every pitfall is shown by a test that exists, bears its number, asserts something, and fails under the naive rule."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from law.mutants import replaced, rewritten
from law.register import PITFALLS
from support import ladders, letters, money_book
from support.claims import TODAY
from support.counter import counter

from claims_api.domain import (
    accrual,
    allocation,
    claim_types,
    court_fees,
    demand,
    fees,
    interest,
    salaer,
)
from claims_api.domain.claim_types import CLAIM_TYPES
from claims_api.usecases import erasure, judging
from claims_api.usecases.requests import deferrals
from claims_api.usecases.requests.acknowledging import acknowledge
from escalation.domain import day
from escalation.domain.planner import Planner
from escalation.domain.policy import Book
from shared import calendar, law

ROOT = Path(__file__).parents[2]


def test_all_thirty_nine_are_in_the_register_and_no_other() -> None:
    assert list(PITFALLS) == list(range(1, 40))
    assert all(pitfall.mistake and pitfall.law and pitfall.shown_by for pitfall in PITFALLS.values())


@pytest.mark.parametrize("number", PITFALLS)
def test_each_is_shown_by_tests_that_exist_and_can_fail(number: int) -> None:
    for node in PITFALLS[number].shown_by:
        function = found(node)
        assert asserts_something(function), node
        assert not [mark for mark in function.decorator_list if "skip" in ast.dump(mark) or "xfail" in ast.dump(mark)]
    assert any(f"::test_pitfall_{number:02d}_" in node for node in PITFALLS[number].shown_by)


def test_no_test_bears_a_number_that_the_register_does_not_know_it_by() -> None:
    named = {node for pitfall in PITFALLS.values() for node in pitfall.shown_by}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for function in functions(path):
            if function.startswith("test_pitfall_"):
                number = int(function.removeprefix("test_pitfall_")[:2])
                assert number in PITFALLS
                node = f"{path.relative_to(ROOT)}::{function}"
                assert node in named or path.is_relative_to(ROOT / "tests/law"), node


# -- each test fails under the rule that a naive implementation would follow

Wrong = Callable[[ModuleType], AbstractContextManager[None]]


def code(function: Callable[..., Any], old: str, new: str) -> Wrong:
    return lambda module: rewritten(function, old, new)


def printed(old: str, new: str) -> Wrong:
    """The letter says something else."""
    said = letters.text_of
    return lambda module: replaced(letters, "text_of", lambda pdf: said(pdf).replace(old, new))


@contextmanager
def municipal_namsmann(module: ModuleType) -> Iterator[None]:
    routes = tuple(replace(route, body="kemner") for route in ladders.BOOK.routes)
    with replaced(ladders.BOOK, "routes", routes):
        yield


@contextmanager
def board_in_the_letter(module: ModuleType) -> Iterator[None]:
    class Wording:
        def rglob(self, pattern: str) -> list[Wording]:
            return [self]

        def read_text(self, encoding: str) -> str:
            return "Du kan klage til Finansklagenemnda."

    with replaced(module, "TEMPLATES", Wording()):
        yield


@contextmanager
def names_that_tell(module: ModuleType) -> Iterator[None]:
    told = {name: replace(kind, service_name=name) for name, kind in CLAIM_TYPES.items()}
    with replaced(module, "CLAIM_TYPES", told):
        yield


def time_that_acknowledges(module: ModuleType) -> AbstractContextManager[None]:
    """More time for the debtor is taken for an acknowledgement of the debt."""
    given = deferrals._give

    def give(uow: Any, deps: Any, case: Any, request: Any, about: Any, **by: Any) -> Any:
        acknowledge(uow, deps, about, request.request_id, case.last_recorded_at)
        return given(uow, deps, case, request, about, **by)

    return replaced(deferrals, "_give", give)


NAIVE: Mapping[int, Wrong] = {
    1: code(demand._own_cost, "if claim.regime is FeeRegime.OWN_FEES:", "if False:"),
    2: code(fees.letter_fee, "act_2026 = rules.act_2026_on(sent_on)", "act_2026 = False"),
    3: code(fees._refused, "if sent_on < earliest:", "if False:"),
    4: code(fees._small_refused, " or not _missed(small[-1], sent_on, rules)", ""),
    5: code(fees._charged_since_reset, "if counting and sent_on >", "if False and sent_on >"),
    6: code(demand.gives_too_little_time, "return sent_on >", "return False and sent_on >"),
    7: code(demand.first_day_after, "rules.after_grace(last.deadline)", "last.deadline"),
    8: code(calendar.deadline_after, "next_working_day(sent_on + timedelta(days=days))", "sent_on + timedelta(days)"),
    9: code(salaer.heavy_from, "days + 1", "days"),
    10: code(salaer.foreign_collection, "exact *= Fraction(factor)", "exact *= Fraction(factor) + heavy"),
    11: code(salaer._light, 'rates.row("inkassosats", paid_on)', 'rates.row("inkassosats", claim.due_date)'),
    12: code(judging._fee_claim, "claim.original_principal_ore", "seen.owed[claim.claim_id].balance.principal_ore"),
    13: code(fees._rounding, "Rounding.KRONE_HALF_UP if whole_kroner else", ""),
    14: code(interest._segment, "table.on(first_counted)", "table.rows[0]"),
    15: code(
        accrual.principal_steps,
        "row.effect(Account.PRINCIPAL)",
        "row.effect(Account.PRINCIPAL) + row.effect(Account.FEES)",
    ),
    16: code(claim_types.interest_from, "if basis is InterestBasis.NONE:", "if False:"),
    17: code(interest._base_on, "if step.day > day:", "if base:"),
    18: code(allocation.allocate, "for account in order:", "for account in VOLUNTARY:"),
    19: code(court_fees.standard_compensation, "if business_debtor:", "if True:"),
    20: code(demand.demand_fee, "return fee\n", "return Traced(value=fee.value * len(claims), trace=fee.trace)\n"),
    21: code(demand._refuse_claim, "(claim.disputed, Refusal.DISPUTED),", ""),
    22: code(Planner._expiry, "until=usable.value, wake=wake", "until=usable.value, wake=None"),
    23: code(
        Planner._legal_on,
        "deadlines.legal_ready(claim.demand.deadline, self.policy(claim)).value",
        "claim.demand.sent_on",
    ),
    24: code(Book.route, 'route.dispute_body in ("*", dispute_body)', "True"),
    25: municipal_namsmann,
    26: code(day._propose, "judged = claim.judged_on is not None", "judged = False"),
    27: time_that_acknowledges,
    28: code(salaer.plan_addition, " and not after_legal_step", ""),
    29: board_in_the_letter,
    30: printed("Inkassovarsel", "Betalingsvarsel"),
    31: printed("kan det også komme flere kostnader i tillegg", "vil det påløpe kostnader i tillegg"),
    32: code(fees.letter_fee, 'f"own_letter_{size}", claim.due_date', 'f"own_letter_{size}", sent_on'),
    33: code(court_fees.court_fee, "rates.row(step.value, filed_on)", "rates.table(step.value).rows[0]"),
    34: code(erasure.erase_debtor, "if uow.today <= kept_to:", "if False:"),
    35: code(fees._refused, "if claim.minor:", "if False:"),
    36: code(interest._segment, "366 if leap else 365", "366 if isleap(lower.year) else 365"),
    37: code(
        money_book.MoneyBook.demand,
        "self.demands[demand.demand_id] = demand",
        "self.demands[f'{self.arrivals}'] = replace(demand, demand_id=f'{self.arrivals}')",
    ),
    38: code(law.RateTable.covers, " <= day <= self.last_day", " <= day"),
    39: names_that_tell,
}


@pytest.mark.parametrize("number", PITFALLS)
def test_the_naive_rule_makes_the_first_test_of_each_fail(number: int, tmp_path: Path) -> None:
    path, name = PITFALLS[number].shown_by[0].split("::")
    module = loaded(path)
    (tmp_path / "right").mkdir()
    (tmp_path / "wrong").mkdir()
    run(getattr(module, name), tmp_path / "right")
    with NAIVE[number](module), pytest.raises((AssertionError, LookupError, ValueError, pytest.fail.Exception)):
        run(getattr(module, name), tmp_path / "wrong")


def run(test: Callable[..., None], folder: Path) -> None:
    """Call a test with what its arguments ask for."""
    wanted = set(inspect.signature(test).parameters)
    given: dict[str, Any] = {"renderer": letters.renderer() if "renderer" in wanted else None, "tmp_path": folder}
    if "office" not in wanted:
        test(**{name: given[name] for name in wanted})
        return
    with counter(folder, TODAY) as office:
        test(office=office)


@cache
def loaded(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"shown_{Path(path).stem}", ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def functions(path: Path) -> Mapping[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def found(node: str) -> ast.FunctionDef:
    path, name = node.split("::")
    assert (ROOT / path).is_file(), node
    assert name in functions(ROOT / path), node
    return functions(ROOT / path)[name]


def asserts_something(function: ast.FunctionDef) -> bool:
    """Tell whether the body asserts about a computed value, or expects an error."""
    checks = [node.test for node in ast.walk(function) if isinstance(node, ast.Assert)]
    computed = [test for test in checks if not isinstance(test, ast.Constant)]
    return bool(computed) or any(
        "raises" in ast.dump(node) for node in ast.walk(function) if isinstance(node, ast.With)
    )
