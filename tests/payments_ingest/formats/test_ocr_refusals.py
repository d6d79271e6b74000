"""What refuses an OCR giro file: the validation list of the specification, one by one, and all of it at once."""

from __future__ import annotations

import io

import pytest
from support.bank_files import (
    ACCOUNT,
    OTHER_ACCOUNT,
    drop,
    edit,
    errors_of,
    mandates,
    ocr,
    ocr_file,
    read_all,
)

from payments_ingest.formats import (
    FileRefused,
    Format,
    IncomingPayment,
    Limits,
    OcrPayment,
    Severity,
    detect,
    read_ocr,
)
from payments_ingest.formats.ocr_write import OcrAssignment

TWO = ocr(OcrPayment(amount_ore=100, kid="123456782"), OcrPayment(amount_ore=200, type_code="21", text="hei"))


def lines_of(data: bytes) -> list[bytes]:
    return data.removesuffix(b"\n").split(b"\n")


class TestShape:
    @pytest.mark.parametrize("number", range(1, 9))
    @pytest.mark.parametrize("change", [lambda line: line[:-1], lambda line: line + b"0"], ids=["79", "81"])
    def test_every_record_has_80_characters(self, number: int, change) -> None:
        lines = lines_of(TWO)
        lines[number - 1] = change(lines[number - 1])
        assert "record_length" in errors_of(b"\n".join(lines))

    @pytest.mark.parametrize("length", range(2, 80, 3))
    def test_a_record_cut_anywhere_is_refused(self, length: int) -> None:
        for number in range(9):
            lines = lines_of(TWO)
            lines[number] = lines[number][:length]
            assert errors_of(b"\n".join(lines))

    def test_the_first_record_starts_a_transmission(self) -> None:
        assert errors_of(drop(TWO, "0010")) == ["not_a_start"]

    def test_the_last_record_ends_it(self) -> None:
        assert errors_of(drop(TWO, "0089")) == ["missing_end"]

    @pytest.mark.parametrize("kept", range(1, 9))
    def test_a_file_cut_off_anywhere_is_refused(self, kept: int) -> None:
        whole = lines_of(TWO)
        assert len(whole) == 9
        assert "missing_end" in errors_of(b"\n".join(whole[:kept]))

    def test_an_assignment_has_an_end(self) -> None:
        assert errors_of(drop(TWO, "0088")) == ["missing_end"]
        two = ocr_file(
            *[OcrAssignment(account=ACCOUNT, number=n, payments=(OcrPayment(amount_ore=1),)) for n in (1, 2)]
        )
        assert errors_of(drop(two, "0088")) == ["missing_end"]

    def test_an_assignment_has_a_start(self) -> None:
        assert set(errors_of(drop(TWO, "0020"))) == {"unexpected_record"}

    def test_something_after_the_end_is_a_transmission_or_refused(self) -> None:
        assert errors_of(TWO + b"hello\n") == ["not_a_start"]
        assert errors_of(TWO + lines_of(TWO)[2] + b"\n") == ["not_a_start"]
        assert errors_of(TWO + TWO) == ["transmission_twice"]
        assert "missing_end" in errors_of(TWO + drop(ocr(OcrPayment(amount_ore=1), number=2), "0089"))

    def test_a_stray_record_inside_an_assignment(self) -> None:
        assert errors_of(edit(TWO, "32", 7, "40")) == ["unexpected_record", "item_missing"]

    def test_an_empty_file_is_not_one(self) -> None:
        with pytest.raises(FileRefused) as refused:
            list(read_ocr(io.BytesIO(b"")))
        assert [problem.code for problem in refused.value.problems] == ["empty"]


