"""A later step waits until the bank has told of every day that could hold the payment, however a day is completed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.town import START, running

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.client import Refused
from inkasso.demo.persons import ANNE, BERNT
from inkasso.demo.town import Payment, Town
from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt053
from payments_ingest.formats.ocr_write import OcrPayment, make_ocr_file
from shared.auth import Role
from shared.calendar import is_bank_day

DUE = date(2025, 12, 20)
VARSEL, BETALINGSOPPFORDRING = "inkassovarsel", "betalingsoppfordring"
FIRST_STEP = date(2026, 1, 15)
DEADLINE = date(2026, 1, 29)
LAST_WAITED_FOR = date(2026, 2, 3)
"""Three bank days after the deadline: a payment ordered in time may be told of until then."""


def kinds(town: Town, case: dict[str, Any]) -> list[str]:
    return [letter["kind"] for letter in town.letters(case["case_id"]) if letter["state"] == "sent"]


def sent_on(town: Town, case: dict[str, Any]) -> str:
    return str(town.letters(case["case_id"])[-1]["sent_on"])


def statement(first: date, last: date, *credits: tuple[date, int], number: int = 1) -> bytes:
    """What the bank says came in on our account in a period, day by day."""
    entries = tuple(
        CamtEntry(booked_on=day, bank_ref=f"S{number}-{n}", transactions=(CamtTransaction(amount_ore=ore),))
        for n, (day, ore) in enumerate(credits)
    )
    account = CamtAccount(account=OUR_ACCOUNT, entries=entries, identity=f"S{number}", period=(first, last))
    return write_camt053(account, created=datetime.combine(last, datetime.min.time()), message_id=f"M{number}")


def days(town: Town) -> list[tuple[str, str, str | None, int]]:
    found = town.server.items("/payments-ingest/v1/bank-days", role=Role.AUDITOR)
    return [(day["day"], day["state"], day["completed_by"], day["sum_ore"]) for day in found]


def bank_days(first: date, last: date) -> list[date]:
    return [day for n in range((last - first).days + 1) if is_bank_day(day := first + timedelta(days=n))]


def two_debtors(town: Town) -> list[dict[str, Any]]:
    """Anne pays nothing; Bernt pays all he was asked for on the last day of grace."""
    cases = [
        dict(town.register("bydel-frogner", person, "kindergarten", 3_000_00, DUE, f"F-{n}"))
        for n, person in enumerate((ANNE, BERNT))
    ]
    town.go_to(LAST_WAITED_FOR)
    assert [kinds(town, case) for case in cases] == [[VARSEL], [VARSEL]]
    return cases


def test_by_statement_the_step_waits_for_the_balances_and_runs_the_next_working_day(tmp_path: Path) -> None:
    with running(tmp_path, INKASSO_BANK_DAY_COMPLETION="statement") as town:
        anne, bernt = two_debtors(town)
        owed = town.balance(bernt["case_id"])["total_ore"]
        town.pay(Payment(kid=bernt["kid"], amount_ore=owed, ordered_on=DEADLINE))
        town.go_to(date(2026, 2, 12))
        assert (kinds(town, anne), kinds(town, bernt)) == ([VARSEL], [VARSEL])
        assert days(town) == [("2026-02-03", "open", None, owed)]

        deliver(town.server, statement(START, DEADLINE), "januar.xml")
        town.go_to(date(2026, 2, 17))
        assert kinds(town, anne) == [VARSEL]  # the days after the deadline are still open

        wrong = statement(date(2026, 1, 30), LAST_WAITED_FOR, (LAST_WAITED_FOR, owed + 1), number=2)
        assert deliver(town.server, wrong, "feil.xml")["state"] == "accepted"
        town.go_to(date(2026, 2, 19))
        assert kinds(town, anne) == [VARSEL]
        (alarm,) = town.server.items("/payments-ingest/v1/alarms")
        assert (alarm["kind"], alarm["account"], alarm["day"]) == ("statement_differs", OUR_ACCOUNT, "2026-02-03")
        assert alarm["facts"] == {"statement_ore": owed + 1, "booked_ore": owed}

        right = statement(date(2026, 1, 30), LAST_WAITED_FOR, (LAST_WAITED_FOR, owed), number=3)
        deliver(town.server, right, "februar.xml")
        assert list(town.server.items("/payments-ingest/v1/alarms")) == []
        town.go_to(date(2026, 2, 23))
        assert kinds(town, anne) == [VARSEL, BETALINGSOPPFORDRING]
        assert sent_on(town, anne) == "2026-02-20"
        assert (kinds(town, bernt), town.claim(bernt["claim_id"])["status"]) == ([VARSEL], "settled")
        complete = [day for day, state, by, _ in days(town) if (state, by) == ("complete", "statement")]
        assert complete == [day.isoformat() for day in reversed(bank_days(START, LAST_WAITED_FOR))]


def test_by_cut_off_the_step_waits_for_noon_of_the_next_bank_day_and_for_a_missing_transmission(
    tmp_path: Path,
) -> None:
    with running(tmp_path, INKASSO_BANK_DAY_COMPLETION="cut-off") as town:
        town.settle()  # from here the account's bank days are counted
        anne, bernt = two_debtors(town)
        owed = town.balance(bernt["case_id"])["total_ore"]
        for number, ore in ((7, 100), (9, 200)):
            stranger = OcrPayment(amount_ore=ore, kid="1234567897")
            deliver(town.server, make_ocr_file(OUR_ACCOUNT, [stranger], number, town.today()), f"{number}.txt")
        town.go_to(date(2026, 2, 12))
        assert kinds(town, anne) == [VARSEL]
        (alarm,) = town.server.items("/payments-ingest/v1/alarms")
        assert (alarm["kind"], alarm["facts"]["number"]) == ("transmission_gap", 8)

        late = OcrPayment(amount_ore=owed, kid=bernt["kid"], bank_date=DEADLINE, nets_date=LAST_WAITED_FOR)
        deliver(town.server, make_ocr_file(OUR_ACCOUNT, [late], 8, LAST_WAITED_FOR), "8.txt")
        town.go_to(date(2026, 2, 16))
        assert list(town.server.items("/payments-ingest/v1/alarms")) == []
        assert kinds(town, anne) == [VARSEL, BETALINGSOPPFORDRING]
        assert sent_on(town, anne) == "2026-02-13"
        assert (kinds(town, bernt), town.claim(bernt["claim_id"])["status"]) == ([VARSEL], "settled")
        assert ("2026-02-03", "complete", "cut-off", owed + 300) in days(town)


def test_an_operator_completes_a_day_the_bank_never_tells_of(tmp_path: Path) -> None:
    with running(tmp_path, INKASSO_BANK_DAY_COMPLETION="statement") as town:
        anne, _ = two_debtors(town)
        deliver(town.server, statement(START, date(2026, 2, 2)), "januar.xml")
        town.go_to(date(2026, 2, 10))
        assert kinds(town, anne) == [VARSEL]
        body = {"account": OUR_ACCOUNT, "day": "2026-02-03", "reason": "banken bekreftet på telefon at alt er kommet"}
        with pytest.raises(Refused) as refused:
            town.server.post("/payments-ingest/v1/bank-days/close", body, role=Role.CASEWORKER, name="kari")
        assert refused.value.status == 403
        town.server.post("/payments-ingest/v1/bank-days/close", body, role=Role.OPERATOR, name="otto")
        town.go_to(date(2026, 2, 12))
        assert kinds(town, anne) == [VARSEL, BETALINGSOPPFORDRING]
        assert days(town)[0][:3] == ("2026-02-03", "complete", "operator")
