"""What a unit is owed for a period, and the proof that nothing is missing (avregning, remittering).

    opening + registered + interest + fees ± corrections − withdrawn − written off − collected = closing
    collected = remitted + kept by the collector + in transit

The unit gets principal and interest, the collector keeps fees and costs, unless the agreement that a claim came under
says otherwise. What the debtor paid to the unit itself is collected too, but is with the unit already; what of it is
the collector's is taken off what the unit is owed. In transit is what is the unit's and not paid out to it yet; it may
be below zero when more was taken back than came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

from claims_api.domain.ledger import DEBIT_ACCOUNTS, RECEIVABLES, Account, EntryKind

UNITS_SHARE = frozenset({Account.PRINCIPAL, Account.INTEREST})
COLLECTED = frozenset({EntryKind.PAYMENT, EntryKind.PAYMENT_REVERSED, EntryKind.SET_OFF, EntryKind.RELEASED})
GIVEN_UP = frozenset({EntryKind.WAIVED, EntryKind.WRITTEN_OFF})


class Moved(Protocol):
    """Anything that moved money between two accounts: one transfer, or the sum of several that did the same."""

    @property
    def kind(self) -> EntryKind:
        """Why it moved."""

    @property
    def debit(self) -> Account:
        """Where it went."""

    @property
    def credit(self) -> Account:
        """Where it came from."""

    def effect(self, account: Account) -> int:
        """What it added to an account, in øre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """The sum of a claim's transfers of one kind between the same two accounts, in øre."""

    claim_id: str | None
    case_id: str | None
    kind: EntryKind
    debit: Account
    credit: Account
    amount_ore: int

    def effect(self, account: Account) -> int:
        """Return what this added to ``account`` in øre, by its natural side."""
        side = (self.debit is account) - (self.credit is account)
        return self.amount_ore * (side if account in DEBIT_ACCOUNTS else -side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a claim, or all claims of a unit, came to in a period, in øre (see the formula above)."""

    opening_ore: int
    registered_ore: int
    interest_ore: int
    fees_ore: int
    corrections_ore: int
    withdrawn_ore: int
    written_off_ore: int
    collected_ore: int
    closing_ore: int
    direct_ore: int
    to_unit_ore: int
    kept_ore: int

    @property
    def adds_up(self) -> bool:
        """Tell whether the movements lead from opening to closing, and the collected money is all shared out."""
        moved = self.registered_ore + self.interest_ore + self.fees_ore + self.corrections_ore
        moved -= self.withdrawn_ore + self.written_off_ore + self.collected_ore
        shared = self.to_unit_ore + self.kept_ore + self.direct_ore
        return self.opening_ore + moved == self.closing_ore and shared == self.collected_ore

    @property
    def empty(self) -> bool:
        """Tell whether nothing was owed and nothing moved."""
        return not any(getattr(self, name) for name in FIGURES)


FIGURES = tuple(field.name for field in fields(Figures))


def figures(opening_ore: int, during: Iterable[Moved], *, units_share: frozenset[Account] = UNITS_SHARE) -> Figures:
    """Return what movements of a period came to, for a claim or a unit that was owed ``opening_ore`` before it."""
    rows = list(during)
    collected = _of(rows, *COLLECTED)
    direct = [row for row in collected if Account.CREDITOR_SHARE in (row.debit, row.credit)]
    kept = -sum(row.effect(account) for row in collected for account in RECEIVABLES if account not in units_share)
    return Figures(
        opening_ore=opening_ore,
        registered_ore=_owed(_of(rows, EntryKind.REGISTERED)),
        interest_ore=_owed(_of(rows, EntryKind.INTEREST)),
        fees_ore=_owed(_of(rows, EntryKind.FEE, EntryKind.UNIT_FEE, EntryKind.COSTS_AWARDED)),
        corrections_ore=_owed(_of(rows, EntryKind.CORRECTED)),
        withdrawn_ore=-_owed(_of(rows, EntryKind.WITHDRAWN, EntryKind.CANCELLED)),
        written_off_ore=-_owed(_of(rows, *GIVEN_UP)),
        collected_ore=-_owed(collected),
        closing_ore=opening_ore + _owed(rows),
        direct_ore=-_owed(direct),
        to_unit_ore=-_owed(collected) - kept + _owed(direct),
        kept_ore=kept,
    )


def moved_to_unit(during: Iterable[Moved], *, units_share: frozenset[Account]) -> int:
    """Return what an agreement gives the unit beyond the usual of a claim's collected money, in øre.

    The ledger credits principal and interest to the unit and the rest to the collector as they are charged; where the
    agreement differs this is moved once it is collected. Below zero: from the unit to the collector.
    """
    collected = _of(during, *COLLECTED)
    given = [(account, 1) for account in units_share - UNITS_SHARE]
    given += [(account, -1) for account in UNITS_SHARE - units_share]
    return -sum(sign * row.effect(account) for row in collected for account, sign in given)


def added_up(parts: Iterable[Figures]) -> Figures:
    """Return the sum of the figures of several claims."""
    rows = list(parts)
    return Figures(**{name: sum(getattr(row, name) for row in rows) for name in FIGURES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The claims of a statement that are divided alike: what the unit gets of them, and what they came to."""

    unit_gets: frozenset[Account]
    claims: int
    figures: Figures

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept with the statement and shown."""
        return {
            "unit_gets": [account.value for account in RECEIVABLES if account in self.unit_gets],
            "claims": self.claims,
            "collected_ore": self.figures.collected_ore,
            "direct_ore": self.figures.direct_ore,
            "to_unit_ore": self.figures.to_unit_ore,
            "kept_ore": self.figures.kept_ore,
        }


def divided(lines: Mapping[str, Figures], share: Mapping[str, frozenset[Account]]) -> list[Share]:
    """Put the claims of a statement together by how they are divided; their figures add up to the statement."""
    alike: dict[tuple[Account, ...], list[Figures]] = {}
    for claim_id, line in lines.items():
        alike.setdefault(tuple(sorted(share[claim_id])), []).append(line)
    return [Share(unit_gets=frozenset(gets), claims=len(held), figures=added_up(held)) for gets, held in alike.items()]


def payout_ore(*, to_unit_ore: int, carried_ore: int, since_ore: int) -> int:
    """Return what may be paid out to a unit for a period, never below zero.

    ``since_ore`` is what was collected for the unit after the period: below zero when the bank took money back since,
    which is then not paid out. What is left over is carried to the next period.
    """
    due = to_unit_ore + carried_ore
    return max(0, min(due, due + since_ore))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingProof:
    """Where every øre in the bank belongs: to nobody yet, to debtors, on its way out, to units, to the collector."""

    bank_ore: int
    suspense_ore: int
    overpaid_ore: int
    in_transit_ore: int
    units_ore: int
    collector_ore: int

    @property
    def difference_ore(self) -> int:
        """What the bank holds more than the ledger explains; anything but zero is an error."""
        owed = self.suspense_ore + self.overpaid_ore + self.in_transit_ore + self.units_ore + self.collector_ore
        return self.bank_ore - owed


def closing_proof(entries: Iterable[Moved]) -> ClosingProof:
    """Prove that the bank equals what is owed on: of all transfers there are, or their sums."""
    rows = list(entries)

    def total(*accounts: Account) -> int:
        return sum(row.effect(account) for row in rows for account in accounts)

    given_up = [row for row in rows if Account.WRITE_OFF in (row.debit, row.credit)]
    lost_units = -sum(row.effect(account) for row in given_up for account in UNITS_SHARE)
    lost_collector = -sum(row.effect(account) for row in given_up for account in RECEIVABLES) - lost_units
    open_units = total(*UNITS_SHARE)
    open_collector = total(*RECEIVABLES) - open_units
    return ClosingProof(
        bank_ore=total(Account.BANK),
        suspense_ore=total(Account.SUSPENSE),
        overpaid_ore=total(Account.OVERPAID),
        in_transit_ore=total(Account.IN_TRANSIT),
        units_ore=total(Account.CREDITOR_SHARE) - open_units - lost_units,
        collector_ore=total(Account.COLLECTOR_SHARE) - open_collector - lost_collector,
    )


def _of(rows: Iterable[Moved], *kinds: EntryKind) -> list[Moved]:
    return [row for row in rows if row.kind in kinds]


def _owed(rows: Iterable[Moved]) -> int:
    return sum(row.effect(account) for row in rows for account in RECEIVABLES)
