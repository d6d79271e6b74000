"""A month ends: the unit gets its statement and its money, through HTTP and files only."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from support.town import running

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.demo.persons import ANNE
from inkasso.demo.town import Payment, Town
from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt054
from shared.auth import Role

UNIT = "bydel-frogner"


def statement(town: Town) -> Any:
    (made,) = town.server.items(f"/claims-api/v1/creditors/{UNIT}/remittances", role=Role.AUDITOR)
    return made


def test_a_unit_gets_its_statement_and_its_money_on_the_fifth_working_day(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        case = town.register(UNIT, ANNE, "kindergarten", 3_000_00, date(2025, 12, 20), "F-1")
        town.pay(Payment(kid=case["kid"], amount_ore=1_000_00))
        town.settle()
        town.go_to(date(2026, 2, 6))
        made = statement(town)
        assert (made["period"], made["payout"]) == ("2026-01", "reserved")
        assert made["payable_ore"] == made["to_unit_ore"] == made["in_transit_ore"] > 0
        (payout,) = town.server.items("/payments-ingest/v1/refunds", role=Role.AUDITOR)
        assert (payout["source"], payout["amount_ore"], payout["state"]) == ("remittance", made["payable_ore"], "sent")
        (file,) = (tmp_path / "bank" / "outbox").iterdir()
        assert f"Avregning 2026-01 {UNIT}" in file.read_text("utf-8")

        left = CamtTransaction(amount_ore=made["payable_ore"], end_to_end_id=made["remittance_id"].replace("-", ""))
        debit = CamtEntry(booked_on=town.today(), bank_ref="D1", credit=False, transactions=(left,))
        content = write_camt054(
            CamtAccount(account=OUR_ACCOUNT, entries=(debit,)), created=datetime.fromisoformat("2026-02-06T18:00:00")
        )
        deliver(town.server, content, "debit.xml")
        town.settle()
        settled = statement(town)
        assert (settled["payout"], settled["in_transit_ore"]) == ("settled", 0)
        assert settled["collected_ore"] == settled["remitted_ore"] + settled["kept_ore"]
        proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
        assert (proof["difference_ore"], proof["in_transit_ore"], proof["units_ore"]) == (0, 0, 0)
        assert proof["bank_ore"] == 1_000_00 - made["payable_ore"]
        for service in ("claims-api", "payments-ingest"):
            assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
