"""OCR giro under chance: what is written is read, another parser agrees, and no damage does more than refuse."""

from __future__ import annotations

import io
from datetime import date

import netsgiro
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.bank_files import ACCOUNT, MONDAY, OTHER_ACCOUNT, ocr, payments_of, read_all, report_of

from payments_ingest.formats import (
    FileRefused,
    FileReport,
    IncomingPayment,
    Kind,
    Limits,
    OcrPayment,
    make_ocr_file,
    read_ocr,
)
from payments_ingest.formats.ocr_write import (
    Mandate,
    MandateAssignment,
    OcrAssignment,
    OcrTransmission,
    write_ocr,
)

DAYS = st.dates(date(1990, 1, 1), date(2068, 12, 31))  # later two-digit years are the 1900s to netsgiro
DIGITS = "0123456789"
LETTERS = "ABCæøåÆØÅéü 0123456789-./:"
KIDS = st.one_of(st.just(""), st.text(DIGITS, min_size=2, max_size=25), st.from_regex(r"[0-9]{3,24}-", fullmatch=True))


@st.composite
def ocr_payments(draw: st.DrawFn) -> OcrPayment:
    type_code = draw(st.integers(10, 21).map(str))
    return OcrPayment(
        amount_ore=draw(st.integers(1, 10**12)),
        kid=draw(KIDS),
        type_code=type_code,
        text=draw(st.text(LETTERS, max_size=40)).strip() if type_code in ("20", "21") else "",
        payer_account=draw(st.sampled_from(["", ACCOUNT, OTHER_ACCOUNT])),
        nets_date=draw(DAYS),
        bank_date=draw(DAYS),
        no_bank_date=draw(st.booleans()),
        negative=draw(st.booleans()),
        form_no=draw(st.text(DIGITS, max_size=10)),
        archive_ref=draw(st.text(DIGITS, min_size=1, max_size=9)),
        partial=draw(st.integers(0, 9)),
        serial=draw(st.integers(0, 99_999)),
    )


ASSIGNMENTS = st.one_of(
    st.builds(
        OcrAssignment,
        account=st.sampled_from([ACCOUNT, OTHER_ACCOUNT]),
        payments=st.lists(ocr_payments(), max_size=6).map(tuple),
        number=st.integers(1, 9_999_999),
    ),
    st.builds(
        MandateAssignment,
        account=st.just(ACCOUNT),
        mandates=st.lists(st.builds(Mandate, kid=KIDS, registration=st.integers(0, 2)), max_size=4).map(tuple),
    ),
)


@st.composite
def transmissions(draw: st.DrawFn) -> tuple[OcrTransmission, ...]:
    return tuple(
        OcrTransmission(
            number=number,
            produced_on=draw(DAYS),
            assignments=tuple(draw(st.lists(ASSIGNMENTS, max_size=4))),
        )
        for number in range(1, draw(st.integers(1, 3)) + 1)
    )


