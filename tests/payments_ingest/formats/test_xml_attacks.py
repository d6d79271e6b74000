"""XML from strangers: every way to make a parser read something else than the sender's bank wrote, or to exhaust it."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from support.bank_files import ACCOUNT, booked, camt053, camt054, errors_of, payments_of, read_all

from payments_ingest.formats import FileRefused, Format, Limits, detect, read, read_camt054
from payments_ingest.formats.camt_write import CamtTransaction

WHOLE = camt054(
    booked(CamtTransaction(amount_ore=10_000, parts=(("123456782", None),), texts=("sak 12",), bank_ref="A1")),
    summary=False,
)
AMOUNT = b'<Amt Ccy="NOK">100.00</Amt>'
assert WHOLE.count(AMOUNT) == 2
DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"
assert WHOLE.startswith(DECLARATION)


def with_type(declaration: bytes, data: bytes = WHOLE) -> bytes:
    return data.replace(DECLARATION, DECLARATION + declaration)


class TestDocumentTypes:
    @pytest.mark.parametrize(
        "declaration",
        [
            b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>',
            b'<!DOCTYPE q [<!ENTITY a "' + b"a" * 10_000 + b'">]>',
            b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>',
            b'<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
            b'<!DOCTYPE Document SYSTEM "camt.dtd">',
            b"<!DOCTYPE Document>",
            b"<!doctype Document>",
        ],
    )
    def test_none_is_accepted(self, declaration: bytes) -> None:
        assert errors_of(with_type(declaration)) == ["document_type"]

    def test_nor_behind_so_many_comments_that_the_beginning_does_not_show_it(self) -> None:
        padding = b"<!--" + b"x" * 70_000 + b"-->"
        hidden = with_type(padding + b'<!DOCTYPE d [<!ENTITY z "9">]>')
        with pytest.raises(FileRefused) as refused:
            list(read_camt054(io.BytesIO(hidden)))
        assert refused.value.problems[0].code == "no_message"

    def test_an_entity_in_an_amount_is_not_read_as_anything(self) -> None:
        attack = with_type(b'<!DOCTYPE d [<!ENTITY z "9">]>').replace(AMOUNT, b'<Amt Ccy="NOK">1&z;00.00</Amt>')
        assert errors_of(attack) == ["document_type"]

    @pytest.mark.parametrize("leaf", [AMOUNT, b"<Ref>123456782</Ref>", b"<Ustrd>sak 12</Ustrd>", b"<Cd>BOOK</Cd>"])
    def test_an_entity_nobody_declared_is_refused(self, leaf: bytes) -> None:
        assert errors_of(WHOLE.replace(leaf, leaf[:-7] + b"&z;" + leaf[-7:])) == ["xml"]


LEAVES = [
    (b"100.00</Amt>", b"</Amt>"),
    (b"CRDT</CdtDbtInd>", b"</CdtDbtInd>"),
    (b"BOOK</Cd>", b"</Cd>"),
    (b"2026-03-02</Dt>", b"</Dt>"),
    (b"123456782</Ref>", b"</Ref>"),
    (b"sak 12</Ustrd>", b"</Ustrd>"),
    (b"B1</AcctSvcrRef>", b"</AcctSvcrRef>"),
    (b"A1</AcctSvcrRef>", b"</AcctSvcrRef>"),
    (ACCOUNT.encode() + b"</Id>", b"</Id>"),
    (b"M1</MsgId>", b"</MsgId>"),
]


class TestSplitLeaves:
    """A leaf cut in two is read as its first half by one parser and as a whole by another."""

    @pytest.mark.parametrize("cut", [b"<!-- -->", b"<!---->", b"<?pi?>", b"<?pi data?>"])
    @pytest.mark.parametrize(("leaf", "end"), LEAVES)
    @pytest.mark.parametrize("at", [0, 1, None])
    def test_by_a_comment_or_an_instruction(self, leaf: bytes, end: bytes, cut: bytes, at: int | None) -> None:
        text = leaf.removesuffix(end)
        at = len(text) if at is None else at
        attack = WHOLE.replace(leaf, text[:at] + cut + text[at:] + end)
        assert attack != WHOLE
        assert errors_of(attack) == ["remark"]

    @pytest.mark.parametrize(("leaf", "end"), LEAVES)
    @pytest.mark.parametrize("at", [0, 1, None])
    def test_by_an_element(self, leaf: bytes, end: bytes, at: int | None) -> None:
        text = leaf.removesuffix(end)
        at = len(text) if at is None else at
        assert errors_of(WHOLE.replace(leaf, text[:at] + b"<x/>" + text[at:] + end))

    @pytest.mark.parametrize("leaf", [b"<Amt", b"<CdtDbtInd", b"<BookgDt", b"<Refs", b"<Sts", b"<AcctSvcrRef"])
    def test_nor_may_one_stand_twice(self, leaf: bytes) -> None:
        start = WHOLE.index(leaf)
        end = WHOLE.index(b"</" + leaf[1:] + b">") + len(leaf) + 2
        twice = WHOLE[:end] + WHOLE[start:end] + WHOLE[end:]
        assert errors_of(twice) == ["element_twice"]

    def test_sections_and_character_references_are_the_text_they_stand_for(self) -> None:
        for written in (b"1<![CDATA[00.0]]>0", b"<![CDATA[100.00]]>", b"1&#48;0.0&#x30;"):
            data = WHOLE.replace(b">100.00<", b">" + written + b"<")
            assert payments_of(data)[0].amount_ore == 10_000


class TestHarmlessRemarks:
    def test_comments_between_entries_are_accepted(self) -> None:
        data = WHOLE.replace(b"<Ntry>", b"<!-- 1 --><?a b?><Ntry>").replace(DECLARATION, DECLARATION + b"<!-- 0 -->")
        assert [payment.amount_ore for payment in payments_of(data)] == [10_000]

    def test_but_not_without_end(self) -> None:
        assert errors_of(WHOLE.replace(b"<Ntry>", b"<!---->" * 101 + b"<Ntry>")) == ["remark"]


AMOUNTS = [
    *(b"1E+3", b"1e3", b"NaN", b"Infinity", b"-100.00", b"+100.00", b" 100.00", b"100.00 ", b"\n100.00", b"1_000"),
    *(b"1 000.00", b"1,000.00", b"100,00", b"100.000", b".50", b"100.", b"0x10", b"", b"1" * 16),
    *(text.encode() for text in ("１００", "١٠٠", "१००", "100．00", "1²")),
]


class TestValues:
    @pytest.mark.parametrize("text", AMOUNTS)
    def test_an_amount_is_ascii_digits_and_two_decimals(self, text: bytes) -> None:
        assert errors_of(WHOLE.replace(b">100.00<", b">" + text + b"<")) == ["amount"]

    @pytest.mark.parametrize(("text", "ore"), [(b"1", 100), (b"1.5", 150), (b"1.05", 105), (b"000100.00", 10_000)])
    def test_these_are(self, text: bytes, ore: int) -> None:
        assert payments_of(WHOLE.replace(b">100.00<", b">" + text + b"<"))[0].amount_ore == ore

    def test_an_amount_beyond_reason_is_refused(self) -> None:
        assert errors_of(WHOLE.replace(b">100.00<", b">10000000000.01<")) == ["amount"]

    @pytest.mark.parametrize("currency", [b'Ccy="EUR"', b'Ccy="nok"', b'Ccy=""', b"", b'ccy="NOK"'])
    def test_the_account_is_in_kroner(self, currency: bytes) -> None:
        start = WHOLE.index(b'Ccy="NOK"')
        assert errors_of(WHOLE[:start] + currency + WHOLE[start + 9 :]) == ["currency"]

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            (b"CRDT", b"crdt", "direction"),
            (b"CRDT", b"", "direction"),
            (b"<Cd>BOOK</Cd>", b"", "status"),
            (b"2026-03-02", b"2026-02-30", "date"),
            (b"2026-03-02", b"20260302", "date"),
            (b"2026-03-02", b"2026-W10-1", "date"),
            (b"2026-03-02", "２０２６-03-02".encode(), "date"),
            (b"2026-03-03T06:00:00", b"2026-03-03", "date"),
            (b"2026-03-03T06:00:00", b"2026-03-03T25:00:00", "date"),
            (b"B1</Acct", b"B" * 141 + b"</Acct", "reference"),
            (b"A1</Acct", b"A" * 141 + b"</Acct", "reference"),
            (b"<MsgId>M1</MsgId>", b"<MsgId> </MsgId>", "message_id"),
            (b"<Id>1</Id>", b"", "account"),
            (ACCOUNT.encode(), b"", "account"),
        ],
    )
    def test_what_money_depends_on_is_read_strictly(self, old: bytes, new: bytes, code: str) -> None:
        assert old in WHOLE
        assert errors_of(WHOLE.replace(old, new))[0] == code

    @pytest.mark.parametrize("text", [b"TRUE", b"yes", b"", b"2"])
    def test_a_reversal_is_told_in_words_of_the_schema(self, text: bytes) -> None:
        reversal = camt054(booked(CamtTransaction(amount_ore=1), credit=False, reversal=True))
        codes = errors_of(reversal.replace(b"<RvslInd>true<", b"<RvslInd>" + text + b"<"))
        assert codes == ["reversal"]


class TestShape:
    def test_a_prefix_is_as_good_as_a_default_namespace(self) -> None:
        data = WHOLE.replace(b"xmlns=", b"xmlns:camt=").replace(b"<", b"<camt:").replace(b"<camt:/", b"</camt:")
        data = data.replace(b"<camt:?", b"<?")
        assert read_all(data)[0] == read_all(WHOLE)[0]

    def test_elements_of_another_namespace_are_no_data(self) -> None:
        foreign = WHOLE.replace(b"<BookgDt>", b'<Amt xmlns="urn:x" Ccy="NOK">9.00</Amt><BookgDt>')
        assert payments_of(foreign)[0].amount_ore == 10_000

    @pytest.mark.parametrize("version", [b"001.04", b"001.01", b"001.12", b"001.03"])
    def test_versions_we_do_not_read_are_named(self, version: bytes) -> None:
        with pytest.raises(FileRefused) as refused:
            read_all(WHOLE.replace(b"001.08", version))
        (problem,) = refused.value.problems
        assert (problem.code, problem.expected) == ("version", "camt.054.001.02 or camt.054.001.08")
        assert problem.got == f"camt.054.{version.decode()}"

    def test_the_root_is_the_one_that_was_announced(self) -> None:
        attack = WHOLE.replace(b"<Document xmlns", b"<!-- <Document xmlns").replace(b"><BkTo", b"> --><x><BkTo", 1)
        assert errors_of(attack.replace(b"</Document>", b"</x>"))[0] in ("no_message", "empty")

    @pytest.mark.parametrize("rest", [b"", b"<x/>", b"<!-- -->", b"text"])
    def test_an_announcement_is_no_message(self, rest: bytes) -> None:
        comment = b"<!-- " + WHOLE.removeprefix(DECLARATION).replace(b"--", b"") + b" -->"
        assert errors_of(DECLARATION + comment + rest)[0] in ("xml", "empty")

    def test_a_message_in_an_envelope_of_another_kind_is_refused(self) -> None:
        wrapped = WHOLE.replace(b"<Document", b"<Envelope><Document").replace(b"</Document>", b"</Document></Envelope>")
        assert errors_of(wrapped) == ["no_message"]

    def test_one_kind_is_not_read_as_the_other(self) -> None:
        with pytest.raises(FileRefused) as refused:
            list(read(io.BytesIO(WHOLE), Format.CAMT053))
        assert refused.value.problems[0].code == "version"
        assert errors_of(WHOLE.replace(b"camt.054", b"camt.053"))[-1] == "empty"

    @pytest.mark.parametrize("inside", [b"Acct", b"Refs", b"NtryDtls", b"GrpHdr", b"TxDtls"])
    def test_an_entry_in_another_place_is_refused(self, inside: bytes) -> None:
        start, end = WHOLE.index(b"<Ntry>"), WHOLE.index(b"</Ntry>") + 7
        attack = WHOLE.replace(b"</" + inside + b">", WHOLE[start:end] + b"</" + inside + b">", 1)
        assert "misplaced" in errors_of(attack) or "element_twice" in errors_of(attack)

    @pytest.mark.parametrize("outside", [b"<Ntry>", b"<Ntfctn>", b"</Ntfctn>", b"</BkToCstmrDbtCdtNtfctn>", b"</Ntry>"])
    def test_a_transaction_in_another_place_is_refused(self, outside: bytes) -> None:
        start, end = WHOLE.index(b"<TxDtls>"), WHOLE.index(b"</TxDtls>") + 9
        moved = WHOLE.replace(outside, WHOLE[start:end] + outside, 1) if b"/" in outside else None
        moved = moved or WHOLE.replace(outside, outside + WHOLE[start:end], 1)
        assert "misplaced" in errors_of(moved)

    def test_an_account_named_after_the_entries_is_refused(self) -> None:
        start, end = WHOLE.index(b"<Acct>"), WHOLE.index(b"</Acct>") + 7
        entries = WHOLE[WHOLE.index(b"<Ntry>") : WHOLE.index(b"</Ntry>") + 7] * 40
        late = WHOLE[:start] + WHOLE[end : WHOLE.index(b"<Ntry>")] + entries + WHOLE[start:end] + b"</Ntfctn>"
        assert errors_of(late + WHOLE[WHOLE.index(b"</Ntfctn>") + 9 :])[0] in ("account", "late_data")

    @pytest.mark.parametrize("cut", range(0, len(WHOLE) - 1, 37))
    def test_a_file_cut_off_anywhere_is_refused(self, cut: int) -> None:
        with pytest.raises(FileRefused):
            list(read_camt054(io.BytesIO(WHOLE[:cut])))

    @pytest.mark.parametrize("tail", [b"<x/>", b"text", WHOLE.removeprefix(DECLARATION), b"\x00"])
    def test_nothing_comes_after_the_end(self, tail: bytes) -> None:
        assert errors_of(WHOLE + tail) == (["encoding"] if tail == b"\x00" else ["xml"])


class TestEncodings:
    def test_declared_latin_1_is_read(self) -> None:
        data = camt054(booked(CamtTransaction(amount_ore=1, payer_name="Åse")))
        latin = data.decode("utf-8").replace("UTF-8", "ISO-8859-1").encode("latin-1")
        assert payments_of(latin)[0].payer_name == "Åse"

    def test_a_byte_order_mark_is_accepted(self) -> None:
        assert len(payments_of(b"\xef\xbb\xbf" + WHOLE)) == 1

    @pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_wide_encodings_are_not(self, name: str) -> None:
        with pytest.raises(FileRefused) as refused:
            list(read_camt054(io.BytesIO(WHOLE.decode().replace("UTF-8", "UTF-16").encode(name))))
        assert refused.value.problems[0].code == "encoding"

    @pytest.mark.parametrize("name", [b"UTF-7", b"IBM037", b"windows-1252", b"UTF-16", b"x"])
    def test_nor_are_other_declared_ones(self, name: bytes) -> None:
        assert errors_of(WHOLE.replace(b"UTF-8", name)) == ["encoding"]

    def test_bytes_that_are_not_what_they_claim_are_refused(self) -> None:
        assert errors_of(WHOLE.replace(b"sak 12", b"sak \xff 12")) == ["xml"]


class TestExhaustion:
    @pytest.mark.parametrize(
        ("attack", "expected"),
        [
            *((attack, "refused") for attack in ("elements", "nesting", "text", "remarks")),
            *((size, "accepted") for size in ("entries", "statements", "transactions")),
        ],
    )
    def test_memory_stays_bounded(self, attack: str, expected: str) -> None:
        """Twelve megabytes, in a process of its own, since libxml2's memory is not Python's."""
        done = subprocess.run(
            [sys.executable, "-m", "support.bank_file_memory", attack],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        outcome, grown = done.stdout.split()
        assert outcome == {"entries": "accepted", "statements": "accepted", "transactions": "accepted"}.get(
            attack, "refused"
        )
        assert int(grown) < 48, "megabytes; the whole tree would take more than a hundred"

    def test_nesting(self) -> None:
        deep = WHOLE.replace(b"<Ustrd>sak 12</Ustrd>", b"<a>" * 200_000 + b"</a>" * 200_000)
        assert errors_of(deep) == ["xml"]

    def test_a_long_stretch_without_an_element_we_read(self) -> None:
        many = b" ".join(b'a%d="1"' % n for n in range(20_000))
        for data in (b"<Ntry " + many + b">", b"<a/>" * 50_000 + b"<Ntry>"):
            codes = errors_of(WHOLE.replace(b"<Ntry>", data), limits=Limits(element=100_000))
            assert codes == ["element_too_large"]

    def test_a_file_above_the_limit(self) -> None:
        assert errors_of(WHOLE + b" " * 300_000, limits=Limits(bytes=200_000)) == ["file_too_large"]

    def test_more_payments_than_we_take(self) -> None:
        data = camt054(*[booked(CamtTransaction(amount_ore=1))] * 4)
        assert errors_of(data, limits=Limits(payments=3)) == ["too_many_payments"]
        assert len(read_all(data, limits=Limits(payments=4))) == 5

    def test_more_accounts_than_we_take(self) -> None:
        empty = camt053()
        start, end = empty.index(b"<Stmt>"), empty.index(b"</Stmt>") + 7
        many = b"".join(empty[start:end].replace(b"<Id>1<", b"<Id>%d<" % n) for n in range(4))
        data = empty[:start] + many + empty[end:]
        assert errors_of(data, limits=Limits(assignments=3)) == ["too_many_containers"]


def test_problems_tell_nothing_of_the_payer() -> None:
    secret = camt054(
        booked(
            CamtTransaction(
                amount_ore=10_000,
                parts=(("77777777777", None),),
                texts=("Hemmelig 01010112345",),
                payer_name="Hemmelig",
                payer_account="66666666666",
            )
        )
    )
    attacks = [
        secret.replace(b"77777777777", b"7777<x/>7777777"),
        secret.replace(b"Hemmelig 01", b"Hemmelig &z; 01"),
        secret.replace(b"Hemmelig</Nm>", b"Hemmelig</Hemmelig>"),
        secret.replace(b"66666666666", b"6" * 150),
        secret.replace(b">100.00<", b">77777777777<"),
    ]
    for attack in attacks:
        with pytest.raises(FileRefused) as refused:
            read_all(attack)
        told = " ".join(map(str, refused.value.problems)) + str(refused.value)
        assert not any(word in told for word in ("77777", "66666", "Hemmelig", "01010112345")), told


def test_messages_are_told_by_their_namespace() -> None:
    assert detect(WHOLE) is Format.CAMT054
    assert detect(camt053()) is Format.CAMT053
    assert detect(WHOLE.replace(b"001.08", b"001.04")) is Format.CAMT054
    assert detect(b"\xef\xbb\xbf  \n" + WHOLE) is Format.CAMT054
    assert detect(WHOLE.replace(b"camt.054", b"camt.052")) is None
