"""What the bank answers to our payment files."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiso20022.pain import pain_002_001_03, pain_002_001_10
from support.bank_files import CREATED, errors_of, read_all, report_of
from xsdata.formats.dataclass.parsers import XmlParser

from payments_ingest.formats import (
    FileRefused,
    FileReport,
    Format,
    Limits,
    PayoutStatus,
    StatusScope,
    detect,
    read_pain002,
)
from payments_ingest.formats.pain002_write import Answer, write_pain002

VERSIONS = pytest.mark.parametrize("version", ["03", "10"])
ORACLES = {"03": pain_002_001_03, "10": pain_002_001_10}
ANSWERS = (
    Answer(end_to_end_id="R1", status="ACCP"),
    Answer(end_to_end_id="R2", status="RJCT", reasons=("AC04", "AM05")),
)


def statuses(data: bytes) -> list[PayoutStatus]:
    return [item for item in read_all(data) if isinstance(item, PayoutStatus)]


@VERSIONS
def test_single_payouts(version: str) -> None:
    first, second = statuses(write_pain002("M1", ANSWERS, created=CREATED, version=version))
    assert (first.scope, first.original_message_id, first.payment_info_id) == (StatusScope.PAYMENT, "M1", "M1")
    assert (first.end_to_end_id, first.status, first.reasons, first.rejected) == ("R1", "ACCP", (), False)
    assert (second.end_to_end_id, second.status, second.reasons, second.rejected) == (
        "R2",
        "RJCT",
        ("AC04", "AM05"),
        True,
    )


@VERSIONS
def test_a_whole_message_or_batch(version: str) -> None:
    data = write_pain002("M1", created=CREATED, version=version, group_status="RJCT", reasons=("DUPL",))
    (whole,) = statuses(data)
    assert (whole.scope, whole.end_to_end_id, whole.rejected, whole.reasons) == (
        StatusScope.MESSAGE,
        None,
        True,
        ("DUPL",),
    )
    data = write_pain002("M1", created=CREATED, version=version, batch_status="ACSC")
    (batch,) = statuses(data)
    assert (batch.scope, batch.payment_info_id, batch.settled) == (StatusScope.BATCH, "M1", True)


@VERSIONS
def test_all_levels_come_in_order(version: str) -> None:
    data = write_pain002("M1", ANSWERS, created=CREATED, version=version, group_status="PART", batch_status="PART")
    assert [item.scope for item in statuses(data)] == [
        StatusScope.MESSAGE,
        StatusScope.PAYMENT,
        StatusScope.PAYMENT,
        StatusScope.BATCH,
    ]
    report = report_of(data)
    assert (report.format, report.version, report.payments) == (Format.PAIN002, version, 0)
    assert report.transmissions[0].key == "A1/M1"


@VERSIONS
def test_pyiso20022_reads_the_same(version: str) -> None:
    data = write_pain002("M1", ANSWERS, created=CREATED, version=version, group_status="PART")
    answer = XmlParser().from_bytes(data, ORACLES[version].Document).cstmr_pmt_sts_rpt
    group, (batch,) = answer.orgnl_grp_inf_and_sts, answer.orgnl_pmt_inf_and_sts
    assert group.orgnl_msg_id == "M1"
    theirs = [
        (
            each.orgnl_end_to_end_id,
            getattr(each.tx_sts, "value", each.tx_sts),
            tuple(r.rsn.cd for r in each.sts_rsn_inf),
        )
        for each in batch.tx_inf_and_sts
    ]
    ours = [(s.end_to_end_id, s.status, s.reasons) for s in statuses(data) if s.scope is StatusScope.PAYMENT]
    assert ours == theirs


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<OrgnlMsgId>M1</OrgnlMsgId>", b"", "original"),
        (b"<TxSts>ACCP</TxSts>", b"", "status"),
        (b"<TxSts>ACCP</TxSts>", b"<TxSts>ACCP</TxSts><TxSts>RJCT</TxSts>", "element_twice"),
        (b"ACCP", b"AC<!-- -->CP", "remark"),
        (b"ACCP", b"AC<x/>CP", "element_in_data"),
        (b"<MsgId>A1</MsgId>", b"", "group_header"),
        (b"pain.002.001.10", b"pain.002.001.02", "version"),
        (b"2026-03-03T06:00:00", b"yesterday", "date"),
    ],
)
def test_what_cannot_be_read_refuses_the_answer(old: bytes, new: bytes, code: str) -> None:
    data = write_pain002("M1", ANSWERS, created=CREATED)
    assert old in data
    assert errors_of(data.replace(old, new))[0] == code


def test_more_answers_than_we_take() -> None:
    data = write_pain002("M1", ANSWERS * 3, created=CREATED)
    assert errors_of(data, limits=Limits(payments=5)) == ["too_many_payments"]


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.integers(0, 30), st.binary(max_size=4))
def test_damage_is_refused_or_read(position: int, length: int, new: bytes) -> None:
    whole = write_pain002("M1", ANSWERS, created=CREATED)
    position %= len(whole)
    data = whole[:position] + new + whole[position + length :]
    try:
        items = list(read_pain002(io.BytesIO(data)))
    except FileRefused as refused:
        items = list(refused.problems)
    assert items


def test_it_is_told_by_its_namespace() -> None:
    data = write_pain002("M1", ANSWERS, created=CREATED)
    assert detect(data) is Format.PAIN002
    assert isinstance(read_all(data)[-1], FileReport)
