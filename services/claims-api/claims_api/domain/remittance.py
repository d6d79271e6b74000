"""What a unit is owed for a period, and the proof that nothing is missing (avregning, remittering).

    opening + registered + interest + fees ± corrections − withdrawn − written off − collected = closing
    collected = remitted + kept by the collector + in transit

The unit gets principal and interest, the collector keeps fees and costs, unless the agreement says otherwise. What the
debtor paid to the unit itself is collected too, but is with the unit already. In transit is what is the unit's and not
paid out to it yet; it may be below zero when more was taken back than came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from claims_api.domain.ledger import DEBIT_ACCOUNTS, RECEIVABLES, Account, Draft, EntryKind

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittanceStatement(Figures):
    """A unit's period in øre (avregningsoppgave). ``carried_ore`` is what earlier periods left over.

    That is below zero after money that was remitted was taken back, and above when a payout was not carried out.
    ``payable_ore`` is what is paid out; a negative result is carried to the next period instead.
    """

    unit: str
    carried_ore: int

    @property
    def payable_ore(self) -> int:
        """What goes to the unit now."""
        return max(0, self.to_unit_ore + self.carried_ore)

    @property
    def carried_forward_ore(self) -> int:
        """What the next period starts with, zero or below."""
        return min(0, self.to_unit_ore + self.carried_ore)


def figures(opening_ore: int, during: Iterable[Moved], *, units_share: frozenset[Account] = UNITS_SHARE) -> Figures:
    """Return what movements of a period came to, for a claim or a unit that was owed ``opening_ore`` before it."""
    rows = list(during)
    collected = _of(rows, *COLLECTED)
    direct = [row for row in collected if Account.CREDITOR_SHARE in (row.debit, row.credit)]
    ours = [row for row in collected if Account.CREDITOR_SHARE not in (row.debit, row.credit)]
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
        to_unit_ore=-sum(row.effect(account) for row in ours for account in units_share),
        kept_ore=-sum(row.effect(account) for row in ours for account in RECEIVABLES if account not in units_share),
    )


def added_up(parts: Iterable[Figures]) -> Figures:
    """Return the sum of the figures of several claims."""
    rows = list(parts)
    return Figures(**{name: sum(getattr(row, name) for row in rows) for name in FIGURES})


def payout_ore(*, to_unit_ore: int, carried_ore: int, since_ore: int) -> int:
    """Return what may be paid out to a unit for a period, never below zero.

    ``since_ore`` is what was collected for the unit after the period: below zero when the bank took money back since,
    which is then not paid out. What is left over is carried to the next period.
    """
    due = to_unit_ore + carried_ore
    return max(0, min(due, due + since_ore))


def remittance(
    unit: str,
    before: Sequence[Draft],
    during: Sequence[Draft],
    *,
    carried_ore: int = 0,
    units_share: frozenset[Account] = UNITS_SHARE,
) -> RemittanceStatement:
    """Return a unit's statement: ``before`` are its transfers recorded earlier, ``during`` those of the period."""
    opening = _owed([row for row in before if row.unit == unit])
    found = figures(opening, [row for row in during if row.unit == unit], units_share=units_share)
    plain = {name: getattr(found, name) for name in FIGURES}
    return RemittanceStatement(unit=unit, carried_ore=carried_ore, **plain)


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
