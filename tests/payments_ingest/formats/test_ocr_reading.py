"""What an OCR giro file yields: every kind of payment, every harmless deviation, every odd thing kept and told."""

from __future__ import annotations

from datetime import date

import pytest
from support.bank_files import (
    ACCOUNT,
    MONDAY,
    OTHER_ACCOUNT,
    edit,
    mandates,
    ocr,
    ocr_file,
    payments_of,
    read_all,
    report_of,
    warnings_of,
)

from payments_ingest.formats import Flag, Kind, OcrPayment, Skipped
from payments_ingest.formats.ocr_write import OcrAssignment

KID = "123456782"


def one(payment: OcrPayment):
    (read,) = payments_of(ocr(payment))
    return read


def test_a_payment_is_read_field_by_field() -> None:
    payment = one(
        OcrPayment(
            amount_ore=125_050,
            kid=KID,
            type_code="13",
            payer_account=OTHER_ACCOUNT,
            nets_date=MONDAY,
            bank_date=date(2026, 2, 27),
            archive_ref="600155380",
            form_no="0960000000",
            partial=3,
            serial=42,
        )
    )
    assert payment.kind is Kind.CREDIT
    assert (payment.account, payment.amount_ore, payment.currency) == (ACCOUNT, 125_050, "NOK")
    assert (payment.kid, payment.message, payment.payer_account) == (KID, "", OTHER_ACCOUNT)
    assert (payment.booked_on, payment.paid_on) == (MONDAY, date(2026, 2, 27))
    assert (payment.archive_ref, payment.transaction_id, payment.type_code) == ("600155380", "0000001", "13")
    assert payment.bank_line == "0203261302300042"
    assert (payment.position, payment.line, payment.flags) == (1, 4, ())
    assert payment.natural_key == f"00008080/00010200/0000017/0000001/{ACCOUNT}/2026-03-02/0000001"


@pytest.mark.parametrize("type_code", [str(code) for code in range(10, 22)])
def test_every_transaction_type_has_its_direction(type_code: str) -> None:
    payment = one(OcrPayment(amount_ore=100, type_code=type_code, text="hei" if type_code in ("20", "21") else ""))
    assert payment.kind is (Kind.REVERSAL if type_code in ("18", "20") else Kind.CREDIT)
    assert payment.flags == ()
    assert payment.type_code == type_code


@pytest.mark.parametrize("kid", ["1", "1234567-", "9" * 25, "FAKTURA 12-B"])
def test_a_kid_is_kept_as_it_came(kid: str) -> None:
    assert one(OcrPayment(amount_ore=100, kid=kid)).kid == kid


def test_no_kid_is_none_and_a_left_aligned_one_is_found() -> None:
    assert one(OcrPayment(amount_ore=100)).kid is None
    (payment,) = payments_of(edit(ocr(OcrPayment(amount_ore=100)), "30", 50, KID.ljust(25)))
    assert payment.kid == KID


def test_free_text_survives_the_letters_of_windows() -> None:
    data = edit(ocr(OcrPayment(amount_ore=100, type_code="21", text="sak 12")), "32", 16, "p\xe5 sak \x93 12\x94 \x85")
    assert payments_of(data)[0].message == "på sak “ 12” …"


def test_a_minus_sign_is_a_credit_note_subtracted_from_the_sums() -> None:
    data = ocr(OcrPayment(amount_ore=300, kid=KID), OcrPayment(amount_ore=100, kid=KID, negative=True))
    _, note = payments_of(data)
    assert (note.kind, note.amount_ore, note.flags) == (Kind.REVERSAL, 100, (Flag.CREDIT_NOTE,))
    report = report_of(data)
    assert (report.credit_ore, report.reversal_ore, report.sum_ore) == (300, 100, 200)
    assert data.split(b"\n")[-3][24:41] == b"00000000000000200"


def test_more_credit_notes_than_credits_leave_a_sum_without_a_sign() -> None:
    data = ocr(OcrPayment(amount_ore=100), OcrPayment(amount_ore=300, negative=True))
    assert data.split(b"\n")[-2][24:41] == b"00000000000000200"
    assert report_of(data).sum_ore == -200
    assert warnings_of(data) == []


