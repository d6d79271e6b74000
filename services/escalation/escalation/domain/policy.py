"""The policy: the numbers behind the dates, which ladder and holds apply, and where a legal step goes.

Loaded strictly from ``ladder.toml`` or a file of the same form. A number below what the law gives the debtor is
refused, so no configuration can make a letter unlawful.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from escalation.domain.cover import CoverRules, Fact
from escalation.domain.ladder import Ladder, LadderError, Owner, read_ladder

DEFAULT_FILE = Path(__file__).with_name("ladder.toml")

BOUNDS = {
    "notice_after_due_days": (14, 365),
    "answer_days": (14, 90),
    "grace_bank_days": (1, 30),
    "join_days": (0, 60),
    "demand_usable_months": (1, 6),
    "renew_after_hold_days": (1, 180),
    "enforcement_notice_days": (14, 90),
}
"""The least and most each number may be: the law's minimum in the debtor's favour, and a limit on mistakes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers for one kind of claim. Days are calendar days unless the name says bank days."""

    ladder: str
    notice_after_due_days: int
    answer_days: int
    grace_bank_days: int
    join_days: int
    demand_usable_months: int
    renew_after_hold_days: int
    enforcement_notice_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldKind:
    """What a hold (stans) of one reason means for time: who ends it, and what follows its end (decisions B7)."""

    reason: str
    title: str
    owner: Owner
    renews: bool = False
    disputed: bool = False
    last_day_is_deadline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a legal step (rettslig skritt) of a claim goes."""

    contested: bool
    dispute_body: str
    kind: str
    body: str
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Override:
    claim_type: str | None
    creditor_unit: str | None
    policy: Policy

    def fits(self, claim_type: str, creditor_unit: str) -> bool:
        return self.claim_type in (None, claim_type) and self.creditor_unit in (None, creditor_unit)

    @property
    def closeness(self) -> int:
        return 2 * (self.creditor_unit is not None) + (self.claim_type is not None)


class Book:
    """Everything that decides about time, as one value. ``version`` is stored with what was decided by it."""

    def __init__(
        self,
        *,
        version: str,
        ladders: Mapping[str, Ladder],
        default: Policy,
        overrides: tuple[_Override, ...],
        holds: Mapping[str, HoldKind],
        routes: tuple[Route, ...],
        cover: CoverRules,
    ) -> None:
        self.version = version
        self.ladders = ladders
        self.default = default
        self.holds = holds
        self.routes = routes
        self.cover = cover
        self._overrides = tuple(sorted(overrides, key=lambda override: -override.closeness))
        self._chosen: dict[tuple[str, str], Policy] = {}
        self._climbed: dict[tuple[str, str], Ladder] = {}

    def policy(self, claim_type: str, creditor_unit: str) -> Policy:
        """Return the numbers for a claim: the override that names most about it, else the default."""
        key = (claim_type, creditor_unit)
        if key not in self._chosen:
            fitting = (o.policy for o in self._overrides if o.fits(claim_type, creditor_unit))
            self._chosen[key] = next(fitting, self.default)
        return self._chosen[key]

    def ladder(self, claim_type: str, creditor_unit: str) -> Ladder:
        """Return the ladder a claim climbs."""
        key = (claim_type, creditor_unit)
        if key not in self._climbed:
            self._climbed[key] = self.ladders[self.policy(claim_type, creditor_unit).ladder]
        return self._climbed[key]

    def changed(self, numbers: Mapping[str, int]) -> Book:
        """Return this book with other numbers for every claim, as a what-if; raises LadderError as loading does."""
        return Book(
            version=f"{self.version}+",
            ladders=self.ladders,
            default=_policy("policy", {**asdict(self.default), **numbers}, self.ladders),
            overrides=tuple(
                replace(o, policy=_policy("policy", {**asdict(o.policy), **numbers}, self.ladders))
                for o in self._overrides
            ),
            holds=self.holds,
            routes=self.routes,
            cover=self.cover,
        )

    def hold(self, reason: str) -> HoldKind:
        """Return what a hold means; a reason this table does not know is treated as a caseworker's own stop."""
        return self.holds.get(reason) or replace(self.holds["manual"], reason=reason)

    def route(self, *, contested: bool, dispute_body: str) -> Route:
        """Return where a legal step goes (decisions B2)."""
        for route in self.routes:
            if route.contested == contested and route.dispute_body in ("*", dispute_body):
                return route
        raise LadderError(f"route: none for contested={contested}, dispute_body={dispute_body!r}")


