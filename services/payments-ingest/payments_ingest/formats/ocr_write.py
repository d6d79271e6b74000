"""Writes OCR giro files, record by record the inverse of the reader: for tests, the sandbox and benchmarks.

Amounts are øre. Text is ISO-8859-1; what that cannot express becomes ``?``. A value that does not fit its field raises
ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from payments_ingest.formats.ocr_layout import BANK, LENGTH, REVERSALS, WITH_TEXT, format_date

RECIPIENT = "00010200"
AGREEMENT = "008566000"
CENTRE = "13"


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrPayment:
    """One transaction as the bank reports it; dates left out are the day the transmission is made.

    ``negative`` is the "-" sign of a credit note; types 18 and 20 take money back without it. ``bank_date`` is the
    payer's order date, and ``no_bank_date`` leaves it zero.
    """

    amount_ore: int
    kid: str = ""
    type_code: str = "10"
    text: str = ""
    payer_account: str = ""
    nets_date: date | None = None
    bank_date: date | None = None
    no_bank_date: bool = False
    negative: bool = False
    form_no: str = ""
    archive_ref: str = ""
    centre: str = CENTRE
    day_code: int | None = None
    partial: int = 1
    serial: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrAssignment:
    """The payments to one account."""

    account: str
    payments: tuple[OcrPayment, ...] = ()
    number: int = 1
    agreement: str = AGREEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A payer's AvtaleGiro mandate. ``registration``: 0 all, 1 new or changed, 2 deleted."""

    kid: str
    registration: int = 1
    written_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateAssignment:
    """AvtaleGiro mandates that concern one account."""

    account: str
    mandates: tuple[Mandate, ...] = ()
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrTransmission:
    """One transmission, in the order its assignments stand in the file."""

    number: int
    produced_on: date
    assignments: tuple[OcrAssignment | MandateAssignment, ...]
    recipient: str = RECIPIENT
    sender: str = BANK


def make_ocr_file(account: str, payments: Iterable[OcrPayment], transmission_number: int, day: date) -> bytes:
    """An OCR giro file as the bank would send it on ``day``: one transmission, one assignment, all to ``account``."""
    assignment = OcrAssignment(account=account, payments=tuple(payments))
    return write_ocr(OcrTransmission(number=transmission_number, produced_on=day, assignments=(assignment,)))


def write_ocr(*transmissions: OcrTransmission, line_end: str = "\n") -> bytes:
    """The bytes of a file holding ``transmissions``, all counts, sums and dates right."""
    lines = (line + line_end for transmission in transmissions for line in transmission_lines(transmission))
    return "".join(lines).encode("latin-1", "replace")


def transmission_lines(transmission: OcrTransmission) -> Iterator[str]:
    """The records of one transmission, one by one."""
    yield start_of_transmission(transmission.sender, transmission.number, transmission.recipient)
    transactions, records, total = 0, 2, 0
    for assignment in transmission.assignments:
        if isinstance(assignment, MandateAssignment):
            lines = mandate_lines(assignment)
        else:
            lines = assignment_lines(assignment, transmission.produced_on)
            total += sum(control_amount(payment) for payment in assignment.payments)
        for line in lines:
            records += 1
            transactions += line[6:8] in ("30", "70")
            yield line
    yield end_of_transmission(transactions, records, total, transmission.produced_on)


def assignment_lines(assignment: OcrAssignment, day: date) -> Iterator[str]:
    """The records of one assignment of payments, transmitted on ``day``."""
    yield start_of_assignment(assignment.agreement, assignment.number, assignment.account)
    records, total, days = 2, 0, set[date]()
    for number, payment in enumerate(assignment.payments, 1):
        nets_date = payment.nets_date or day
        days.add(nets_date)
        total += control_amount(payment)
        yield amount_item_1(number, payment, nets_date)
        yield amount_item_2(number, payment, None if payment.no_bank_date else payment.bank_date or nets_date)
        records += 2
        if payment.type_code in WITH_TEXT:
            yield amount_item_3(number, payment)
            records += 1
    count = len(assignment.payments)
    yield end_of_assignment(count, records, total, day, min(days, default=None), max(days, default=None))