@pytest.mark.parametrize("type_code", ["18", "20"])
def test_reversals_are_added_to_the_control_sums_though_they_take_money_back(type_code: str) -> None:
    data = ocr(OcrPayment(amount_ore=300, kid=KID), OcrPayment(amount_ore=100, type_code=type_code))
    assert data.split(b"\n")[-3][24:41] == b"00000000000000400"
    assert report_of(data).sum_ore == 200


def test_a_minus_sign_on_a_reversal_is_undocumented_and_goes_to_a_person() -> None:
    payment = one(OcrPayment(amount_ore=100, type_code="18", negative=True))
    assert payment.kind is Kind.CREDIT
    assert payment.flags == (Flag.SIGN_UNCLEAR,)
    assert payment.manual


def test_sums_that_add_negative_amounts_are_accepted_and_told() -> None:
    data = ocr(OcrPayment(amount_ore=300), OcrPayment(amount_ore=100, negative=True))
    gross = edit(edit(data, "0088", 25, "00000000000000400"), "0089", 25, "00000000000000400")
    assert warnings_of(gross) == ["total_gross"]
    assert report_of(gross).sum_ore == 200


def test_a_blank_sign_is_a_plain_amount() -> None:
    assert payments_of(edit(ocr(OcrPayment(amount_ore=100)), "30", 32, " "))[0].kind is Kind.CREDIT


def test_fillers_and_the_card_issuer_are_not_looked_at() -> None:
    data = edit(ocr(OcrPayment(amount_ore=100, archive_ref="12345678A")), "31", 35, "1883206")
    data = edit(edit(data, "30", 76, "12345"), "0020", 36, "X" * 45)
    (payment,) = payments_of(data)
    assert payment.archive_ref == "12345678A"


def test_an_unknown_type_is_kept_flagged_and_counted() -> None:
    data = ocr(
        OcrPayment(amount_ore=100, kid=KID, type_code="22"),
        OcrPayment(amount_ore=200, kid=KID),
        OcrPayment(amount_ore=300, kid=KID, type_code="99"),
    )
    assert [(p.amount_ore, p.manual) for p in payments_of(data)] == [(100, True), (200, False), (300, True)]
    assert warnings_of(data) == ["unknown_type", "unknown_type"]


def test_an_unknown_type_may_have_free_text() -> None:
    data = ocr(OcrPayment(amount_ore=100, type_code="20", text="sak 7"), OcrPayment(amount_ore=5))
    for record in ("30", "31", "32"):
        data = edit(data, record, 5, "22")
    first, second = payments_of(data)
    assert (first.message, first.flags, first.kind) == ("sak 7", (Flag.UNKNOWN_TYPE,), Kind.CREDIT)
    assert second.amount_ore == 5


def test_an_amount_of_zero_is_counted_and_told_but_is_no_payment() -> None:
    data = ocr(OcrPayment(amount_ore=0), OcrPayment(amount_ore=7))
    assert [payment.amount_ore for payment in payments_of(data)] == [7]
    assert warnings_of(data) == ["amount_zero"]
    assert report_of(data).payments == 1


class TestPaidOn:
    """Decisions A7: the bank date, unless it is missing or later than the Nets date; long before it is flagged."""

    def test_the_bank_date_counts(self) -> None:
        assert one(OcrPayment(amount_ore=1, bank_date=date(2026, 2, 20))).paid_on == date(2026, 2, 20)

    @pytest.mark.parametrize("field", ["000000", "      ", "310226", "030326"])
    def test_a_missing_impossible_or_later_one_gives_the_nets_date(self, field: str) -> None:
        (payment,) = payments_of(edit(ocr(OcrPayment(amount_ore=1)), "31", 42, field))
        assert (payment.paid_on, payment.booked_on) == (MONDAY, MONDAY)

    def test_ten_days_are_usual_and_eleven_are_flagged(self) -> None:
        assert one(OcrPayment(amount_ore=1, bank_date=date(2026, 2, 20))).flags == ()
        assert one(OcrPayment(amount_ore=1, bank_date=date(2026, 2, 19))).flags == (Flag.PAID_ON_EARLY,)

    def test_two_digit_years_from_90_are_of_the_last_century(self) -> None:
        assert one(OcrPayment(amount_ore=1, nets_date=date(1992, 1, 20))).booked_on == date(1992, 1, 20)
        assert one(OcrPayment(amount_ore=1, nets_date=date(2089, 1, 20))).booked_on == date(2089, 1, 20)


