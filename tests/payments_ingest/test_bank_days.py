"""Bank days: completed by the clock, by an operator or by cut-off; published again when a late file changes one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.bank_files import ACCOUNT
from support.bankroom import TODAY, Bankroom, claim_kid, ocr, pay, registered

from payments_ingest.app import close_bank_day
from payments_ingest.domain.bank_days import cut_off, days_to_cut_off, match_lines, missing_numbers
from payments_ingest.formats import OcrPayment
from shared.auth import Role
from shared.errors import Conflict
from shared.events.payments import BankDayCompleted

TUESDAY, WEDNESDAY = date(2026, 3, 3), date(2026, 3, 4)


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2))
    return room


def published(room: Bankroom) -> list[tuple[date, int, int, str]]:
    return [(e.day, e.count, e.sum_ore, e.completed_by) for e in room.published(BankDayCompleted)]


def close(room: Bankroom, day: date = TODAY, **changes: Any) -> Any:
    body = {"account": ACCOUNT, "day": day.isoformat(), "reason": "alt er kommet", **changes}
    return room.post("/v1/bank-days/close", body, role=Role.OPERATOR, who="drift")


def test_the_sandbox_closes_the_day_of_every_account(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(2, 5_000)))
    assert close_bank_day(room.service, TODAY) == 1
    assert published(room) == [(TODAY, 2, 105_000, "sandbox")]
    (event,) = [e for e in room.events() if isinstance(e.payload, BankDayCompleted)]
    assert event.envelope.aggregate == f"{ACCOUNT}:2026-03-02"
    assert close_bank_day(room.service, TODAY) == 0
    assert len(published(room)) == 1


def test_a_day_without_payments_is_complete_with_nothing(room: Bankroom) -> None:
    close_bank_day(room.service, TODAY)
    assert published(room) == [(TODAY, 0, 0, "sandbox")]


def test_unmatched_payments_and_reversals_count_and_reversals_subtract(room: Bankroom) -> None:
    unknown = OcrPayment(amount_ore=700, kid="1234567897")
    room.imported(ocr(pay(1), unknown, pay(1, type_code="18"), pay(2, 900, negative=True)))
    close_bank_day(room.service, TODAY)
    assert published(room) == [(TODAY, 4, 100_000 + 700 - 100_000 - 900, "sandbox")]


def test_a_day_with_payments_is_listed_while_it_waits_to_be_completed(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(2, 5_000)))
    (day,) = room.get("/v1/bank-days")["items"]
    assert (day["state"], day["count"], day["sum_ore"], day["times_published"]) == ("open", 2, 105_000, 0)


def test_a_late_file_publishes_the_day_again(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    close_bank_day(room.service, TODAY)
    room.clock.set(TUESDAY)
    room.imported(ocr(pay(2, 5_000, nets_date=TODAY), pay(2, 300), transmission=2, day=TUESDAY))
    assert published(room) == [(TODAY, 1, 100_000, "sandbox"), (TODAY, 2, 105_000, "sandbox")]
    (day,) = [d for d in room.get("/v1/bank-days")["items"] if d["day"] == TODAY.isoformat()]
    assert (day["state"], day["times_published"], day["sum_ore"]) == ("complete", 2, 105_000)


def test_a_day_does_not_close_while_a_file_is_in_work(room: Bankroom) -> None:
    room.send(ocr(pay(1)))
    with pytest.raises(Conflict):
        close_bank_day(room.service, TODAY)
    assert close(room).status_code == 409
    room.work()
    assert close(room).status_code == 200


def test_an_operator_closes_a_day_with_a_reason(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    assert close(room, reason="x").status_code == 422
    assert close(room, account="00000000000").status_code == 404
    answer = close(room)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["completed_by"], body["closed_by"], body["reason"]) == ("operator", "drift", "alt er kommet")
    assert body["lines"] == [{"bank_line": body["lines"][0]["bank_line"], "count": 1, "sum_ore": 100_000}]
    assert published(room) == [(TODAY, 1, 100_000, "operator")]
    refused = room.post("/v1/bank-days/close", {}, role=Role.CASEWORKER)
    assert refused.status_code == 403


def test_each_bank_line_is_the_sum_of_its_transactions(room: Bankroom) -> None:
    lines = ((1, 100, 1), (2, 200, 1), (1, 400, 2))
    room.imported(ocr(*[OcrPayment(amount_ore=ore, kid=claim_kid(n), serial=line) for n, ore, line in lines]))
    detail = room.get(f"/v1/bank-days/{ACCOUNT}/{TODAY.isoformat()}")
    assert sorted((line["count"], line["sum_ore"]) for line in detail["lines"]) == [(1, 400), (2, 300)]
    assert detail["sum_ore"] == 700
    assert detail["difference_ore"] is None


def test_bank_days_are_listed_newest_first_in_pages(room: Bankroom) -> None:
    for day in (TODAY, TUESDAY, WEDNESDAY):
        room.clock.set(day)
        close_bank_day(room.service, day)
    first = room.get("/v1/bank-days", limit=2)
    rest = room.get("/v1/bank-days", limit=2, after=first["next"])
    assert [d["day"] for d in first["items"] + rest["items"]] == ["2026-03-04", "2026-03-03", "2026-03-02"]
    assert room.client(Role.CASEWORKER).get("/v1/bank-days", params={"after": "x"}).status_code == 422


def cutting(tmp_path: Path) -> Bankroom:
    return Bankroom(tmp_path, options={"bank_day_completion": "cut-off"})


def test_cut_off_completes_a_day_at_noon_of_the_next_bank_day(tmp_path: Path) -> None:
    room = cutting(tmp_path)
    room.feed(registered(1))
    room.imported(ocr(pay(1)))
    room.clock.set(TUESDAY)  # 09:00 in Oslo
    room.work()
    assert published(room) == []
    room.clock.set(WEDNESDAY)
    room.work()
    assert published(room) == [(TODAY, 1, 100_000, "cut-off")]
    room.clock.set(date(2026, 3, 9))
    room.work()
    assert [day for day, *_ in published(room)] == [TODAY, TUESDAY, WEDNESDAY, date(2026, 3, 5)]


def test_a_missing_transmission_keeps_the_days_open_until_it_comes_or_a_person_settles_it(tmp_path: Path) -> None:
    room = cutting(tmp_path)
    room.feed(registered(1))
    room.imported(ocr(pay(1), transmission=7))
    room.imported(ocr(pay(1, 50), transmission=9))
    room.clock.set(WEDNESDAY)
    room.work()
    assert published(room) == []
    (alarm,) = room.get("/v1/alarms")["items"]
    assert (alarm["kind"], alarm["facts"]) == ("transmission_gap", {"series": "ocr:00008080/00010200", "number": 8})
    assert alarm["text"] == "En forsendelse fra banken mangler"
    room.imported(ocr(pay(1, 70), transmission=8))
    room.work()
    assert published(room) == [(TODAY, 3, 100_120, "cut-off")]
    assert room.get("/v1/alarms")["items"] == []


def test_a_transmission_that_told_of_other_accounts_is_no_gap(tmp_path: Path) -> None:
    room = cutting(tmp_path)
    other = "86011117947"
    room.feed(registered(1), registered(2, account=other))
    room.imported(ocr(pay(1), transmission=7))
    room.imported(ocr(pay(2), transmission=8, account=other))
    room.imported(ocr(pay(1, 50), transmission=9))
    room.clock.set(WEDNESDAY)
    room.work()
    assert sorted((e.account, e.count) for e in room.published(BankDayCompleted)) == [(ACCOUNT, 2), (other, 1)]


def test_a_person_settles_a_gap_that_will_never_be_filled(tmp_path: Path) -> None:
    room = cutting(tmp_path)
    room.feed(registered(1))
    room.imported(ocr(pay(1), transmission=7))
    room.imported(ocr(pay(1, 50), transmission=9))
    room.clock.set(WEDNESDAY)
    room.work()
    (alarm,) = room.get("/v1/alarms")["items"]
    settled = room.done(f"/v1/alarms/{alarm['alarm_id']}/settlement", who="per")
    assert settled["settled_by"] == "per"
    assert room.post(f"/v1/alarms/{alarm['alarm_id']}/settlement").status_code == 409
    room.work()
    assert published(room) == [(TODAY, 2, 100_050, "cut-off")]
    assert room.get("/v1/alarms", state="settled")["items"][0]["alarm_id"] == alarm["alarm_id"]


def test_cut_off_skips_days_that_are_no_bank_days() -> None:
    maundy = date(2026, 4, 1)  # Wednesday before Easter
    assert cut_off(maundy).date() == date(2026, 4, 7)
    noon = cut_off(date(2026, 4, 7))
    assert days_to_cut_off(maundy, noon) == [maundy, date(2026, 4, 7)]


def test_gaps_between_transmission_numbers() -> None:
    assert missing_numbers([]) == []
    assert missing_numbers([7]) == []
    assert missing_numbers([9, 7, 12]) == [8, 10, 11]
    assert missing_numbers([1, 900_000]) == []  # the bank began a new series


def test_bank_lines_are_compared_by_amount() -> None:
    assert match_lines([100, 100, 50], [100, 50, 70]) == ([100], [70])
