"""camt under chance: what is written is read, another parser agrees, and no damage does more than refuse."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiso20022.camt import camt_054_001_02, camt_054_001_08
from support.bank_files import ACCOUNT, CREATED, MONDAY, OTHER_ACCOUNT, booked, camt053, camt054, read_all
from xsdata.formats.dataclass.parsers import XmlParser

from payments_ingest.formats import (
    DebitLine,
    FileRefused,
    FileReport,
    IncomingPayment,
    Kind,
    Limits,
    StatementControl,
    detect,
    read,
)
from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt054

WORDS = (
    st.text("abcÆØÅæøåéü&<>\"' 0123456789/.:-", min_size=1, max_size=40).map(lambda s: " ".join(s.split())).filter(bool)
)
REFERENCES = st.none() | st.text("ABCabc0123456789/-", min_size=1, max_size=35)
KIDS = st.from_regex(r"[0-9]{2,24}[0-9-]", fullmatch=True)
AMOUNTS = st.integers(1, 10**11)


@st.composite
def transactions(draw: st.DrawFn) -> CamtTransaction:
    amount = draw(AMOUNTS)
    split = draw(st.booleans()) and amount > 1
    first = draw(st.integers(1, amount - 1)) if split else amount
    one_kid = st.lists(KIDS, max_size=1).map(lambda kids: tuple((kid, None) for kid in kids))
    two_kids = st.tuples(KIDS, KIDS).map(lambda kids: ((kids[0], first), (kids[1], amount - first)))
    return CamtTransaction(
        amount_ore=amount,
        parts=draw(two_kids if split else one_kid),
        texts=tuple(draw(st.lists(WORDS, max_size=3))),
        payer_name=draw(st.none() | WORDS),
        payer_account=draw(st.sampled_from([None, ACCOUNT, OTHER_ACCOUNT])),
        bank_ref=draw(REFERENCES),
        end_to_end_id=draw(REFERENCES),
        transaction_id=draw(REFERENCES),
        accepted=draw(
            st.none() | st.datetimes(datetime.fromisoformat("2026-02-25"), datetime.fromisoformat("2026-03-02"))
        ),
    )


ENTRIES = st.builds(
    CamtEntry,
    transactions=st.lists(transactions(), min_size=1, max_size=4).map(tuple),
    credit=st.booleans(),
    reversal=st.booleans(),
    status=st.sampled_from(["BOOK", "BOOK", "BOOK", "PDNG"]),
    booked_on=st.dates(MONDAY, MONDAY + timedelta(days=9)),
    bank_ref=REFERENCES,
)
VERSIONS = st.sampled_from(["02", "08"])


@given(st.lists(ENTRIES, max_size=5), VERSIONS, st.integers(1, 5))
def test_whatever_is_written_is_read_back(entries: list[CamtEntry], version: str, held: int) -> None:
    *items, report = read_all(camt054(*entries, version=version), limits=Limits(held=held))
    assert isinstance(report, FileReport)
    expected = [
        (entry.booked_on, entry.credit, part_kid, part_ore)
        for entry in entries
        if entry.status == "BOOK"
        for each in entry.transactions
        for part_kid, part_ore in parts_of(entry, each)
    ]
    found = [
        (item.booked_on, not isinstance(item, DebitLine) and item.kind is Kind.CREDIT, kid_of(item), item.amount_ore)
        for item in items
    ]
    assert found == expected
    assert len({item.natural_key for item in items}) == len(items)
    credit = sum(ore for _, is_credit, _, ore in expected if is_credit)
    reversed_ore = sum(entry.ore for entry in entries if entry.status == "BOOK" and entry.reversal and not entry.credit)
    assert (report.credit_ore, report.reversal_ore) == (credit, reversed_ore)


def parts_of(entry: CamtEntry, each: CamtTransaction) -> list[tuple[str | None, int]]:
    """What one transaction becomes: a line when it is a plain debit, else a payment for each different KID."""
    if not entry.credit and not entry.reversal:
        return [(None, each.amount_ore or 0)]
    kids = {kid for kid, _ in each.parts}
    if len(kids) > 1:
        return [(kid, ore or 0) for kid, ore in each.parts]
    return [(next(iter(kids), None), each.amount_ore or 0)]


def kid_of(item: Any) -> str | None:
    return item.kid if isinstance(item, IncomingPayment) else None


@given(st.lists(ENTRIES, max_size=6), VERSIONS, st.integers(-(10**9), 10**9))
def test_a_statement_adds_up_to_its_own_days(entries: list[CamtEntry], version: str, opening: int) -> None:
    items = read_all(camt053(*entries, version=version, opening_ore=opening))
    (control,) = [item for item in items if isinstance(item, StatementControl)]
    moved = sum(day.credit_ore - day.reversal_ore - day.debit_ore for day in control.days)
    assert control.opening_ore == opening
    assert control.closing_ore == opening + moved


ORACLES = {"02": camt_054_001_02, "08": camt_054_001_08}


@settings(max_examples=50)
@given(st.lists(transactions().filter(lambda t: len(t.parts) < 2), min_size=1, max_size=5), VERSIONS)
def test_pyiso20022_reads_the_same(given_transactions: list[CamtTransaction], version: str) -> None:
    data = camt054(booked(*given_transactions), version=version)
    document = XmlParser().from_bytes(data, ORACLES[version].Document)
    (entry,) = document.bk_to_cstmr_dbt_cdt_ntfctn.ntfctn[0].ntry
    theirs = [their_view(each, version) for each in entry.ntry_dtls[0].tx_dtls]
    ours = [
        (item.amount_ore, item.currency, item.kid, item.message, item.payer_name, item.payer_account)
        for item in read_all(data)[:-1]
        if isinstance(item, IncomingPayment)
    ]
    assert ours == theirs


def their_view(each: Any, version: str) -> tuple[Any, ...]:
    amount = each.amt if version == "08" else each.amt_dtls.tx_amt.amt
    info, parties = each.rmt_inf, each.rltd_pties
    debtor = parties and parties.dbtr and (parties.dbtr.pty if version == "08" else parties.dbtr)
    account = parties and parties.dbtr_acct
    return (
        int(amount.value * 100),
        amount.ccy,
        info.strd[0].cdtr_ref_inf.ref if info and info.strd else None,
        " ".join(info.ustrd) if info else "",
        debtor.nm if debtor else None,
        account.id.othr.id if account else None,
    )


WHOLE = [
    camt054(
        booked(
            CamtTransaction(amount_ore=100, parts=(("123456782", None),), payer_name="Ola"),
            CamtTransaction(amount_ore=250, texts=("sak 12",), bank_ref="A2"),
            batch_count=2,
        ),
        booked(CamtTransaction(amount_ore=70, end_to_end_id="R1"), credit=False, bank_ref="B2"),
        version=version,
    )
    for version in ("02", "08")
] + [camt053(booked(CamtTransaction(amount_ore=100)), booked(amount_ore=30, credit=False), opening_ore=5)]


def outcome(data: bytes) -> list[Any] | None:
    """What a file yields, None when it is refused or of no format; any other exception fails the test."""
    file_format = detect(data)
    if file_format is None:
        return None
    try:
        return list(read(io.BytesIO(data), file_format, limits=Limits(bytes=100_000, problems=20)))
    except FileRefused as refused:
        return None if refused.problems else ["refused without a reason"]


PIECES = st.binary(max_size=3) | st.sampled_from(
    b"< > </ /> & <!-- --> <![CDATA[ ]]> <?x?> <Amt> </Amt> </Ntry> <TxDtls> <Ntry> <Sts> &#0; \x00 \xff".split()
    + b"DBIT CRDT true - 9 0 .".split()
)
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 60), PIECES), min_size=1, max_size=4)


@settings(max_examples=400)
@given(st.sampled_from(WHOLE), EDITS)
def test_damage_is_refused_or_changes_no_total(whole: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    data = whole
    for position, length, new in edits:
        position %= len(data)
        data = data[:position] + new + data[position + length :]
    read_items = outcome(data)
    if read_items is not None:
        report = read_items[-1]
        assert isinstance(report, FileReport)
        stated = data.count(b"<Sum>") == 3 or b"camt.053" in data
        assert not stated or report.credit_ore in (350, 100, 0)


@settings(max_examples=200)
@given(st.sampled_from(WHOLE), st.binary(max_size=200), st.integers(0, 10**6))
def test_noise_inside_is_refused_or_harmless(whole: bytes, noise: bytes, position: int) -> None:
    position %= len(whole)
    outcome(whole[:position] + noise + whole[position:])


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_reading_does_not_depend_on_how_the_bytes_arrive(whole: bytes, size: int) -> None:
    class Trickle(io.RawIOBase):
        rest = whole

        def read(self, _: int = -1) -> bytes:
            part, self.rest = self.rest[:size], self.rest[size:]
            return part

    file_format = detect(whole)
    assert file_format is not None
    assert list(read(Trickle(), file_format)) == read_all(whole)


def test_many_accounts_and_days_stream() -> None:
    """Hundreds of entries cross many chunks of the parser."""
    entries = tuple(
        booked(CamtTransaction(amount_ore=n, parts=((f"{n:08d}", None),)), booked_on=date(2026, 3, 1 + n % 28))
        for n in range(1, 301)
    )
    accounts = [CamtAccount(account=ACCOUNT, entries=entries, identity=str(n)) for n in range(3)]
    *items, report = read_all(write_camt054(*accounts, created=CREATED))
    assert len(items) == 900
    assert report.credit_ore == 3 * sum(range(1, 301))
    assert [t.sum_ore for t in report.transmissions] == [sum(range(1, 301))] * 3
