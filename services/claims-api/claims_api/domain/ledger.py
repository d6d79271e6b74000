"""The ledger's values: accounts, transfers and balances (reskontro, bokføring).

Every posting is a transfer from one account to another, so debit and credit agree by shape. Nothing is changed once
written: a correction is a transfer the other way that names what it reverses. A transfer has a value date (when it
counts) and a recorded-at (when we knew), so a balance can be asked for as of a day and as known at an instant.

================  ===========  =====================================================================
account           owner        what its balance is
================  ===========  =====================================================================
principal         claim        hovedstol that is owed
interest          claim        posted interest that is owed
fees              claim        fees and collection cost that are owed
legal_costs       claim        awarded costs (saksomkostninger) that are owed
bank              account no.  money in the bank
suspense          payment      money in the bank nobody's claim was found for, or that is on its way
overpaid          case         money we owe the debtor
in_transit        payout       money on its way out of the bank
creditor_share    unit         what the unit gets: collected, and once collected
collector_share   unit         what the collector keeps: collected, and once collected
write_off         unit         what was given up
================  ===========  =====================================================================

The four receivables, the bank and write_off are debit accounts; the rest are credit accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum

from shared.ids import derived
from shared.law import Trace
from shared.values import value


class Account(StrEnum):
    """An account (konto) of the ledger; see the table above."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    FEES = "fees"
    LEGAL_COSTS = "legal_costs"
    BANK = "bank"
    SUSPENSE = "suspense"
    OVERPAID = "overpaid"
    IN_TRANSIT = "in_transit"
    CREDITOR_SHARE = "creditor_share"
    COLLECTOR_SHARE = "collector_share"
    WRITE_OFF = "write_off"


RECEIVABLES = (Account.PRINCIPAL, Account.INTEREST, Account.FEES, Account.LEGAL_COSTS)
DEBIT_ACCOUNTS = frozenset({*RECEIVABLES, Account.BANK, Account.WRITE_OFF})


class EntryKind(StrEnum):
    """Why a transfer was made (bilagsart).

    The first group are facts that come from outside; the second is what the rules make of them and is worked out again
    whenever a fact arrives late.
    """

    REGISTERED = "registered"
    UNIT_FEE = "unit_fee"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    COSTS_AWARDED = "costs_awarded"
    PAID_IN = "paid_in"
    TAKEN_BACK = "taken_back"
    REFUND_RESERVED = "refund_reserved"
    REFUND_SETTLED = "refund_settled"
    PAYOUT_RESERVED = "payout_reserved"
    PAYOUT_SETTLED = "payout_settled"
    SHARED = "shared"

    FEE = "fee"
    INTEREST = "interest"
    PAYMENT = "payment"
    PAYMENT_REVERSED = "payment_reversed"
    SET_OFF = "set_off"
    RELEASED = "released"
    CANCELLED = "cancelled"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"


CHARGE_KINDS = frozenset(
    {
        EntryKind.REGISTERED,
        EntryKind.UNIT_FEE,
        EntryKind.CORRECTED,
        EntryKind.WITHDRAWN,
        EntryKind.COSTS_AWARDED,
    }
)
"""Facts that make or change what is owed."""


@value
class Draft:
    """A transfer that is decided but not yet recorded; raises ValueError unless ``amount_ore`` is above zero.

    ``about`` names what it concerns (a payment, a demand, a correction); ``reverses`` the transfer it takes back.
    """

    kind: EntryKind
    debit: Account
    debit_owner: str
    credit: Account
    credit_owner: str
    amount_ore: int
    value_date: date
    unit: str | None
    case_id: str | None
    claim_id: str | None
    about: str | None
    trace: Trace
    reverses: str | None = None

    def __post_init__(self) -> None:
        if self.amount_ore <= 0:
            raise ValueError(f"amount_ore: expected above zero, got {self.amount_ore}")

    @property
    def shape(self) -> tuple[object, ...]:
        """What makes two transfers do the same: accounts, owners, amount and value date."""
        return (self.debit, self.debit_owner, self.credit, self.credit_owner, self.amount_ore, self.value_date)

    def effect(self, account: Account) -> int:
        """Return what this transfer adds to ``account`` in øre (below zero when it takes away), by its natural side."""
        side = (self.debit is account) - (self.credit is account)
        return self.amount_ore * (side if account in DEBIT_ACCOUNTS else -side)