def mandate_lines(assignment: MandateAssignment) -> Iterator[str]:
    """The records of one AvtaleGiro assignment of mandates."""
    yield _record("NY212420", "0" * 9, _number(assignment.number, 7), _digits(assignment.account, 11))
    for number, mandate in enumerate(assignment.mandates, 1):
        notice = "J" if mandate.written_notice else "N"
        yield _record("NY219470", _number(number, 7), str(mandate.registration), _right(mandate.kid, 25), notice)
    count = len(assignment.mandates)
    yield _record("NY212488", _number(count, 8), _number(count + 2, 8))


def control_amount(payment: OcrPayment) -> int:
    """What a payment adds to the control sums: "-" amounts are subtracted, but not those of types 18 and 20."""
    subtracted = payment.negative and payment.type_code not in REVERSALS
    return -payment.amount_ore if subtracted else payment.amount_ore


def start_of_transmission(sender: str, number: int, recipient: str) -> str:
    """Record 10."""
    return _record("NY000010", _digits(sender, 8), _number(number, 7), _digits(recipient, 8))


def start_of_assignment(agreement: str, number: int, account: str) -> str:
    """Record 20 of the OCR giro service."""
    return _record("NY090020", _digits(agreement, 9), _number(number, 7), _digits(account, 11))


def amount_item_1(number: int, payment: OcrPayment, nets_date: date) -> str:
    """Record 30."""
    day_code = nets_date.day if payment.day_code is None else payment.day_code
    return _record(
        f"NY09{_digits(payment.type_code, 2)}30",
        _number(number, 7),
        format_date(nets_date),
        _digits(payment.centre, 2),
        _number(day_code, 2),
        _number(payment.partial, 1),
        _number(payment.serial, 5),
        "-" if payment.negative else "0",
        _number(payment.amount_ore, 17),
        _right(payment.kid, 25),
    )


def amount_item_2(number: int, payment: OcrPayment, bank_date: date | None) -> str:
    """Record 31."""
    return _record(
        f"NY09{payment.type_code}31",
        _number(number, 7),
        _digits(payment.form_no, 10),
        _digits(payment.archive_ref, 9),
        "0" * 7,
        format_date(bank_date),
        _digits(payment.payer_account, 11),
    )


def amount_item_3(number: int, payment: OcrPayment) -> str:
    """Record 32, which types 20 and 21 have."""
    if len(payment.text) > 40:
        raise ValueError(f"at most 40 characters of text are expected, got {len(payment.text)}")
    return _record(f"NY09{payment.type_code}32", _number(number, 7), payment.text.ljust(40))


def end_of_assignment(
    count: int, records: int, total: int, day: date, earliest: date | None, latest: date | None
) -> str:
    """Record 88 of the OCR giro service; ``records`` counts records 20 and 88 too."""
    numbers = (_number(count, 8), _number(records, 8), _number(abs(total), 17))
    return _record("NY090088", *numbers, format_date(day), format_date(earliest), format_date(latest))


def end_of_transmission(count: int, records: int, total: int, day: date) -> str:
    """Record 89; ``records`` counts every record of the transmission."""
    return _record("NY000089", _number(count, 8), _number(records, 8), _number(abs(total), 17), format_date(day))


def _record(*fields: str) -> str:
    return "".join(fields).ljust(LENGTH, "0")


def _number(value: int, width: int) -> str:
    text = str(value)
    if value < 0 or len(text) > width:
        raise ValueError(f"a number of at most {width} digits is expected, got {value}")
    return text.zfill(width)


def _digits(value: str, width: int) -> str:
    if len(value) > width:
        raise ValueError(f"at most {width} characters are expected, got {len(value)}")
    return value.zfill(width)


def _right(value: str, width: int) -> str:
    if len(value) > width:
        raise ValueError(f"at most {width} characters are expected, got {len(value)}")
    return value.rjust(width)
