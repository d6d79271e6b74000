"""What a unit is owed for a period, and the proof that nothing is missing (avregning, remittering).

    opening + registered + interest + fees ± corrections − withdrawn − written off − collected = closing
    collected = to the unit + kept by the collector

The unit gets principal and interest, the collector keeps fees and costs, unless the agreement says otherwise. What the
debtor paid to the unit itself is collected too, but is with the unit already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claims_api.domain.ledger import RECEIVABLES, Account, Draft, EntryKind, account_sum

UNITS_SHARE = frozenset({Account.PRINCIPAL, Account.INTEREST})
COLLECTED = frozenset({EntryKind.PAYMENT, EntryKind.PAYMENT_REVERSED, EntryKind.SET_OFF, EntryKind.RELEASED})
GIVEN_UP = frozenset({EntryKind.WAIVED, EntryKind.WRITTEN_OFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittanceStatement:
    """A unit's period in øre (avregningsoppgave). ``carried_ore`` is what earlier periods left below zero.

    ``payable_ore`` is what is paid out; a negative result is carried to the next period instead.
    """

    unit: str
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
    carried_ore: int

    @property
    def adds_up(self) -> bool:
        """Tell whether the movements lead from opening to closing, and the collected money is all shared out."""
        moved = self.registered_ore + self.interest_ore + self.fees_ore + self.corrections_ore
        moved -= self.withdrawn_ore + self.written_off_ore + self.collected_ore
        shared = self.to_unit_ore + self.kept_ore + self.direct_ore
        return self.opening_ore + moved == self.closing_ore and shared == self.collected_ore

    @property
    def payable_ore(self) -> int:
        """What goes to the unit now."""
        return max(0, self.to_unit_ore + self.carried_ore)

    @property
    def carried_forward_ore(self) -> int:
        """What the next period starts with, zero or below."""
        return min(0, self.to_unit_ore + self.carried_ore)


def remittance(
    unit: str,
    before: Sequence[Draft],
    during: Sequence[Draft],
    *,
    carried_ore: int = 0,
    units_share: frozenset[Account] = UNITS_SHARE,
) -> RemittanceStatement:
    """Return a unit's statement: ``before`` are its transfers recorded earlier, ``during`` those of the period."""
    mine = [row for row in during if row.unit == unit]
    earlier = [row for row in before if row.unit == unit]
    collected = [row for row in mine if row.kind in COLLECTED]
    direct = [row for row in collected if Account.CREDITOR_SHARE in (row.debit, row.credit)]
    ours = [row for row in collected if row not in direct]
    return RemittanceStatement(
        unit=unit,
        opening_ore=_owed(earlier),
        registered_ore=_owed(_of(mine, EntryKind.REGISTERED)),
        interest_ore=_owed(_of(mine, EntryKind.INTEREST)),
        fees_ore=_owed(_of(mine, EntryKind.FEE, EntryKind.UNIT_FEE, EntryKind.COSTS_AWARDED)),
        corrections_ore=_owed(_of(mine, EntryKind.CORRECTED)),
        withdrawn_ore=-_owed(_of(mine, EntryKind.WITHDRAWN, EntryKind.CANCELLED)),
        written_off_ore=-_owed(_of(mine, *GIVEN_UP)),
        collected_ore=-_owed(collected),
        closing_ore=_owed([*earlier, *mine]),
        direct_ore=-_owed(direct),
        to_unit_ore=-sum(row.effect(account) for row in ours for account in units_share),
        kept_ore=-sum(row.effect(account) for row in ours for account in RECEIVABLES if account not in units_share),
        carried_ore=carried_ore,
    )


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


def closing_proof(entries: Iterable[Draft]) -> ClosingProof:
    """Prove that the bank equals what is owed on: of all transfers there are."""
    rows = list(entries)
    given_up = [row for row in rows if Account.WRITE_OFF in (row.debit, row.credit)]
    lost_units = -sum(row.effect(account) for row in given_up for account in UNITS_SHARE)
    lost_collector = -sum(row.effect(account) for row in given_up for account in RECEIVABLES) - lost_units
    open_units = sum(account_sum(rows, account) for account in UNITS_SHARE)
    open_collector = sum(account_sum(rows, account) for account in RECEIVABLES) - open_units
    return ClosingProof(
        bank_ore=account_sum(rows, Account.BANK),
        suspense_ore=account_sum(rows, Account.SUSPENSE),
        overpaid_ore=account_sum(rows, Account.OVERPAID),
        in_transit_ore=account_sum(rows, Account.IN_TRANSIT),
        units_ore=account_sum(rows, Account.CREDITOR_SHARE) - open_units - lost_units,
        collector_ore=account_sum(rows, Account.COLLECTOR_SHARE) - open_collector - lost_collector,
    )


def _of(rows: Iterable[Draft], *kinds: EntryKind) -> list[Draft]:
    return [row for row in rows if row.kind in kinds]


def _owed(rows: Iterable[Draft]) -> int:
    return sum(row.effect(account) for row in rows for account in RECEIVABLES)