@value
class Transfer(Draft):
    """A recorded transfer (postering), unique by ``source_event`` and ``ordinal``.

    ``transfer_id`` is derived from the two, so that recording the same thing twice gives the same transfer.
    """

    transfer_id: str
    recorded_at: datetime
    source_event: str
    ordinal: int


def record(
    drafts: Iterable[Draft], *, source_event: str, recorded_at: datetime, first_ordinal: int = 0
) -> list[Transfer]:
    """Give drafts their source, order and instant."""
    return [
        Transfer(
            kind=draft.kind,
            debit=draft.debit,
            debit_owner=draft.debit_owner,
            credit=draft.credit,
            credit_owner=draft.credit_owner,
            amount_ore=draft.amount_ore,
            value_date=draft.value_date,
            unit=draft.unit,
            case_id=draft.case_id,
            claim_id=draft.claim_id,
            about=draft.about,
            trace=draft.trace,
            reverses=draft.reverses,
            transfer_id=derived(source_event, "transfer", ordinal),
            recorded_at=recorded_at,
            source_event=source_event,
            ordinal=ordinal,
        )
        for ordinal, draft in enumerate(drafts, start=first_ordinal)
    ]


def reversal(entry: Transfer, why: Trace) -> Draft:
    """Return the transfer that takes ``entry`` back: the other way, same amount and value date (storno)."""
    return Draft(
        kind=entry.kind,
        debit=entry.credit,
        debit_owner=entry.credit_owner,
        credit=entry.debit,
        credit_owner=entry.debit_owner,
        amount_ore=entry.amount_ore,
        value_date=entry.value_date,
        unit=entry.unit,
        case_id=entry.case_id,
        claim_id=entry.claim_id,
        about=entry.about,
        trace=why,
        reverses=entry.transfer_id,
    )


def standing(entries: Iterable[Transfer]) -> list[Transfer]:
    """Return the transfers that are neither reversed nor reversals, in the order given."""
    rows = list(entries)
    if not rows:
        return rows
    reversed_ids = {row.reverses for row in rows if row.reverses}
    return [row for row in rows if row.reverses is None and row.transfer_id not in reversed_ids]


def known(entries: Iterable[Transfer], *, as_of: date, known_at: datetime | None) -> list[Transfer]:
    """Return the transfers that count on ``as_of`` as it was known at ``known_at`` (None: everything known)."""
    return [row for row in entries if row.value_date <= as_of and (known_at is None or row.recorded_at <= known_at)]


def account_sum(entries: Iterable[Draft], account: Account, owner: str | None = None) -> int:
    """Return the balance of an account in øre by its natural side, of one owner or of all."""
    total = 0
    for row in entries:
        if row.debit is account and owner in (None, row.debit_owner):
            total += row.amount_ore
        if row.credit is account and owner in (None, row.credit_owner):
            total -= row.amount_ore
    return total if account in DEBIT_ACCOUNTS else -total


def trial_balance(entries: Sequence[Draft]) -> dict[Account, int]:
    """Return every account's balance by its natural side (råbalanse); debit accounts sum to credit accounts."""
    return {account: account_sum(entries, account) for account in Account}


@value
class Balance:
    """What is owed, by kind, in øre (saldo). ``overpaid_ore`` is what we owe the debtor, outside the total."""

    principal_ore: int = 0
    interest_ore: int = 0
    fees_ore: int = 0
    legal_costs_ore: int = 0
    overpaid_ore: int = 0

    @property
    def total_ore(self) -> int:
        """Everything that is owed."""
        return self.principal_ore + self.interest_ore + self.fees_ore + self.legal_costs_ore

    def of(self, account: Account) -> int:
        """Return what is owed of one of the receivables, in øre."""
        if account is Account.PRINCIPAL:
            return self.principal_ore
        if account is Account.INTEREST:
            return self.interest_ore
        return self.fees_ore if account is Account.FEES else self.legal_costs_ore

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            principal_ore=self.principal_ore + other.principal_ore,
            interest_ore=self.interest_ore + other.interest_ore,
            fees_ore=self.fees_ore + other.fees_ore,
            legal_costs_ore=self.legal_costs_ore + other.legal_costs_ore,
            overpaid_ore=self.overpaid_ore + other.overpaid_ore,
        )

    def with_interest(self, interest_ore: int) -> Balance:
        """Return the same balance with another interest."""
        return Balance(
            principal_ore=self.principal_ore,
            interest_ore=interest_ore,
            fees_ore=self.fees_ore,
            legal_costs_ore=self.legal_costs_ore,
            overpaid_ore=self.overpaid_ore,
        )