class TestItems:
    @pytest.mark.parametrize("record", ["30", "31", "32"])
    def test_all_items_of_a_transaction_are_there(self, record: str) -> None:
        assert "item_missing" in errors_of(drop(TWO, record, nth=1 if record != "32" else 0))

    @pytest.mark.parametrize(("position", "text"), [(5, "11"), (9, "0000009"), (3, "21"), (1, "XX")])
    def test_items_belong_together(self, position: int, text: str) -> None:
        assert errors_of(edit(TWO, "1031", position, text)) == ["item_mismatch"]

    @pytest.mark.parametrize(("position", "text"), [(5, "20"), (9, "0000009")])
    def test_the_text_item_belongs_to_its_transaction(self, position: int, text: str) -> None:
        assert errors_of(edit(TWO, "2132", position, text)) == ["item_mismatch"]

    def test_a_text_item_stands_with_types_20_and_21_only(self) -> None:
        changed = TWO
        for record in ("30", "31"):
            changed = edit(changed, record, 5, "10", nth=1)
        assert "item_missing" in errors_of(edit(changed, "32", 5, "10"))
        without = edit(edit(ocr(OcrPayment(amount_ore=1)), "30", 5, "21"), "31", 5, "21")
        assert errors_of(without) == ["item_missing"]

    @pytest.mark.parametrize(
        "text", ["0000000000000010 ", "-0000000000000100", "0000000000000_100", "000000000000001²0"]
    )
    def test_an_amount_is_seventeen_digits(self, text: str) -> None:
        assert errors_of(edit(TWO, "1030", 33, text)) == ["not_a_number"]

    def test_an_amount_beyond_reason_is_refused(self) -> None:
        assert errors_of(ocr(OcrPayment(amount_ore=10**12 + 1))) == ["amount"]

    def test_the_sign_is_zero_blank_or_minus(self) -> None:
        assert errors_of(edit(TWO, "1030", 32, "+")) == ["sign"]

    @pytest.mark.parametrize("text", ["000000", "310226", "      ", "0103XX"])
    def test_the_nets_date_is_a_date(self, text: str) -> None:
        assert errors_of(edit(TWO, "1030", 16, text)) == ["nets_date"]

    def test_the_transaction_number_is_a_number(self) -> None:
        changed = edit(edit(TWO, "1030", 9, "000000A"), "1031", 9, "000000A")
        assert errors_of(changed) == ["not_a_number"]


class TestTotals:
    @pytest.mark.parametrize("record", ["0088", "0089"])
    @pytest.mark.parametrize(
        ("position", "text", "code"),
        [
            (9, "00000003", "transaction_count"),
            (17, "00000099", "record_count"),
            (25, "00000000000000301", "total_amount"),
            (9, "0000000X", "not_a_number"),
            (17, "        ", "not_a_number"),
            (25, "0000000000000030-", "not_a_number"),
        ],
    )
    def test_every_count_and_sum_is_verified(self, record: str, position: int, text: str, code: str) -> None:
        assert errors_of(edit(TWO, record, position, text)) == [code]

    def test_a_transaction_that_went_missing_is_noticed(self) -> None:
        without = drop(drop(TWO, "1030"), "1031")
        assert errors_of(without) == ["transaction_count", "record_count", "total_amount"] * 2

    def test_a_changed_amount_is_noticed(self) -> None:
        assert errors_of(edit(TWO, "1030", 49, "1")) == ["total_amount"] * 2

    def test_skipped_mandates_are_counted_strictly(self) -> None:
        data = ocr_file(mandates("1", "2"))
        assert errors_of(drop(data, "9470")) == ["record_count", "transaction_count", "record_count"]
        assert errors_of(drop(data, "2488")) == ["missing_end"]


class TestSender:
    def test_an_account_that_is_not_ours(self) -> None:
        assert errors_of(TWO, accounts={OTHER_ACCOUNT}) == ["unknown_account"]
        assert len(read_all(TWO, accounts={ACCOUNT})) == 3

    def test_an_account_that_is_no_number(self) -> None:
        assert errors_of(edit(TWO, "0020", 25, "1315010183X")) == ["account"]

    def test_a_file_from_the_payee_to_the_bank(self) -> None:
        outbound = edit(edit(TWO, "0010", 9, "00010200"), "0010", 24, "00008080")
        assert errors_of(outbound) == ["outbound"]

    @pytest.mark.parametrize("start", ["NY210020", "NY213620", "NY212149", "NY210230"])
    def test_orders_from_the_payee_between_the_banks_records(self, start: str) -> None:
        lines = lines_of(TWO)
        data = b"\n".join([lines[0], (start[:6] + "20").encode() + b"0" * 72, start.encode() + b"0" * 72, *lines[1:]])
        assert errors_of(data) == ["outbound"]


