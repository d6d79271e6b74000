"""The transactions below an entry, turned into what we yield.

They are believed when they add up to their entry; otherwise the entry becomes one lump that a person looks at.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from payments_ingest.formats.camt_entry import CURRENCY, MAX_CODE, Entry, bounded_amount
from payments_ingest.formats.camt_fields import Fields
from payments_ingest.formats.camt_remittance import Remittance, remittance_of
from payments_ingest.formats.camt_values import (
    Odd,
    account_number,
    bank_code,
    identifier,
    is_credit,
    parse_instant,
    plain,
)
from payments_ingest.formats.items import DebitLine, Flag, IncomingPayment, Kind, ReturnInfo
from payments_ingest.formats.report import Limits
from shared.calendar import previous_bank_day

EARLY_DAYS = 10
MAX_NAME = 140
NO_END_TO_END_ID = "NOTPROVIDED"

_previous_bank_day = lru_cache(maxsize=1024)(previous_bank_day)

Line = IncomingPayment | DebitLine


class Names(NamedTuple):
    """What a transaction is called by the bank, the payer's bank and the payer; ``own`` is the first there is."""

    bank: str | None
    transaction: str | None
    end_to_end: str | None
    own: str | None


class Transactions:
    """Turns entries and their transactions into items, numbering them through the file.

    Natural keys that the bank gives twice (it may give no references at all) are told apart by their order.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._seen: dict[int, int] = {}
        self._position = 0

    def whole(self, entry: Entry, transactions: list[Fields]) -> list[Line]:
        """The items of an entry all of whose transactions are known."""
        if len(transactions) == 1 and (entry.stated_transactions or 1) == 1:
            return self._single(entry, transactions[0])
        if not transactions:
            return self._items(entry, {"info": entry.info}, entry.ore, Flag.LUMP, 0)
        flag = _mismatch(entry, transactions)
        if flag:
            return self._items(entry, {}, entry.ore, flag, 0)
        numbered = enumerate(transactions, 1)
        return [item for number, fields in numbered for item in self.one_of_many(entry, fields, number)]

    def one_of_many(self, entry: Entry, fields: Fields, number: int) -> list[Line]:
        """The items of one transaction of a batch; its amount must be known."""
        return self._items(entry, fields, transaction_ore(fields), None, number)

    def entry_key(self, entry: Entry) -> str:
        """The natural key of an entry as a whole."""
        return self._unique(entry.key)

    def _single(self, entry: Entry, fields: Fields) -> list[Line]:
        """The only transaction of an entry: its entry's amount counts, whatever it says of its own."""
        flag, text = None, fields.get(_amount_name(fields))
        if _is_foreign(fields):
            flag = Flag.FOREIGN_AMOUNT
        elif text is not None and (text != entry.amount_text or "direction" in fields):
            flag = None if signed_ore(entry, fields) == entry.ore else Flag.BATCH_MISMATCH
        if not fields.get("info"):
            fields["info"] = entry.info
        return self._items(entry, fields, entry.ore, flag, 1)

    def _items(self, entry: Entry, fields: Fields, ore: int, flag: Flag | None, number: int) -> list[Line]:
        if not ore:
            return []
        credit, flags = _direction(entry, fields), entry.flags
        if flag:
            flags = (*flags, flag)
        if credit != entry.credit:
            flags = (*flags, Flag.SIGN_UNCLEAR)
        returned = _return_info(fields)
        names = _names_of(fields)
        key = self._unique(f"{entry.key}/{names.own or number}")
        if not credit and not entry.reversal and returned is None:
            return [self._debit(entry, fields, names, ore, flags, key)]
        kind = Kind.CREDIT if credit else Kind.REVERSAL
        if credit and (entry.reversal or returned):
            flags = (*flags, Flag.RETURNED)
        remittance = remittance_of(fields, ore, self._limits)
        first = self._incoming(entry, fields, names, kind, remittance, flags + remittance.flags, returned, key)
        if len(remittance.parts) == 1:
            return [first]
        return [self._part(first, number, *part) for number, part in enumerate(remittance.parts)]

    def _part(self, payment: IncomingPayment, number: int, ore: int, kid: str | None) -> IncomingPayment:
        """One of the payments that one transfer was split into by the payer."""
        self._position += number > 0
        key = f"{payment.natural_key}/{number + 1}"
        return payment._replace(amount_ore=ore, kid=kid, position=self._position, natural_key=key)

    def _incoming(
        self,
        entry: Entry,
        fields: Fields,
        names: Names,
        kind: Kind,
        remittance: Remittance,
        flags: tuple[Flag, ...],
        returned: ReturnInfo | None,
        key: str,
    ) -> IncomingPayment:
        ore, kid = remittance.parts[0]
        paid_on, day_flags = _paid_on(entry, fields, kind)
        self._position += 1
        name = plain(fields.get("debtor") or fields.get("ultimate_debtor"))[:MAX_NAME]
        return IncomingPayment(
            kind,
            entry.place.account,
            ore,
            CURRENCY,
            kid,
            remittance.message,
            name or None,
            account_number(fields.get("debtor_iban"), fields.get("debtor_other")),
            entry.booked_on,
            paid_on,
            flags + day_flags,
            self._position,
            entry.line,
            names.bank or entry.reference or None,
            names.end_to_end,
            names.transaction,
            entry.type_code,
            entry.reference,
            key,
            entry.value_day,
            remittance.references,
            returned,
            _foreign_amount(fields),
            bank_code(fields.get("debtor_bic")),
        )

    def _debit(
        self, entry: Entry, fields: Fields, names: Names, ore: int, flags: tuple[Flag, ...], key: str
    ) -> DebitLine:
        self._position += 1
        return DebitLine(
            account=entry.place.account,
            amount_ore=ore,
            currency=CURRENCY,
            booked_on=entry.booked_on,
            end_to_end_id=names.end_to_end,
            instruction_id=identifier(fields.get("instruction_id")),
            payment_info_id=identifier(fields.get("payment_info_id")),
            archive_ref=names.bank or entry.reference or None,
            payee_account=account_number(fields.get("creditor_iban"), fields.get("creditor_other")),
            type_code=entry.type_code,
            position=self._position,
            line=entry.line,
            natural_key=key,
            flags=flags,
        )

    def _unique(self, key: str) -> str:
        mark = hash(key)
        again = self._seen.get(mark, 0) + 1
        self._seen[mark] = again
        return key if again == 1 else f"{key}~{again}"