class TestTolerance:
    payments = (OcrPayment(amount_ore=100, kid=KID), OcrPayment(amount_ore=200, type_code="21", text="hei"))

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.replace(b"\n", b"\r\n"),
            lambda data: data.removesuffix(b"\n"),
            lambda data: data.replace(b"\n", b"\r\n").removesuffix(b"\r\n"),
            lambda data: data + b"\n\n  \n",
            lambda data: data + b"\x1a",
            lambda data: data.replace(b"\n", b"\r\n") + b"\x1a",
            lambda data: b"\xef\xbb\xbf" + data,
            lambda data: data.replace(b"\n", b"\n\n"),
        ],
        ids=["crlf", "no-last-lf", "crlf-no-last", "blank-end", "1a", "crlf-1a", "bom", "blank-between"],
    )
    def test_what_transport_does_to_a_file_is_harmless(self, change) -> None:
        plain = ocr(*self.payments)
        changed = payments_of(change(plain))
        assert [p._replace(line=0) for p in changed] == [p._replace(line=0) for p in payments_of(plain)]
        assert warnings_of(change(plain)) == []

    def test_a_transmitter_that_is_not_the_bank_is_told(self) -> None:
        assert warnings_of(edit(ocr(*self.payments), "0010", 9, "00001234")) == ["transmitter"]

    def test_wrong_dates_in_an_end_record_are_told(self) -> None:
        data = edit(edit(ocr(*self.payments), "0088", 48, "010120"), "0088", 54, "999999")
        assert warnings_of(data) == ["earliest", "latest"]
        assert warnings_of(edit(ocr(*self.payments), "0089", 42, "000000")) == ["end_date"]


class TestSeveral:
    def test_assignments_of_several_accounts(self) -> None:
        data = ocr_file(
            OcrAssignment(account=ACCOUNT, payments=(OcrPayment(amount_ore=1), OcrPayment(amount_ore=2)), number=1),
            OcrAssignment(account=OTHER_ACCOUNT, payments=(OcrPayment(amount_ore=4),), number=2),
        )
        assert [(p.account, p.amount_ore, p.position) for p in payments_of(data)] == [
            (ACCOUNT, 1, 1),
            (ACCOUNT, 2, 2),
            (OTHER_ACCOUNT, 4, 3),
        ]
        (transmission,) = report_of(data).transmissions
        assert transmission.accounts == (ACCOUNT, OTHER_ACCOUNT)
        assert (transmission.number, transmission.payments, transmission.sum_ore) == (17, 3, 7)
        assert transmission.key == "00008080/00010200/0000017/2026-03-02"

    def test_two_assignments_with_one_number_are_both_read_and_stay_apart(self) -> None:
        same = OcrAssignment(account=ACCOUNT, payments=(OcrPayment(amount_ore=1),))
        data = ocr_file(same, same)
        first, second = payments_of(data)
        assert first.natural_key != second.natural_key
        assert warnings_of(data) == ["assignment_number_twice"]

    def test_a_transaction_number_used_twice_loses_nothing(self) -> None:
        data = edit(
            edit(ocr(OcrPayment(amount_ore=1), OcrPayment(amount_ore=2)), "30", 9, "0000001", nth=1),
            "31",
            9,
            "0000001",
            nth=1,
        )
        first, second = payments_of(data)
        assert (first.amount_ore, second.amount_ore) == (1, 2)
        assert first.natural_key != second.natural_key
        assert warnings_of(data) == ["transaction_order"]

    def test_a_second_transmission_after_the_first_is_read_too(self) -> None:
        data = ocr(OcrPayment(amount_ore=1), number=1) + ocr(OcrPayment(amount_ore=2), number=2)
        assert [payment.amount_ore for payment in payments_of(data)] == [1, 2]
        assert [t.number for t in report_of(data).transmissions] == [1, 2]

    def test_an_empty_assignment_and_an_empty_transmission_are_whole_files(self) -> None:
        assert report_of(ocr()).payments == 0
        assert report_of(ocr_file()).payments == 0