def posted_balances(entries: Iterable[Draft]) -> dict[str, Balance]:
    """Return what the ledger alone says is owed on each claim it names (posted interest only)."""
    sums: dict[str, dict[Account, int]] = {}
    for row in entries:
        claim_id = row.claim_id
        if claim_id is None:
            continue
        owed = sums.get(claim_id)
        if owed is None:
            owed = sums[claim_id] = dict.fromkeys(RECEIVABLES, 0)
        if row.debit_owner == claim_id and row.debit in owed:
            owed[row.debit] += row.amount_ore
        if row.credit_owner == claim_id and row.credit in owed:
            owed[row.credit] -= row.amount_ore
    return {
        claim_id: Balance(
            principal_ore=owed[Account.PRINCIPAL],
            interest_ore=owed[Account.INTEREST],
            fees_ore=owed[Account.FEES],
            legal_costs_ore=owed[Account.LEGAL_COSTS],
        )
        for claim_id, owed in sums.items()
    }


def share_of(account: Account) -> Account:
    """Return whose a receivable is when it is collected: principal and interest the unit's, fees and costs ours."""
    units = account in (Account.PRINCIPAL, Account.INTEREST)
    return Account.CREDITOR_SHARE if units else Account.COLLECTOR_SHARE


def changed_charge(
    *,
    kind: EntryKind,
    account: Account,
    amount_ore: int,
    unit: str,
    case_id: str,
    claim_id: str,
    value_date: date,
    about: str,
    trace: Trace,
) -> Draft:
    """Return the posting that makes a claim owe ``amount_ore`` more of one kind, or less when it is below zero."""
    sides = [(account, claim_id), (share_of(account), unit)]
    if amount_ore < 0:
        sides.reverse()
    return Draft(
        kind=kind,
        debit=sides[0][0],
        debit_owner=sides[0][1],
        credit=sides[1][0],
        credit_owner=sides[1][1],
        amount_ore=abs(amount_ore),
        value_date=value_date,
        unit=unit,
        case_id=case_id,
        claim_id=claim_id,
        about=about,
        trace=trace,
    )


def registration(
    *, unit: str, case_id: str, claim_id: str, principal_ore: int, due_date: date, trace: Trace | None = None
) -> Draft:
    """Return the posting of a new claim: its unpaid principal counts from the due date."""
    why = trace or Trace(
        rule="claim.registered",
        reference="inkassoloven § 10 c",
        inputs={"principal_ore": principal_ore, "due_date": due_date.isoformat()},
    )
    return changed_charge(
        kind=EntryKind.REGISTERED,
        account=Account.PRINCIPAL,
        amount_ore=principal_ore,
        unit=unit,
        case_id=case_id,
        claim_id=claim_id,
        value_date=due_date,
        about=claim_id,
        trace=why,
    )


def unit_fee(*, unit: str, case_id: str, claim_id: str, fee_ore: int, sent_on: date, letter: str) -> Draft:
    """Return the posting of a fee for a letter the unit sent itself (purring or inkassovarsel)."""
    why = Trace(
        rule="fees.unit_letter",
        reference="inkassoforskriften §§ 1-2, 1-3",
        inputs={"letter": letter, "sent_on": sent_on.isoformat(), "fee_ore": fee_ore},
    )
    return changed_charge(
        kind=EntryKind.UNIT_FEE,
        account=Account.FEES,
        amount_ore=fee_ore,
        unit=unit,
        case_id=case_id,
        claim_id=claim_id,
        value_date=sent_on,
        about=claim_id,
        trace=why,
    )
