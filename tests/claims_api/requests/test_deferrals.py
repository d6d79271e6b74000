"""More time: at once within the rule, once per demand; else a caseworker, with fourteen days after a no."""

from __future__ import annotations

from datetime import date

from support.claims import OLA
from support.counter import Counter

from shared.events.claims import DemandDeclined, DemandIssued, DemandWithdrawn, HoldEnded, HoldPlaced
from shared.events.requests import DeferralEnded, DeferralGranted, NoticeIssued, RequestRefused, TextState


def test_time_within_the_rule_is_given_at_once_and_its_date_is_the_deadline(desk: Counter) -> None:
    claim = desk.case()
    given = desk.asked(claim, "deferrals", {"until": "2026-02-15"})
    assert given["state"] == "granted"
    assert given["until"] == "2026-02-16"  # a Sunday moves to Monday
    assert given["turn"] == {
        "owner": "debtor",
        "until": "2026-02-16",
        "then": "Betales ikke kravet, går innkrevingen videre.",
    }
    placed = desk.last(HoldPlaced)
    assert (placed.reason, placed.until, placed.claim_ids) == ("deferral", date(2026, 2, 16), [claim["claim_id"]])
    assert desk.last(DeferralGranted).granted_by == "rule"
    notice = desk.last(NoticeIssued)
    assert (notice.kind, notice.until) == ("deferral_granted", date(2026, 2, 16))
    assert notice.kid == claim["kid"]
    assert [line.amount_ore for line in notice.claims] == [desk.balance(claim)["total_ore"]]

    desk.at(date(2026, 2, 16))
    desk.step("inkassovarsel", claim)
    assert desk.last(DemandDeclined).reason == "on_hold"
    assert desk.told(DeferralEnded) == []
    desk.at(date(2026, 2, 17))
    assert desk.last(DeferralEnded).until == date(2026, 2, 16)
    assert desk.last(HoldEnded).reason == "deferral"
    assert desk.read(given)["ended_on"] == "2026-02-17"
    assert desk.balance(claim)["interest_ore"] > 0


