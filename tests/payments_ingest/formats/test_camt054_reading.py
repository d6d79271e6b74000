"""What a camt.054 notification yields, in both versions: every rule of direction, batch, reference and date."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from support.bank_files import (
    ACCOUNT,
    CREATED,
    MONDAY,
    OTHER_ACCOUNT,
    booked,
    camt054,
    errors_of,
    ocr,
    payments_of,
    read_all,
    report_of,
    warnings_of,
)

from payments_ingest.formats import DebitLine, Flag, IncomingPayment, Kind, Limits, OcrPayment, ReturnInfo, Skipped
from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt054

KID = "123456782"
ASSUMED = Flag.PAID_ON_ASSUMED
pytestmark = pytest.mark.parametrize("version", ["02", "08"])


def kid(text: str = KID, ore: int | None = None) -> tuple[tuple[str, int | None], ...]:
    return ((text, ore),)


def one(entry: CamtEntry, version: str) -> IncomingPayment:
    (payment,) = payments_of(camt054(entry, version=version))
    return payment


def test_a_payment_is_read_field_by_field(version: str) -> None:
    payment = one(
        booked(
            CamtTransaction(
                amount_ore=125_050,
                parts=kid(),
                payer_name="Åse  Bø",
                payer_account=OTHER_ACCOUNT,
                bank_ref="A1",
                end_to_end_id="E1",
                transaction_id="T1",
                accepted=datetime.fromisoformat("2026-03-01T12:00:00"),
            ),
            value_on=date(2026, 3, 3),
            entry_ref="7",
        ),
        version,
    )
    assert payment.kind is Kind.CREDIT
    assert (payment.account, payment.amount_ore, payment.currency) == (ACCOUNT, 125_050, "NOK")
    assert (payment.kid, payment.message, payment.references) == (KID, "", ())
    assert (payment.payer_name, payment.payer_account) == ("Åse Bø", OTHER_ACCOUNT)
    assert (payment.booked_on, payment.paid_on, payment.flags) == (MONDAY, date(2026, 3, 1), ())
    assert (payment.archive_ref, payment.end_to_end_id, payment.transaction_id) == ("A1", "E1", "T1")
    assert (payment.type_code, payment.bank_line, payment.detail) == ("PMNT/RCDT/DMCT", "B1", "2026-03-03")
    assert payment.natural_key == f"{ACCOUNT}/2026-03-02/B1/125050/C/A1"


class TestDirection:
    def test_a_debit_is_a_line_with_our_reference(self, version: str) -> None:
        entry = booked(CamtTransaction(amount_ore=700, end_to_end_id="R1", payee_account=OTHER_ACCOUNT), credit=False)
        line, report = read_all(camt054(entry, version=version))
        assert isinstance(line, DebitLine)
        assert (line.amount_ore, line.end_to_end_id, line.payee_account) == (700, "R1", OTHER_ACCOUNT)
        assert (report.debits, report.debit_ore, report.payments) == (1, 700, 0)

    def test_a_debit_that_reverses_takes_an_earlier_credit_back(self, version: str) -> None:
        entry = booked(CamtTransaction(amount_ore=700, parts=kid()), credit=False, reversal=True)
        payment = one(entry, version)
        assert (payment.kind, payment.kid, payment.paid_on, payment.manual) == (Kind.REVERSAL, KID, MONDAY, False)

    def test_a_returned_credit_says_why(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=700, return_code="AC04"), credit=False), version)
        assert payment.kind is Kind.REVERSAL
        assert payment.returned == ReturnInfo("AC04", "")

    @pytest.mark.parametrize(("reversal", "code"), [(True, None), (False, "AC04"), (True, "AC04")])
    def test_a_payout_that_came_back_is_a_credit_no_rule_may_post(
        self, version: str, reversal: bool, code: str | None
    ) -> None:
        transaction = CamtTransaction(amount_ore=700, end_to_end_id="R1", return_code=code)
        payment = one(booked(transaction, reversal=reversal), version)
        assert (payment.kind, payment.end_to_end_id, payment.manual) == (Kind.CREDIT, "R1", True)
        assert Flag.RETURNED in payment.flags

    @pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
    def test_only_booked_entries_count(self, version: str, status: str) -> None:
        data = camt054(
            booked(CamtTransaction(amount_ore=5)),
            booked(CamtTransaction(amount_ore=7), status=status, booked_on=None),
            version=version,
        )
        assert [payment.amount_ore for payment in payments_of(data)] == [5]
        assert report_of(data).skipped == (Skipped(f"status {status}", "Ntfctn 1", 1, 1),)

    def test_an_entry_of_zero_is_told(self, version: str) -> None:
        assert warnings_of(camt054(booked(CamtTransaction(amount_ore=0)), version=version)) == ["amount_zero"]


class TestBatch:
    two = (CamtTransaction(amount_ore=100, parts=kid()), CamtTransaction(amount_ore=250, texts=("sak 12",)))

    @pytest.mark.parametrize("count", [None, 2])
    def test_transactions_that_add_up_are_payments(self, version: str, count: int | None) -> None:
        data = camt054(booked(*self.two, batch_count=count), version=version)
        first, second = payments_of(data)
        assert (first.amount_ore, first.kid, second.amount_ore, second.message) == (100, KID, 250, "sak 12")
        assert first.bank_line == second.bank_line
        assert first.natural_key != second.natural_key

    @pytest.mark.parametrize("fields", [{"amount_ore": 351}, {"batch_count": 3}])
    def test_transactions_that_do_not_are_one_lump_for_a_person(self, version: str, fields: dict[str, int]) -> None:
        payment = one(booked(*self.two, **fields), version)
        assert payment.amount_ore == fields.get("amount_ore", 350)
        assert (payment.kid, payment.manual, payment.flags) == (None, True, (Flag.BATCH_MISMATCH, ASSUMED))

    @pytest.mark.parametrize(
        "missing", [CamtTransaction(parts=kid()), CamtTransaction(foreign=("2.50", "EUR"), parts=kid())]
    )
    def test_a_batch_with_an_amount_missing_is_a_lump(self, version: str, missing: CamtTransaction) -> None:
        payment = one(booked(self.two[0], missing, amount_ore=350), version)
        assert (payment.amount_ore, payment.flags) == (350, (Flag.LUMP, ASSUMED))

    @pytest.mark.parametrize("count", [None, 12])
    def test_an_entry_without_transactions_is_a_lump(self, version: str, count: int | None) -> None:
        payment = one(booked(amount_ore=350, batch_count=count, info="12 innbetalinger"), version)
        assert (payment.amount_ore, payment.message, payment.manual) == (350, "12 innbetalinger", True)

    def test_the_only_transaction_may_leave_the_amount_to_its_entry(self, version: str) -> None:
        payment = one(booked(CamtTransaction(parts=kid()), amount_ore=350), version)
        assert (payment.amount_ore, payment.kid, payment.manual) == (350, KID, False)

    def test_the_only_transaction_with_another_amount_is_held(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=349, parts=kid()), amount_ore=350), version)
        assert (payment.amount_ore, payment.kid, payment.manual) == (350, KID, True)

    def test_one_transaction_where_the_batch_says_two_is_held(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=350, parts=kid()), batch_count=2), version)
        assert (payment.kid, payment.manual) == (None, True)

    def test_a_payment_in_another_currency_counts_as_booked(self, version: str) -> None:
        payment = one(booked(CamtTransaction(foreign=("5.00", "EUR"), parts=kid()), amount_ore=5_730), version)
        assert (payment.amount_ore, payment.currency, payment.foreign_amount) == (5_730, "NOK", "5.00 EUR")
        assert payment.flags == (Flag.FOREIGN_AMOUNT, ASSUMED)
        assert not payment.manual


class TestLargeBatch:
    """Above ``Limits.held`` transactions are given out before the entry has ended."""

    limits = Limits(held=2)

    def batch(self, version: str, count: int = 7, **fields: object) -> bytes:
        return camt054(booked(*[CamtTransaction(amount_ore=n) for n in range(1, count + 1)], **fields), version=version)

    def test_the_same_payments_come_out(self, version: str) -> None:
        data = self.batch(version, batch_count=7)
        assert read_all(data, limits=self.limits) == read_all(data)

    @pytest.mark.parametrize(
        ("fields", "code"), [({"amount_ore": 29}, "batch_sum"), ({"batch_count": 8}, "batch_count")]
    )
    def test_one_that_does_not_add_up_refuses_the_file(self, version: str, fields: dict[str, int], code: str) -> None:
        assert errors_of(self.batch(version, **fields), limits=self.limits) == [code]

    def test_an_amount_missing_refuses_the_file(self, version: str) -> None:
        entry = booked(CamtTransaction(), *[CamtTransaction(amount_ore=n) for n in (1, 2, 3)])
        assert "amount" in errors_of(camt054(entry, version=version), limits=self.limits)

    def test_a_pending_one_is_skipped(self, version: str) -> None:
        report = read_all(self.batch(version, status="PDNG"), limits=self.limits)[-1]
        assert (report.payments, report.skipped[0].what) == (0, "status PDNG")

    def test_what_was_decided_from_the_beginning_must_hold_at_the_end(self, version: str) -> None:
        data = self.batch(version, count=600)
        moved = data.replace(b"<BookgDt><Dt>2026-03-02</Dt></BookgDt>", b"").replace(
            b"</NtryDtls>", b"</NtryDtls><BookgDt><Dt>2026-03-02</Dt></BookgDt>"
        )
        assert errors_of(moved, limits=self.limits) == ["late_data"]


class TestRemittance:
    @pytest.mark.parametrize("text", [KID, "1234567-", "RF18 5390 0754 7034", "1"])
    def test_any_structured_reference_is_the_kid(self, version: str, text: str) -> None:
        assert one(booked(CamtTransaction(amount_ore=1, parts=kid(text))), version).kid == text

    def test_several_with_their_amounts_are_several_payments(self, version: str) -> None:
        transaction = CamtTransaction(amount_ore=300, parts=(("11", 100), ("22", 200)), bank_ref="A1", payer_name="Ola")
        data = camt054(booked(transaction), version=version)
        first, second = payments_of(data)
        assert [(p.kid, p.amount_ore, p.position, p.payer_name) for p in (first, second)] == [
            ("11", 100, 1, "Ola"),
            ("22", 200, 2, "Ola"),
        ]
        assert first.natural_key.removesuffix("/1") == second.natural_key.removesuffix("/2")
        assert first.natural_key != second.natural_key
        assert report_of(data).credit_ore == 300

    @pytest.mark.parametrize(
        "parts", [(("11", None), ("22", None)), (("11", 100), ("22", None)), (("11", 100), ("22", 201))]
    )
    def test_several_without_amounts_that_add_up_are_for_a_person(self, version: str, parts) -> None:
        payment = one(booked(CamtTransaction(amount_ore=300, parts=parts)), version)
        assert (payment.kid, payment.references, payment.amount_ore) == (None, ("11", "22"), 300)
        assert payment.manual
        assert Flag.SPLIT_UNCLEAR in payment.flags

    def test_the_same_reference_twice_is_one(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=300, parts=(("11", None), ("11", None)))), version)
        assert (payment.kid, payment.manual) == ("11", False)

    def test_text_in_pieces_is_one_line(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=1, texts=("saksnr 12", " og\n 13 "))), version)
        assert (payment.kid, payment.message) == (None, "saksnr 12 og 13")

    def test_text_and_reference_are_both_kept(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=1, texts=("feil KID",), parts=kid())), version)
        assert (payment.kid, payment.message) == (KID, "feil KID")

    def test_invoice_numbers_are_references(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=1, documents=("F1", "F2"))), version)
        assert (payment.kid, payment.references) == (None, ("F1", "F2"))

    def test_what_the_bank_added_stands_in_for_the_payers_words(self, version: str) -> None:
        assert one(booked(CamtTransaction(amount_ore=1, info="sak 12"), info="x"), version).message == "sak 12"
        assert one(booked(CamtTransaction(amount_ore=1), info="sak 12"), version).message == "sak 12"
        assert one(booked(CamtTransaction(amount_ore=1, texts=("a",), info="b"), info="c"), version).message == "a"

    def test_more_text_than_we_keep_is_cut_and_flagged(self, version: str) -> None:
        entry = booked(CamtTransaction(amount_ore=1, texts=("x" * 140,) * 10))
        payment = one(entry, version)
        assert len(payment.message) == 1_000
        assert Flag.TEXT_CUT in payment.flags


class TestDates:
    def test_the_acceptance_date_counts(self, version: str) -> None:
        transaction = CamtTransaction(amount_ore=1, accepted=datetime.fromisoformat("2026-02-26T23:59:00"))
        assert one(booked(transaction), version).paid_on == date(2026, 2, 26)

    def test_it_is_read_in_oslo(self, version: str) -> None:
        transaction = CamtTransaction(amount_ore=1, accepted=datetime(2026, 2, 26, 23, 30, tzinfo=UTC))
        assert one(booked(transaction), version).paid_on == date(2026, 2, 27)

    @pytest.mark.parametrize("accepted", [None, datetime.fromisoformat("2026-03-03T00:00:00")])
    def test_without_a_usable_one_the_bank_day_before_booking_counts(
        self, version: str, accepted: datetime | None
    ) -> None:
        payment = one(booked(CamtTransaction(amount_ore=1, accepted=accepted)), version)
        assert (payment.booked_on, payment.paid_on, payment.flags) == (MONDAY, date(2026, 2, 27), (ASSUMED,))

    def test_long_before_booking_is_flagged(self, version: str) -> None:
        transaction = CamtTransaction(amount_ore=1, accepted=datetime.fromisoformat("2026-02-19T12:00:00"))
        assert one(booked(transaction), version).flags == (Flag.PAID_ON_EARLY,)

    def test_without_a_booking_date_it_is_the_day_of_the_message(self, version: str) -> None:
        payment = one(booked(CamtTransaction(amount_ore=1), booked_on=None), version)
        assert payment.booked_on == CREATED.date()
        assert payment.flags == (Flag.NO_BOOKING_DATE, ASSUMED)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"<Dt>2026-03-02</Dt>", b"<DtTm>2026-03-01T23:30:00Z</DtTm>"),
            (b"<Dt>2026-03-02</Dt>", b"<DtTm>2026-03-02T00:00:00.000+01:00</DtTm>"),
            (b"<Dt>2026-03-02</Dt>", b"<Dt>2026-03-02+01:00</Dt>"),
        ],
    )
    def test_every_way_to_write_the_booking_date(self, version: str, old: bytes, new: bytes) -> None:
        data = camt054(booked(CamtTransaction(amount_ore=1)), version=version)
        assert payments_of(data.replace(old, new))[0].booked_on == MONDAY


class TestAccountsAndIdentity:
    def test_a_norwegian_iban_is_an_account_of_ours(self, version: str) -> None:
        data = camt054(booked(CamtTransaction(amount_ore=1)), version=version, iban=True)
        assert b"NO3913150101837" in data
        assert [item.account for item in read_all(data, accounts={ACCOUNT})[:-1]] == [ACCOUNT]

    def test_a_payers_iban_is_read_like_the_bban_it_holds(self, version: str) -> None:
        for written, read in (("NO3913150101837", ACCOUNT), ("SE4550000000058398257466", "SE4550000000058398257466")):
            entry = booked(CamtTransaction(amount_ore=1, payer_account=written))
            assert one(entry, version).payer_account == read

    def test_another_account_refuses_the_file(self, version: str) -> None:
        data = camt054(booked(CamtTransaction(amount_ore=1)), version=version)
        assert errors_of(data, accounts={OTHER_ACCOUNT}) == ["unknown_account"]

    def test_twins_without_references_keep_their_own_keys(self, version: str) -> None:
        twin = booked(CamtTransaction(amount_ore=1, parts=kid()), bank_ref=None)
        first, second = payments_of(camt054(twin, twin, version=version))
        assert first.natural_key != second.natural_key
        assert first.fingerprint == second.fingerprint

    def test_the_same_payment_in_another_message_is_told_by_both(self, version: str) -> None:
        entry = booked(CamtTransaction(amount_ore=1, parts=kid(), bank_ref="A1"))
        other = booked(CamtTransaction(amount_ore=9), bank_ref="B0")
        (first,) = payments_of(camt054(entry, version=version))
        _, again = payments_of(camt054(other, entry, version=version, identity="2"))
        assert (first.natural_key, first.fingerprint) == (again.natural_key, again.fingerprint)

    def test_the_kid_connects_the_channels(self, version: str) -> None:
        (here,) = payments_of(camt054(booked(CamtTransaction(amount_ore=100, parts=kid())), version=version))
        (there,) = payments_of(ocr(OcrPayment(amount_ore=100, kid=KID)))
        assert here.channel_key == there.channel_key

    def test_no_end_to_end_id_is_none(self, version: str) -> None:
        entry = booked(CamtTransaction(amount_ore=1, end_to_end_id="NOTPROVIDED"))
        assert one(entry, version).end_to_end_id is None

    @pytest.mark.parametrize("copy", ["DUPL", "COPY", "CODU"])
    def test_a_copy_is_marked(self, version: str, copy: str) -> None:
        data = camt054(booked(CamtTransaction(amount_ore=1)), version=version, copy=copy)
        assert payments_of(data)[0].flags == (Flag.COPY, ASSUMED)

    def test_several_notifications_and_their_identity(self, version: str) -> None:
        entry = booked(CamtTransaction(amount_ore=5))
        accounts = (
            CamtAccount(account=ACCOUNT, entries=(entry, entry), identity="N1", number=41),
            CamtAccount(account=OTHER_ACCOUNT, entries=(entry,), identity="N2"),
            CamtAccount(account=OTHER_ACCOUNT, identity="N3"),
        )
        data = write_camt054(*accounts, created=CREATED, version=version)
        assert [payment.account for payment in payments_of(data)] == [ACCOUNT, ACCOUNT, OTHER_ACCOUNT]
        assert [(t.key, t.number, t.payments, t.sum_ore) for t in report_of(data).transmissions] == [
            ("M1/N1", 41, 2, 10),
            ("M1/N2", None, 1, 5),
            ("M1/N3", None, 0, 0),
        ]

    def test_the_same_notification_twice_refuses_the_file(self, version: str) -> None:
        account = CamtAccount(account=ACCOUNT)
        assert errors_of(write_camt054(account, account, created=CREATED, version=version)) == ["transmission_twice"]


class TestTotals:
    entries = (booked(CamtTransaction(amount_ore=5)), booked(CamtTransaction(amount_ore=7), credit=False))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"<NbOfNtries>2<", b"<NbOfNtries>3<"),
            (b"<Sum>0.12<", b"<Sum>0.13<"),
            (b"<Sum>0.05<", b"<Sum>0.06<"),
            (b"<Sum>0.07<", b"<Sum>0.06<"),
        ],
    )
    def test_every_total_is_verified(self, version: str, old: bytes, new: bytes) -> None:
        data = camt054(*self.entries, version=version)
        assert old in data
        assert errors_of(data.replace(old, new)) == ["summary"]

    def test_a_missing_entry_is_noticed(self, version: str) -> None:
        data = camt054(*self.entries, version=version)
        start, end = data.rindex(b"<Ntry>"), data.rindex(b"</Ntry>") + len(b"</Ntry>")
        assert errors_of(data[:start] + data[end:]) == ["summary"]

    def test_no_totals_are_no_error(self, version: str) -> None:
        assert report_of(camt054(*self.entries, version=version, summary=False)).debits == 1

    def test_totals_of_booked_entries_only_are_accepted_and_told(self, version: str) -> None:
        pending = booked(CamtTransaction(amount_ore=9), status="PDNG")
        summary = camt054(self.entries[0], version=version)
        summary = summary[summary.index(b"<TxsSummry>") : summary.index(b"</TxsSummry>")]
        data = camt054(self.entries[0], pending, version=version)
        data = data[: data.index(b"<TxsSummry>")] + summary + data[data.index(b"</TxsSummry>") :]
        assert warnings_of(data) == ["summary_booked"]

    @pytest.mark.parametrize("number", [0, 100_000])
    def test_a_page_number_that_is_none_is_refused(self, version: str, number: int) -> None:
        assert errors_of(camt054(*self.entries, version=version, page=(number, True))) == ["page"]

    @pytest.mark.parametrize("page", [(1, False), (2, True)])
    def test_totals_of_one_page_of_several_prove_nothing(self, version: str, page: tuple[int, bool]) -> None:
        data = camt054(*self.entries, version=version, page=page).replace(b"<Sum>0.05<", b"<Sum>99.00<")
        assert warnings_of(data) == ["page"]
        assert not report_of(data).transmissions[0].page.whole
