"""One OCR giro assignment: the payments to one account, each checked as it is read, and the proof of its end record.

This is the hot loop of the service, so the usual payment takes one straight path and whatever is unusual leaves it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import date, timedelta

from payments_ingest.formats.items import Flag, IncomingPayment, Kind
from payments_ingest.formats.ocr_layout import (
    ACCOUNT,
    AMOUNT,
    ARCHIVE,
    BANK_DATE,
    DEBIT_ACCOUNT,
    EARLIEST,
    END_DATE,
    FORM_NO,
    HEADER,
    KID,
    LATEST,
    LENGTH,
    NETS_DATE,
    PAIR,
    RECORD,
    RECORD_COUNT,
    REVERSALS,
    SERVICE,
    SETTLEMENT,
    SIGN,
    SILENT_CREDITS,
    TEXT,
    TOTAL,
    TRANSACTION_TYPES,
    TX_COUNT,
    TX_NO,
    TYPE,
    WITH_TEXT,
    WITHOUT_TEXT,
    parse_date,
    parse_text,
)
from payments_ingest.formats.ocr_run import Run, expect_number
from payments_ingest.formats.ocr_scan import Fields, lines_of, scan

EARLY_DAYS = 10
MAX_AMOUNT_ORE = 10**12  # what an event can carry; above it something is wrong with the file
MAX_DATE_PAIRS = 1_000
CURRENCY = "NOK"

_NO_ARCHIVE = frozenset({"0" * 9, " " * 9})
_NO_ACCOUNT = frozenset({"0" * 11, " " * 11})

_CREDIT = Kind.CREDIT
_new_tuple = tuple.__new__  # half the time of the class's own constructor, which only adds the defaults
_NO_DAYS = (date.min, date.min, (), "")
_Days = tuple[date, date, tuple[Flag, ...], str]  # booked on, paid on, flags, and the natural key up to the number


class AssignmentReader:
    """Reads one assignment from its start record; afterwards its attributes hold the totals.

    ``control_ore`` is the sum the end record states, once it is proved. In it "-" amounts are subtracted, while
    reversals (types 18 and 20) are added, although both take money back. ``broken`` says that something could not be
    read, so that counts and sums prove nothing.
    """

    def __init__(self, run: Run, key: str, start: str) -> None:
        self._run = run
        self._key = key
        self._start = start
        self._account = start[ACCOUNT]
        self._first_line, self._blank_before = run.lines.number, run.lines.blank
        self._before = run.transactions
        self._last_tx = ""
        self._last_position = run.limits.payments
        self._days: dict[str, _Days] = {}
        self._earliest, self._latest = date.max, date.min
        self._control_correction = 0
        self._without_money = 0
        self.count = 0
        self.credit_ore = 0
        self.reversals = 0
        self.reversal_ore = 0
        self.control_ore = 0
        self.broken = False

    @property
    def credits(self) -> int:
        """How many credits were yielded."""
        return self.count - self.reversals - self._without_money

    def read(self) -> Generator[IncomingPayment, None, str]:
        """Yields the payments; returns the line that belongs to the level above, "" when the end record was there."""
        self._open()
        one = two = ""
        for line in self._run.stream:
            record = line[RECORD]
            payment = None
            if record == "30" and not one and (found := scan(self._run.lines)):
                yield from self._payments(found)
            elif record == "30":
                payment = self._leftover(one, two) if one else None
                one, two = line, ""
            elif record == "31":
                if one[TYPE] in WITHOUT_TEXT or two or not one:
                    payment = self._payment(one, line, "")
                    one = two = ""
                else:
                    two = line
            elif record == "32":
                payment = self._payment(one, two, line)
                one = two = ""
            elif self._ends(line):
                break
            if payment is not None:
                yield payment
        else:
            line = ""
        payment = self._leftover(one, two) if one else None
        if payment is not None:
            yield payment
        return self._finish(line)

    def _payments(self, found: list[Fields]) -> Iterator[IncomingPayment]:
        """The payments of transactions whose records are sound."""
        lines = self._run.lines
        lines.number -= 1  # the first of them was given out as a line already
        for fields in found:
            lines.number += lines_of(fields)
            payment = self._build(*fields)
            if payment is not None:
                yield payment

    def _payment(self, one: str, two: str, three: str) -> IncomingPayment | None:
        """The payment of two or three records, None when they are broken or move no money."""
        tx, amount, type_code = one[TX_NO], one[AMOUNT], one[TYPE]
        if (
            two[PAIR] != f"NY09{type_code}31{tx}"
            or one[SERVICE] != "09"
            or len(one) != LENGTH
            or len(two) != LENGTH
            or not (tx + amount).isdecimal()
        ):
            self._note_broken(one, two)
            return None
        if three and self._run.check_length(three) and three[PAIR] != f"NY09{type_code}32{tx}":
            self._run.log.error("item_mismatch", self._run.where(), "item 3 of the same type and number", "another")
        return self._build(
            type_code,
            tx,
            one[NETS_DATE],
            one[SETTLEMENT],
            one[SIGN],
            amount,
            one[KID],
            two[FORM_NO],
            two[ARCHIVE],
            two[BANK_DATE],
            two[DEBIT_ACCOUNT],
            three[TEXT],
        )

    def _build(
        self,
        type_code: str,
        tx: str,
        nets_date: str,
        settlement: str,
        sign: str,
        amount: str,
        kid: str,
        form_no: str,
        archive: str,
        bank_date: str,
        debit: str,
        text: str,
    ) -> IncomingPayment | None:
        days = self._days.get(nets_date + bank_date) or self._read_days(nets_date, bank_date)
        ore = int(amount)
        self.count += 1
        kind, flags = _CREDIT, days[2]
        if sign in "0 " and type_code in SILENT_CREDITS and 0 < ore <= MAX_AMOUNT_ORE and not text:
            self.credit_ore += ore
        else:
            self._check_text(type_code, text)
            kind, flags = self._unusual(type_code, sign, ore, flags)
            text = parse_text(text)
            if not ore:
                return None
        key = days[3] + tx if tx > self._last_tx else self._out_of_order(days[3] + tx, tx)
        self._last_tx = tx
        position = self._before + self.count
        if position > self._last_position:
            raise self._run.log.fatal("too_many_payments", self._run.where(), f"at most {self._last_position}", "more")
        fields = (
            kind,
            self._account,
            ore,
            CURRENCY,
            kid.strip() or None,
            text,
            None,
            None if debit in _NO_ACCOUNT else debit,
            days[0],
            days[1],
            flags,
            position,
            self._run.lines.number,
            None if archive in _NO_ARCHIVE else archive,
            None,
            tx,
            type_code,
            nets_date + settlement,
            key,
            form_no,
            (),
            None,
            None,
            None,
        )
        return _new_tuple(IncomingPayment, fields)

    def _read_days(self, nets_date: str, bank_date: str) -> _Days:
        """Booking and order date of a new pair of date fields: decided once, since a file has few."""
        booked_on = parse_date(nets_date)
        if booked_on is None:
            self._run.log.error("nets_date", self._run.where(), "a date (DDMMYY)", "no date")
            self.broken = True
            return _NO_DAYS
        ordered_on = parse_date(bank_date)
        if ordered_on is None or ordered_on > booked_on:
            ordered_on = booked_on
        early = ordered_on < booked_on - timedelta(days=EARLY_DAYS)
        days: _Days = (
            booked_on,
            ordered_on,
            (Flag.PAID_ON_EARLY,) if early else (),
            f"{self._key}/{booked_on.isoformat()}/",
        )
        self._earliest, self._latest = min(self._earliest, booked_on), max(self._latest, booked_on)
        if len(self._days) >= MAX_DATE_PAIRS:
            self._days.clear()
        self._days[nets_date + bank_date] = days
        return days

    def _unusual(self, type_code: str, sign: str, ore: int, flags: tuple[Flag, ...]) -> tuple[Kind, tuple[Flag, ...]]:
        """Direction and flags of anything but a plain credit, with its part in the totals."""
        where = self._run.where()
        if sign not in "0 -":
            self._run.log.error("sign", where, "0, blank or -", "another character")
        if ore > MAX_AMOUNT_ORE:
            self._run.log.error("amount", where, f"at most {MAX_AMOUNT_ORE} øre", ore)
        if not ore:
            self._without_money += 1
            self._run.log.note("amount_zero", where, "an amount", "zero: counted, nothing to post")
            return Kind.CREDIT, flags
        negative, takes_back = sign == "-", type_code in REVERSALS
        if type_code not in TRANSACTION_TYPES:
            self._run.log.note("unknown_type", where, "transaction type 10 to 21", type_code)
            flags = (*flags, Flag.UNKNOWN_TYPE)
        if negative:
            flags = (*flags, Flag.SIGN_UNCLEAR if takes_back else Flag.CREDIT_NOTE)
        if negative == takes_back:
            self.credit_ore += ore
            return Kind.CREDIT, flags
        self.reversals += 1
        self.reversal_ore += ore
        self._control_correction += -ore if negative else ore
        return Kind.REVERSAL, flags

    def _check_text(self, type_code: str, text: str) -> None:
        """Amount item 3 belongs to types 20 and 21, and to no other that is known."""
        if bool(text) != (type_code in WITH_TEXT) and type_code in TRANSACTION_TYPES:
            expected = f"amount item 3 for types 20 and 21 only, not {type_code}"
            self._run.log.error("text_item", self._run.where(), expected, "one" if text else "none")

    def _out_of_order(self, key: str, tx: str) -> str:
        """The key of a number that was, or may have been, used before: its position makes it its own."""
        self._run.log.note("transaction_order", self._run.where(), f"a number above {self._last_tx}", tx)
        return f"{key}~{self.count}"

    def _note_broken(self, one: str, two: str) -> None:
        """Notes everything that keeps a pair of records from being a payment."""
        self.broken = True
        run, where = self._run, self._run.where()
        if not one or not two:
            run.log.error("item_missing", where, "amount items 1 and 2 before this record", "one of them is missing")
            return
        for item in (one, two):
            run.check_length(item)
        if one[SERVICE] != "09" or two[PAIR] != f"NY09{one[TYPE]}31{one[TX_NO]}":
            run.log.error("item_mismatch", where, "items 1 and 2 of one type and number", "different ones")
        expect_number(run, "transaction number", one[TX_NO])
        expect_number(run, "amount", one[AMOUNT])

    def _leftover(self, one: str, two: str) -> IncomingPayment | None:
        """A transaction begun and not ended by an item 3: right for a type nobody knows, an error for the others."""
        if two and one[TYPE] not in TRANSACTION_TYPES:
            return self._payment(one, two, "")
        self.broken = True
        self._run.log.error("item_missing", self._run.where(), f"the rest of transaction {one[TX_NO]}", "none")
        return None

    def _ends(self, line: str) -> bool:
        """Whether a record that is no amount item ends the assignment; anything that may not stand here is an error."""
        if line[RECORD] in ("88", "89", "20", "10"):
            return True
        if not self._run.lines.is_blank(line):
            self.broken = True
            if self._run.check_length(line):
                self._run.log.error("unexpected_record", self._run.where(), "amount items 30, 31, 32", line[HEADER])
        return False

    def _open(self) -> None:
        run = self._run
        self.broken |= not run.check_length(self._start)
        if not self._account.isdecimal():
            run.log.error("account", run.where(), "an account of 11 digits", "something else")
        elif run.accounts is not None and self._account not in run.accounts:
            run.log.error("unknown_account", run.where(), "an account of ours", self._account)

    def _finish(self, line: str) -> str:
        run = self._run
        run.transactions += self.count
        run.credits += self.credits
        run.credit_ore += self.credit_ore
        run.reversals += self.reversals
        run.reversal_ore += self.reversal_ore
        if line[HEADER] != "NY090088":
            self.broken = True
            run.log.error("missing_end", run.where(), "an end of assignment (NY090088)", line[HEADER] or "end of file")
            return line
        if run.check_length(line):
            self._prove(line)
        return ""

    def _prove(self, line: str) -> None:
        run = self._run
        if not self.broken:
            run.expect("transaction_count", line[TX_COUNT], self.count)
            run.expect("record_count", line[RECORD_COUNT], run.records_since(self._first_line, self._blank_before))
            self._prove_total(expect_number(run, "total amount", line[TOTAL]))
        named = (("end_date", END_DATE, None), ("earliest", EARLIEST, self._earliest), ("latest", LATEST, self._latest))
        for code, field, read in named:
            stated = parse_date(line[field])
            if self.count and (stated is None or (read and stated != read)):
                run.log.note(code, run.where(), read or "a date (DDMMYY)", stated or "no date")

    def _prove_total(self, stated: int | None) -> None:
        """The stated sum; one that fits only when "-" amounts are added is known from other producers, and told."""
        self.control_ore = expected = self.credit_ore + self._control_correction
        if stated is None or stated == abs(expected):  # the field has no sign
            return
        if stated == self.credit_ore + self.reversal_ore:
            self.control_ore = stated
            self._run.log.note("total_gross", self._run.where(), expected, f"{stated}, negative amounts added")
        else:
            self._run.log.error("total_amount", self._run.where(), expected, stated)