def load_book(path: Path = DEFAULT_FILE) -> Book:
    """Read and validate the file; raises LadderError that names what is wrong and where."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise LadderError(f"{path.name}: not valid TOML: {wrong}") from wrong
    return read_book(raw)


def read_book(raw: Mapping[str, Any]) -> Book:
    """Make a book from the parsed file; raises LadderError."""
    _no_others("file", raw, {"version", "policy", "override", "hold", "route", "ladder", "cover"})
    ladders = {name: read_ladder(name, body) for name, body in _table(raw, "ladder").items()}
    default = _policy("policy", _table(raw, "policy"), ladders)
    overrides = tuple(
        _override(f"override {at}", row, default, ladders) for at, row in enumerate(raw.get("override", []), start=1)
    )
    holds = {reason: _hold(reason, body) for reason, body in _table(raw, "hold").items()}
    if "manual" not in holds:
        raise LadderError("hold: expected at least manual")
    routes = tuple(_route(f"route {at}", row) for at, row in enumerate(raw.get("route", []), start=1))
    book = Book(
        version=str(raw.get("version", "")),
        ladders=ladders,
        default=default,
        overrides=overrides,
        holds=holds,
        routes=routes,
        cover=_cover(_table(raw, "cover")),
    )
    if not book.version:
        raise LadderError("version: expected the name of this version")
    for contested in (False, True):
        for dispute_body in ("forliksraad", "husleietvistutvalg", "unit"):
            book.route(contested=contested, dispute_body=dispute_body)
    return book


def _table(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = raw.get(name)
    if not isinstance(table, dict) or not table:
        raise LadderError(f"{name}: expected a table")
    return table


def _policy(where: str, row: Mapping[str, Any], ladders: Mapping[str, Ladder]) -> Policy:
    names = {field.name for field in fields(Policy)}
    _no_others(where, row, names)
    missing = sorted(names - set(row))
    if missing:
        raise LadderError(f"{where}: {missing[0]}: missing")
    if row["ladder"] not in ladders:
        raise LadderError(f"{where}: ladder: no ladder {row['ladder']!r}")
    for name, (least, most) in BOUNDS.items():
        value = row[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise LadderError(f"{where}: {name}: expected a whole number from {least} to {most}, got {value!r}")
    return Policy(**row)


def _override(where: str, row: Mapping[str, Any], default: Policy, ladders: Mapping[str, Ladder]) -> _Override:
    changes = {key: value for key, value in row.items() if key not in ("claim_type", "creditor_unit")}
    claim_type, creditor_unit = row.get("claim_type"), row.get("creditor_unit")
    if claim_type is None and creditor_unit is None:
        raise LadderError(f"{where}: expected claim_type, creditor_unit or both")
    base = {field.name: getattr(default, field.name) for field in fields(Policy)}
    return _Override(
        claim_type=claim_type, creditor_unit=creditor_unit, policy=_policy(where, {**base, **changes}, ladders)
    )


def _hold(reason: str, body: Mapping[str, Any]) -> HoldKind:
    try:
        return HoldKind(**{**body, "reason": reason, "owner": Owner(body["owner"])})
    except (KeyError, TypeError, ValueError) as wrong:
        raise LadderError(f"hold {reason}: {wrong}") from wrong


def _route(where: str, row: Mapping[str, Any]) -> Route:
    try:
        return Route(**row)
    except TypeError as wrong:
        raise LadderError(f"{where}: {wrong}") from wrong


def _cover(body: Mapping[str, Any]) -> CoverRules:
    names = {field.name for field in fields(CoverRules)}
    _no_others("cover", body, names)
    weights = body.get("weights")
    if set(body) != names or not isinstance(weights, dict) or set(weights) != {fact.value for fact in Fact}:
        raise LadderError(
            "cover: expected base, small_debt_ore, nothing_found_months, paid_months and a weight per fact"
        )
    numbers = {**{name: body[name] for name in names - {"weights"}}, **weights}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise LadderError(f"cover: {name}: expected a whole number, got {value!r}")
    return CoverRules(**{**body, "weights": {Fact(name): weight for name, weight in weights.items()}})


def _no_others(where: str, body: Mapping[str, object], known: set[str]) -> None:
    others = sorted(set(body) - known)
    if others:
        raise LadderError(f"{where}: {others[0]}: no such key; known are {', '.join(sorted(known))}")
