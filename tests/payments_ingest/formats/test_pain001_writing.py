"""What leaves for the bank: read back by another parser, stable, in the banks' own letters, or not written at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pyiso20022.pain import pain_001_001_03, pain_001_001_09
from support.bank_files import ACCOUNT, MONDAY, OTHER_ACCOUNT
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from payments_ingest.formats import Payout, PayoutOrder, execution_day, own_identity, write_pain001
from payments_ingest.formats.bank_text import bank_reference, bank_text

ORACLES = {"09": pain_001_001_09, "03": pain_001_001_03}
REFUND = "01890000-aaaa-7bbb-8ccc-0123456789ab"
ORDER = PayoutOrder(
    account=ACCOUNT,
    name="Oslo kommune",
    customer="976819934",
    bic="DNBANOKK",
    execute_on=MONDAY,
    created=datetime(2026, 2, 27, 8, 0, tzinfo=UTC),
    payouts=(
        Payout(identity=REFUND, amount_ore=12_345, name="Åse Bø", account=OTHER_ACCOUNT, message="Retur sak 1"),
        Payout(identity="R2", amount_ore=5, name="Bydel Frogner", account=OTHER_ACCOUNT, kid="123456782"),
    ),
)


def read_back(data: bytes, version: str) -> Any:
    strict = ParserConfig(fail_on_unknown_properties=True, fail_on_converter_warnings=True)
    return XmlParser(config=strict).from_bytes(data, ORACLES[version].Document).cstmr_cdt_trf_initn


def with_payout(**changes: Any) -> PayoutOrder:
    return replace(ORDER, payouts=(replace(ORDER.payouts[0], **changes),))


@pytest.mark.parametrize("version", ["09", "03"])
class TestReadBack:
    def test_totals_parties_and_day(self, version: Any) -> None:
        message = read_back(write_pain001(ORDER, version=version), version)
        header, (batch,) = message.grp_hdr, message.pmt_inf
        assert (header.msg_id, header.nb_of_txs, header.ctrl_sum) == (ORDER.message_id, "2", Decimal("123.50"))
        assert (batch.pmt_inf_id, batch.nb_of_txs, batch.ctrl_sum) == (ORDER.message_id, "2", Decimal("123.50"))
        assert (batch.pmt_mtd.value, batch.btch_bookg) == ("TRF", False)
        day = batch.reqd_exctn_dt.dt if version == "09" else batch.reqd_exctn_dt
        assert str(day) == "2026-03-02"
        assert header.initg_pty.id.org_id.othr[0].id == "976819934"
        assert (batch.dbtr.nm, batch.dbtr_acct.ccy) == ("Oslo kommune", "NOK")
        bank = batch.dbtr_agt.fin_instn_id
        assert (bank.bicfi if version == "09" else bank.bic) == "DNBANOKK"

    def test_payouts(self, version: Any) -> None:
        (batch,) = read_back(write_pain001(ORDER, version=version), version).pmt_inf
        first, second = batch.cdt_trf_tx_inf
        assert own_identity(first.pmt_id.end_to_end_id) == REFUND
        assert (first.amt.instd_amt.value, first.amt.instd_amt.ccy) == (Decimal("123.45"), "NOK")
        assert (first.cdtr.nm, first.cdtr_acct.id.othr.id) == ("Åse Bø", OTHER_ACCOUNT)
        assert first.cdtr_acct.id.othr.schme_nm.cd == "BBAN"
        assert (first.rmt_inf.ustrd, first.rmt_inf.strd) == (["Retur sak 1"], [])
        assert second.rmt_inf.ustrd == []
        reference = second.rmt_inf.strd[0].cdtr_ref_inf
        assert (reference.tp.cd_or_prtry.cd.value, reference.ref) == ("SCOR", "123456782")

    def test_accounts_as_iban_or_by_the_banks_own_name(self, version: Any) -> None:
        (batch,) = read_back(write_pain001(ORDER, version=version, iban=True), version).pmt_inf
        assert batch.dbtr_acct.id.iban == "NO3913150101837"
        assert batch.cdt_trf_tx_inf[0].cdtr_acct.id.iban == "NO9386011117947"
        (batch,) = read_back(write_pain001(ORDER, version=version, scheme="BANK"), version).pmt_inf
        assert batch.dbtr_acct.id.othr.schme_nm.cd == "BANK"

    def test_an_account_abroad(self, version: Any) -> None:
        order = with_payout(account="SE4550000000058398257466", bic="ESSESESS")
        (batch,) = read_back(write_pain001(order, version=version), version).pmt_inf
        (payout,) = batch.cdt_trf_tx_inf
        assert payout.cdtr_acct.id.iban == "SE4550000000058398257466"
        assert (payout.cdtr.pstl_adr.ctry, payout.chrg_br.value) == ("SE", "SHAR")
        bank = payout.cdtr_agt.fin_instn_id
        assert (bank.bicfi if version == "09" else bank.bic) == "ESSESESS"

    def test_neither_kid_nor_message(self, version: Any) -> None:
        (batch,) = read_back(write_pain001(with_payout(message=None), version=version), version).pmt_inf
        assert batch.cdt_trf_tx_inf[0].rmt_inf is None


class TestMessageId:
    def test_it_depends_on_the_payouts_alone(self) -> None:
        again = replace(
            ORDER,
            payouts=ORDER.payouts[::-1],
            created=datetime(2026, 3, 9, 8, 0, tzinfo=UTC),
            execute_on=date(2026, 3, 10),
        )
        assert again.message_id == ORDER.message_id
        assert len(ORDER.message_id) == 34

    def test_other_payouts_or_another_account_give_another(self) -> None:
        one_less = replace(ORDER, payouts=ORDER.payouts[:1])
        elsewhere = replace(ORDER, account=OTHER_ACCOUNT)
        assert len({ORDER.message_id, one_less.message_id, elsewhere.message_id}) == 3

    def test_the_same_order_gives_the_same_bytes(self) -> None:
        assert write_pain001(ORDER) == write_pain001(ORDER)


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"amount_ore": 0}, "amount"),
            ({"amount_ore": -5}, "amount"),
            ({"amount_ore": 10**12 + 1}, "amount"),
            ({"name": " "}, "name"),
            ({"name": "中"}, "name"),
            ({"account": "86011117946"}, "account"),
            ({"account": "8601 11 17947"}, "account"),
            ({"account": "NO9386011117946"}, "account"),
            ({"account": "SE4550000000058398257466"}, "BIC"),
            ({"account": "SE4550000000058398257466", "bic": "SWEDBANK1"}, "BIC"),
            ({"kid": "123456782"}, "both"),
            ({"message": None, "kid": "123456789"}, "check digit"),
            ({"message": "x" * 141}, "message"),
            ({"identity": "x" * 36}, "reference"),
            ({"identity": "a b"}, "reference"),
            ({"identity": ""}, "reference"),
        ],
    )
    def test_a_payout_that_no_bank_would_take(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(ValueError, match=f"payout 1: .*{said}"):
            write_pain001(with_payout(**changes))

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"payouts": ()}, "from 1"),
            ({"payouts": ORDER.payouts[:1] * 2}, "twice"),
            ({"execute_on": date(2026, 3, 1)}, "bank day"),
            ({"execute_on": date(2026, 12, 24)}, "bank day"),
            ({"execute_on": date(2026, 5, 17)}, "bank day"),
            ({"account": "1"}, "account"),
        ],
    )
    def test_an_order_that_no_bank_would_take(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(ValueError, match=said):
            write_pain001(replace(ORDER, **changes))

    def test_everything_wrong_is_told_at_once(self) -> None:
        payouts = tuple(replace(payout, amount_ore=0, name="") for payout in ORDER.payouts)
        with pytest.raises(ValueError, match=r"payout 1: .*payout 1: .*payout 2: .*payout 2: "):
            write_pain001(replace(ORDER, payouts=payouts))

    def test_nothing_of_the_payee_is_told(self) -> None:
        with pytest.raises(ValueError, match="payout 1") as refused:
            write_pain001(with_payout(account="86011117946", amount_ore=0, kid="99", message="hemmelig"))
        assert not any(secret in str(refused.value) for secret in ("86011117946", "hemmelig", "99 "))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 2), date(2026, 3, 2)),
        (date(2026, 2, 28), date(2026, 3, 2)),
        (date(2026, 4, 2), date(2026, 4, 7)),
        (date(2026, 12, 24), date(2026, 12, 28)),
        (date(2026, 12, 31), date(2027, 1, 4)),
    ],
)
def test_payouts_leave_on_bank_days(day: date, expected: date) -> None:
    assert execution_day(day) == expected


class TestText:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Åse Bø", "Åse Bø"),
            ("Łukasz Wałęsa-Nowák", "Lukasz Walesa-Nowák"),
            ("O’Neill “x” – y", "O'Neill 'x' - y"),
            ("Søster & bror 100%", "Søster & bror 100%"),
            ("a\n\tb\u00a0c\x00d", "a b c d"),
            ("A\u030ase", "Åse"),
            ("中文", ""),
            ("<b>", "b"),
        ],
    )
    def test_other_letters_become_the_nearest(self, text: str, expected: str) -> None:
        assert bank_text(text, 70) == expected

    @given(st.text(max_size=100), st.integers(1, 70))
    def test_any_text_becomes_one_that_a_bank_takes(self, text: str, width: int) -> None:
        written = bank_text(text, width)
        assert len(written) <= width
        assert written == written.strip() == bank_text(written, width)

    @given(st.uuids(), st.booleans())
    def test_an_identity_comes_back_from_the_bank(self, identity: Any, shouted: bool) -> None:
        reference = bank_reference(str(identity))
        assert len(reference) == 32
        assert own_identity(reference.upper() if shouted else reference) == str(identity)

    def test_a_reference_that_is_not_ours_stays_as_it_is(self) -> None:
        assert own_identity("NOTPROVIDED") == "NOTPROVIDED"


def test_names_cannot_become_elements() -> None:
    data = write_pain001(with_payout(name="</Nm><Amt>9</Amt>", message="&lt; ]]> <!-- "))
    (name,) = etree.fromstring(data).iter("{*}Cdtr")
    assert name[0].text == "/Nm Amt 9 /Amt"