class TestReport:
    def test_everything_wrong_is_told_at_once_with_its_place(self) -> None:
        data = edit(edit(TWO, "0010", 9, "99999999"), "0088", 25, "00000000000000999")
        data = edit(edit(data, "0088", 9, "00000009"), "0089", 17, "00000008")
        with pytest.raises(FileRefused) as refused:
            read_all(data)
        problems = refused.value.problems
        assert [(p.code, p.where) for p in problems] == [
            ("transaction_count", "line 8"),
            ("total_amount", "line 8"),
            ("record_count", "line 9"),
            ("transmitter", "line 1"),
        ]
        assert (problems[1].expected, problems[1].got) == ("300", "999")
        assert problems[-1].severity is Severity.WARNING
        assert refused.value.format is Format.OCR

    def test_the_report_is_bounded(self) -> None:
        data = ocr(*[OcrPayment(amount_ore=1)] * 50)
        for nth in range(50):
            data = edit(data, "1030", 16, "999999", nth=nth)
        codes = errors_of(data, limits=Limits(problems=20))
        assert len(codes) == 21
        assert codes[-1] == "too_many_problems"

    def test_warnings_without_end_are_counted_not_kept(self) -> None:
        data = ocr(*[OcrPayment(amount_ore=0)] * 50)
        report = read_all(data, limits=Limits(problems=20))[-1]
        assert len(report.problems) == 21
        assert report.problems[-1].code == "untold_warnings"
        assert report.problems[-1].got == "30 more warnings"

    def test_no_payers_data_is_in_it(self) -> None:
        secret = ocr(
            OcrPayment(amount_ore=1, kid="77777777777", payer_account="66666666666", type_code="21", text="Ola")
        )
        for nth, record in enumerate(("30", "31", "32")):
            for position in (1, 5, 9, 16, 33):
                with pytest.raises(FileRefused) as refused:
                    read_all(edit(edit(secret, record, position, "???"), "0088", 25, "9"))
                told = " ".join(map(str, refused.value.problems))
                assert not any(word in told for word in ("7777777", "666666", "Ola")), nth


class TestLimits:
    def test_a_file_that_is_too_large(self) -> None:
        assert errors_of(TWO, limits=Limits(bytes=500)) == ["file_too_large"]

    def test_more_payments_than_we_take(self) -> None:
        assert errors_of(TWO, limits=Limits(payments=1)) == ["too_many_payments"]
        assert len(read_all(TWO, limits=Limits(payments=2))) == 3

    def test_more_assignments_than_we_take(self) -> None:
        data = ocr_file(*[OcrAssignment(account=ACCOUNT, number=n) for n in range(1, 4)], mandates(number=4))
        assert len(read_all(data, limits=Limits(assignments=4))) == 1
        assert errors_of(data, limits=Limits(assignments=3)) == ["too_many_assignments"]

    def test_a_line_without_end(self) -> None:
        assert errors_of(TWO + b"NY" + b"0" * 200_000) == ["line_too_long"]

    def test_what_was_yielded_before_a_refusal_came_in_order(self) -> None:
        reading = read_ocr(io.BytesIO(edit(TWO, "0089", 25, "1")))
        assert isinstance(next(reading), IncomingPayment)
        assert isinstance(next(reading), IncomingPayment)
        with pytest.raises(FileRefused):
            next(reading)


def test_ocr_giro_is_told_by_its_first_bytes() -> None:
    assert detect(TWO[:10]) is Format.OCR
    assert detect(b"\xef\xbb\xbf" + TWO) is Format.OCR
    assert detect(b"\r\n" + TWO) is Format.OCR
    for other in (b"", b"hello", b"%PDF-1.7", b"PK\x03\x04", b"<html/>", b"N"):
        assert detect(other) is None