def test_a_letter_after_a_deferral_waits_for_its_grace_and_its_bank_days(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    desk.asked(claim, "deferrals", {"until": "2026-02-20"})
    desk.at(date(2026, 2, 24))
    desk.step("betalingsoppfordring", claim)
    declined = desk.last(DemandDeclined)
    assert (declined.reason, declined.retry_on) == ("deadline_running", date(2026, 2, 26))
    desk.at(date(2026, 2, 26))
    desk.step("betalingsoppfordring", claim)
    assert desk.last(DemandIssued).kind == "betalingsoppfordring"


def test_time_is_given_once_per_demand_and_anew_after_the_next(desk: Counter) -> None:
    claim = desk.case()
    desk.asked(claim, "deferrals", {"until": "2026-01-26"})
    desk.at(date(2026, 1, 27))
    again = desk.asked(claim, "deferrals", {"until": "2026-02-03"})
    assert (again["state"], again["grounds"]) == ("pending", ["deferred_before"])
    assert again["turn"]["owner"] == "caseworker"
    assert desk.last(HoldPlaced).reason == "request"
    assert desk.decide(again, outcome="refused").status_code == 422
    refused = desk.decide(again, outcome="refused", reasons="Du har fått utsettelse før.").json()
    assert (refused["state"], refused["pay_by"]) == ("refused", "2026-02-10")
    assert desk.last(RequestRefused).pay_by == date(2026, 2, 10)
    assert desk.last(HoldEnded).resume_on == date(2026, 2, 16)
    desk.at(date(2026, 2, 16))
    desk.letter("inkassovarsel", claim)
    assert desk.asked(claim, "deferrals", {"until": "2026-03-10"})["state"] == "granted"


def test_a_longer_time_waits_for_a_caseworker_who_may_give_another_day(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "deferrals", {"until": "2026-03-31"})
    assert (asked["state"], asked["grounds"]) == ("pending", ["longer_than_allowed"])
    assert asked["due_on"] == "2026-02-03"
    assert desk.ask(claim, "deferrals", {"until": "2026-02-02"}).status_code == 409
    decided = desk.decide(asked, outcome="partly", until="2026-03-02", reasons="Så lenge, men ikke lenger.")
    assert decided.status_code == 200
    assert (decided.json()["state"], decided.json()["outcome"]) == ("granted", "partly")
    assert decided.json()["until"] == "2026-03-02"
    assert desk.read(asked)["reasons"] == "Så lenge, men ikke lenger."
    assert decided.json()["decided_by"] == "Kim"
    assert desk.read(asked, desk.debtor(claim))["decided_by"] is None
    reasons = [one.reason for one in desk.told(HoldPlaced)] + [one.reason for one in desk.told(HoldEnded)]
    assert reasons == ["request", "deferral", "request"]
    second = desk.decide(asked, outcome="refused", reasons="Nei")
    assert second.status_code == 409
    assert second.json()["type"].endswith(":request-decided")


def test_reasons_travel_sealed_until_their_letter_is_sent(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "deferrals", {"until": "2026-03-31"})
    desk.decide(asked, outcome="granted", reasons="Fordi Kari er syk")
    notice = desk.last(NoticeIssued)
    (text_id,) = notice.text_ids
    loader = desk.office.service.state_loader
    assert loader is not None
    with desk.office.service.db.read() as tx:
        headers, value = loader(tx, "parties", [text_id])[text_id]
    assert value is not None
    state = TextState.model_validate_json(value)
    assert "Kari" not in value.decode()
    assert headers["ce_aggregateversion"] == "1"
    assert state.text_id == text_id
    desk.send_letter(notice)
    with desk.office.service.db.read() as tx:
        headers, value = loader(tx, "parties", [text_id])[text_id]
    assert (value, headers["ce_aggregateversion"]) == (None, "2")
    assert desk.read(asked)["letters"][-1]["state"] == "sent"
    assert desk.read(asked)["reasons"] == "Fordi Kari er syk"
    assert "Kari" not in "".join(event.payload.model_dump_json() for event in desk.office.events())


def test_a_demand_on_its_way_is_taken_back_when_time_is_given(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.step("inkassovarsel", claim)
    desk.asked(claim, "deferrals", {"until": "2026-02-05"})
    withdrawn = desk.last(DemandWithdrawn)
    assert (withdrawn.demand_id, withdrawn.reason) == (desk.last(DemandIssued).demand_id, "on_hold")
    assert withdrawn.retry_on is None


def test_what_cannot_be_is_refused_with_the_reason_and_nothing_is_stored(desk: Counter) -> None:
    claim = desk.case()
    before = len(desk.office.events())
    for body, code in (
        ({"until": "2026-01-20"}, "in-past"),
        ({"until": "2027-06-01"}, "too-late"),
        ({"until": "2026-02-01", "channel": "post"}, "not-yours"),
        ({"until": "2026-02-01", "debtor_ref": "somebody"}, "not-yours"),
    ):
        answer = desk.ask(claim, "deferrals", body)
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == [code]
    stranger = desk.case(debtor__national_id=OLA, debtor__name="Ola")
    assert desk.ask(claim, "deferrals", {"until": "2026-02-01"}, desk.debtor(stranger)).status_code == 404
    assert desk.ask(claim, "deferrals", {"until": "2026-02-01"}, desk.office.agency()).status_code == 403
    assert len(desk.office.events()) == before + 1  # the stranger's own claim

    desk.pay(claim["case_id"], desk.balance(claim)["total_ore"], claim["kid"], claim_id=claim["claim_id"])
    settled = desk.ask(claim, "deferrals", {"until": "2026-02-01"})
    assert (settled.status_code, settled.json()["type"].split(":")[-1]) == (409, "case-settled")


def test_the_same_call_again_gives_the_same_answer(desk: Counter) -> None:
    claim = desk.case()
    path = f"/v1/cases/{claim['case_id']}/deferrals"
    first = desk.office.post(path, {"until": "2026-02-10"}, desk.debtor(claim), key="same")
    again = desk.office.post(path, {"until": "2026-02-10"}, desk.debtor(claim), key="same")
    assert first.json() == again.json()
    assert len(desk.told(DeferralGranted)) == 1


def test_a_debtor_may_take_a_waiting_request_back(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "deferrals", {"until": "2026-03-31"})
    path = f"deferrals/{asked['request_id']}/withdrawal"
    stranger = desk.case(debtor__national_id=OLA, debtor__name="Ola")
    assert desk.ask(claim, path, {}, desk.debtor(stranger)).status_code == 404
    assert desk.asked(claim, path, {})["state"] == "withdrawn"
    assert (desk.last(HoldEnded).reason, desk.last(HoldEnded).pay_by) == ("request", None)
    assert desk.ask(claim, path, {}).status_code == 409
    assert desk.decide(asked, outcome="granted").status_code == 409
    assert desk.asked(claim, "deferrals", {"until": "2026-02-10"})["state"] == "granted"


def test_a_request_falls_away_when_everything_is_paid_meanwhile(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "deferrals", {"until": "2026-03-31"})
    desk.pay(claim["case_id"], desk.balance(claim)["total_ore"], claim["kid"], claim_id=claim["claim_id"])
    desk.work()
    assert desk.read(asked)["state"] == "withdrawn"
    assert desk.decide(asked, outcome="granted").status_code == 409