class TestOtherServices:
    def test_mandates_between_payments_are_skipped_and_counted(self) -> None:
        data = ocr_file(
            mandates(KID, "1234567-"),
            OcrAssignment(account=ACCOUNT, payments=(OcrPayment(amount_ore=100, type_code="15", kid=KID),), number=2),
            mandates(number=3),
        )
        assert [payment.type_code for payment in payments_of(data)] == ["15"]
        report = report_of(data)
        assert [(s.what, s.transactions, s.records) for s in report.skipped] == [
            ("service 21 type 24", 2, 4),
            ("service 21 type 24", 0, 2),
        ]
        assert report.problems == ()

    def test_a_transmission_of_mandates_alone_may_have_no_date(self) -> None:
        assert warnings_of(edit(ocr_file(mandates(KID)), "0089", 42, "000000")) == []

    def test_an_unknown_service_is_told_skipped_and_counted(self) -> None:
        foreign = "\n".join(
            [
                "NY020020" + "0" * 72,
                "NY021030" + "0" * 72,
                "NY021031" + "0" * 72,
                "NY020088" + "00000001" + "00000004" + "00000000000000500" + "0" * 39,
            ]
        ).encode()
        lines = ocr(OcrPayment(amount_ore=100)).split(b"\n")
        data = b"\n".join([*lines[:5], foreign, *lines[5:]])
        data = edit(edit(data, "0089", 9, "00000002"), "0089", 17, "00000010")
        assert payments_of(data)[0].amount_ore == 100
        assert report_of(data).skipped == (Skipped("service 02 type 00", "line 9", 1, 4),)
        assert warnings_of(data) == ["unknown_service"]
        assert warnings_of(edit(data, "0089", 25, "00000000000000600")) == ["unknown_service"]


class TestIdentity:
    def test_the_same_payment_delivered_again_has_the_same_fingerprint(self) -> None:
        payment = OcrPayment(amount_ore=100, kid=KID, archive_ref="600155380")
        (first,) = payments_of(ocr(payment, number=1))
        (again,) = [p for p in payments_of(ocr(OcrPayment(amount_ore=9), payment, number=2)) if p.amount_ore == 100]
        assert first.fingerprint == again.fingerprint
        assert first.natural_key != again.natural_key

    @pytest.mark.parametrize(
        "other",
        [
            OcrPayment(amount_ore=101, kid=KID),
            OcrPayment(amount_ore=100, kid="123456790"),
            OcrPayment(amount_ore=100, kid=KID, serial=2),
            OcrPayment(amount_ore=100, kid=KID, form_no="1"),
            OcrPayment(amount_ore=100, kid=KID, archive_ref="1"),
            OcrPayment(amount_ore=100, kid=KID, payer_account=OTHER_ACCOUNT),
            OcrPayment(amount_ore=100, kid=KID, bank_date=date(2026, 3, 1)),
            OcrPayment(amount_ore=100, kid=KID, type_code="11"),
            OcrPayment(amount_ore=100, kid=KID, negative=True),
            OcrPayment(amount_ore=100, kid=KID, type_code="21", text="x"),
        ],
    )
    def test_any_other_field_makes_another_fingerprint(self, other: OcrPayment) -> None:
        assert one(other).fingerprint != one(OcrPayment(amount_ore=100, kid=KID)).fingerprint

    @pytest.mark.parametrize(
        "changes",
        [
            {"account": OTHER_ACCOUNT},
            {"booked_on": date(2026, 3, 1)},
            {"kind": Kind.REVERSAL},
            {"amount_ore": 101},
            {"kid": "123456790"},
            {"kid": None, "message": "house rent"},
        ],
    )
    def test_what_makes_another_channel_key_makes_another_fingerprint(self, changes: dict[str, object]) -> None:
        """So that looking for the channel key finds all that the fingerprint would."""
        payment = one(OcrPayment(amount_ore=100, kid=KID))
        assert payment._replace(**changes).channel_key != payment.channel_key
        assert payment._replace(**changes).fingerprint != payment.fingerprint

    def test_twins_share_it_and_keep_their_own_natural_keys(self) -> None:
        twin = OcrPayment(amount_ore=100, kid=KID)
        first, second = payments_of(ocr(twin, twin))
        assert first.fingerprint == second.fingerprint
        assert first.natural_key != second.natural_key

    def test_reading_again_gives_equal_items(self) -> None:
        data = ocr(OcrPayment(amount_ore=100, kid=KID), OcrPayment(amount_ore=5, negative=True))
        assert read_all(data) == read_all(data)