@given(transmissions(), st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_written_is_read_back(files: tuple[OcrTransmission, ...], line_end: str) -> None:
    *read, report = read_all(write_ocr(*files, line_end=line_end))
    written = [
        (assignment.account, payment)
        for file in files
        for assignment in file.assignments
        if isinstance(assignment, OcrAssignment)
        for payment in assignment.payments
    ]
    assert isinstance(report, FileReport)
    assert len(read) == len(written) == report.payments
    for item, (account, payment) in zip(read, written, strict=True):
        assert isinstance(item, IncomingPayment)
        assert (item.account, item.amount_ore, item.type_code) == (account, payment.amount_ore, payment.type_code)
        assert (item.kid or "", item.message) == (payment.kid, payment.text)
        assert (item.payer_account or "") == payment.payer_account
        assert (item.archive_ref or "").lstrip("0") == payment.archive_ref.lstrip("0")
        assert (item.kind is Kind.REVERSAL) == ((payment.type_code in ("18", "20")) != payment.negative)
        assert item.booked_on == payment.nets_date
        usable = not payment.no_bank_date and payment.bank_date <= payment.nets_date
        assert item.paid_on == (payment.bank_date if usable else payment.nets_date)
    assert len({item.natural_key for item in read}) == len(read)
    signed = sum(item.amount_ore if item.kind is Kind.CREDIT else -item.amount_ore for item in read)
    assert report.sum_ore == signed == sum(transmission.sum_ore for transmission in report.transmissions)


@given(st.lists(ocr_payments().filter(lambda p: not p.negative and not p.kid.endswith("-")), min_size=1, max_size=8))
def test_netsgiro_reads_the_same_from_a_clean_file(payments: list[OcrPayment]) -> None:
    data = make_ocr_file(ACCOUNT, payments, 1, MONDAY)
    (assignment,) = netsgiro.parse(data.decode("latin-1")).assignments
    theirs = [
        (int(t.amount * 100), t.kid, getattr(t, "text", None) or "", t.date, t.bank_date, t.debit_account)
        for t in assignment.transactions
    ]
    ours = [
        (
            item.amount_ore,
            item.kid,
            item.message,
            item.booked_on,
            None if payment.no_bank_date else payment.bank_date,
            item.payer_account or "0" * 11,
        )
        for item, payment in zip(payments_of(data), payments, strict=True)
    ]
    assert ours == theirs


WHOLE = write_ocr(
    OcrTransmission(
        number=1,
        produced_on=MONDAY,
        assignments=(
            OcrAssignment(
                account=ACCOUNT,
                payments=(
                    OcrPayment(amount_ore=100, kid="123456782"),
                    OcrPayment(amount_ore=250, type_code="21", text="sak 12"),
                    OcrPayment(amount_ore=30, negative=True),
                    OcrPayment(amount_ore=40, type_code="18"),
                ),
            ),
            MandateAssignment(account=ACCOUNT, mandates=(Mandate(kid="1234567-"),), number=2),
        ),
    )
)


def outcome(data: bytes) -> list[object] | None:
    """What a file yields, None when it is refused; any other exception fails the test."""
    try:
        return list(read_ocr(io.BytesIO(data), limits=Limits(bytes=100_000, problems=20)))
    except FileRefused as refused:
        return None if refused.problems else ["refused without a reason"]


EDITS = st.lists(
    st.tuples(
        st.integers(0, len(WHOLE) - 1),
        st.integers(0, 90),
        st.one_of(
            st.binary(max_size=3), st.sampled_from([b"\n", b"-", b"0", b"9", b" ", b"NY", b"88", b"\x00", b"\x85"])
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=400)
@given(EDITS)
@example([(0, 0, b"\n")])
def test_damage_is_refused_or_changes_no_total(edits: list[tuple[int, int, bytes]]) -> None:
    data = WHOLE
    for position, length, new in edits:
        data = data[:position] + new + data[position + length :]
    read = outcome(data)
    if read is not None:
        report = read[-1]
        assert isinstance(report, FileReport)
        assert report.sum_ore in (0, 280), "a sum that its end records do not state"


@given(st.permutations(WHOLE.removesuffix(b"\n").split(b"\n")), st.integers(0, 12))
def test_records_in_any_other_order_are_refused_or_add_up(lines: list[bytes], kept: int) -> None:
    read = outcome(b"\n".join(lines[:kept]))
    assert read is None or isinstance(read[-1], FileReport)


@settings(max_examples=400)
@given(st.binary(max_size=2_000))
def test_noise_is_refused(noise: bytes) -> None:
    assert outcome(noise) is None


@given(st.binary(max_size=400))
def test_noise_after_a_start_is_refused(noise: bytes) -> None:
    assert outcome(WHOLE[:162] + noise) is None


class Trickle(io.RawIOBase):
    """A file whose bytes arrive ``size`` at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self.rest, self.size = data, size

    def read(self, _: int = -1) -> bytes:
        part, self.rest = self.rest[: self.size], self.rest[self.size :]
        return part


@given(st.integers(1, 200))
def test_reading_does_not_depend_on_how_the_bytes_arrive(size: int) -> None:
    data = WHOLE.replace(b"\n", b"\r\n")
    assert list(read_ocr(Trickle(data, size))) == read_all(data)


def told(source: io.RawIOBase | io.BytesIO) -> tuple[list[object], list[str]]:
    """What a file yields, or what it is refused for."""
    items: list[object] = []
    try:
        items.extend(read_ocr(source, limits=Limits(problems=20)))
    except FileRefused as refused:
        return [], [str(problem) for problem in refused.problems]
    return items, []


@settings(max_examples=60)
@given(
    st.lists(ocr_payments(), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=3)), max_size=2),
)
def test_hundreds_at_a_time_or_line_by_line_is_the_same(
    payments: list[OcrPayment], edits: list[tuple[int, int, bytes]]
) -> None:
    """Four hundred payments are scanned as a whole; arriving a line at a time they are read one by one."""
    data = ocr(*(payments * 400)[:900])
    for position, length, new in edits:
        position %= len(data)
        data = data[:position] + new + data[position + length :]
    assert told(io.BytesIO(data)) == told(Trickle(data, 81))


def test_the_banks_own_order_of_magnitude_streams() -> None:
    """Two thousand payments cross many chunks of the line reader."""
    payments = [OcrPayment(amount_ore=n, kid=f"{n:08d}", type_code="21", text=f"sak {n}") for n in range(1, 2_001)]
    data = ocr(*payments)
    assert [p.amount_ore for p in payments_of(data)] == list(range(1, 2_001))
    assert report_of(data).sum_ore == 2_001_000