def _mismatch(entry: Entry, transactions: list[Fields]) -> Flag | None:
    """Why the transactions of a batch cannot stand for its entry; None when they can."""
    if any(fields.get(_amount_name(fields)) is None or _is_foreign(fields) for fields in transactions):
        return Flag.LUMP
    proved = sum(signed_ore(entry, fields) for fields in transactions)
    counted = entry.stated_transactions in (None, len(transactions))
    return None if proved == entry.ore and counted else Flag.BATCH_MISMATCH


def is_returned(fields: Fields) -> bool:
    """Whether a transaction gives back an earlier one."""
    return _return_info(fields) is not None


def transaction_ore(fields: Fields) -> int:
    """A transaction's own amount, which must be in kroner."""
    name = _amount_name(fields)
    if _is_foreign(fields):
        raise Odd("currency", CURRENCY, str(fields[f"{name}_ccy"])[:3])
    return bounded_amount(fields, name)


def signed_ore(entry: Entry, fields: Fields) -> int:
    """What a transaction adds to its entry: below zero when it goes the other way."""
    ore = transaction_ore(fields)
    return ore if _direction(entry, fields) == entry.credit else -ore


def _direction(entry: Entry, fields: Fields) -> bool:
    own = fields.get("direction")
    return entry.credit if own is None else is_credit(own)


def _amount_name(fields: Fields) -> str:
    return "amount" if "amount" in fields else "details_amount"


def _is_foreign(fields: Fields) -> bool:
    name = _amount_name(fields)
    return fields.get(name) is not None and fields[f"{name}_ccy"] != CURRENCY


def _foreign_amount(fields: Fields) -> str | None:
    if not _is_foreign(fields):
        return None
    name = _amount_name(fields)
    return f"{fields[name]} {fields[f'{name}_ccy']}"[:40]


def _names_of(fields: Fields) -> Names:
    bank, end_to_end = identifier(fields.get("bank_ref")), identifier(fields.get("end_to_end_id"))
    transaction = identifier(fields.get("transaction_id")) or identifier(fields.get("instruction_id"))
    if end_to_end == NO_END_TO_END_ID:
        end_to_end = None
    return Names(bank, transaction, end_to_end, bank or transaction or end_to_end)


def _return_info(fields: Fields) -> ReturnInfo | None:
    code = fields.get("return_code") or fields.get("return_own")
    texts = fields.get("return_texts")
    if code is None and texts is None:
        return None
    return ReturnInfo(plain(code)[:MAX_CODE] or None, plain(" ".join(texts or ()))[:MAX_NAME])


def _paid_on(entry: Entry, fields: Fields, kind: Kind) -> tuple[date, tuple[Flag, ...]]:
    """Decisions A7: the acceptance date, else the booking date with one bank day's credit."""
    if kind is Kind.REVERSAL:
        return entry.booked_on, ()
    accepted = fields.get("accepted")
    ordered_on = parse_instant(accepted.strip()) if accepted else None
    if ordered_on is None or ordered_on > entry.booked_on:
        return _previous_bank_day(entry.booked_on), (Flag.PAID_ON_ASSUMED,)
    early = ordered_on < entry.booked_on - timedelta(days=EARLY_DAYS)
    return ordered_on, (Flag.PAID_ON_EARLY,) if early else ()
