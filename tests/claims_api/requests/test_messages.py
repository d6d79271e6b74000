"""Messages are kept and answered by letter; «Jeg har betalt» lets the next step wait; the queue explains itself."""

from __future__ import annotations

from datetime import date

from support.claims import OLA
from support.counter import Counter

from shared.events.claims import DemandDeclined, DemandIssued, HoldEnded, HoldPlaced
from shared.events.requests import MessageReceived, NoticeIssued, TextState

WORDS = "Hei! Kan jeg få se fakturaen?\nHilsen Kari"


def test_a_message_is_kept_and_answered_by_letter_once(desk: Counter) -> None:
    claim = desk.case()
    debtor_ref = desk.office.get(f"/v1/claims/{claim['claim_id']}").json()["debtor_ref"]
    document = desk.office.hand_in(debtor_ref=debtor_ref)
    message = desk.asked(claim, "messages", {"text": WORDS, "document": document})
    assert (message["kind"], message["state"], message["text"]) == ("message", "pending", None)
    assert desk.read(message)["text"] == WORDS
    assert (message["turn"]["owner"], message["due_on"]) == ("caseworker", "2026-02-03")
    assert message["documents"] == [document]
    assert desk.last(MessageReceived).documents == 1
    path = f"/v1/cases/{claim['case_id']}/messages/{message['request_id']}"
    assert desk.office.post(f"{path}/answer", {"text": "Ja."}, desk.debtor(claim)).status_code == 403
    answered = desk.office.post(f"{path}/answer", {"text": "Den ligger ved."}, desk.office.clerk()).json()
    assert answered["state"] == "answered"
    notice = desk.last(NoticeIssued)
    assert (notice.kind, len(notice.text_ids), notice.payee) == ("message_answered", 1, None)
    assert desk.office.post(f"{path}/answer", {"text": "Og her."}, desk.office.clerk()).status_code == 409
    assert desk.office.get(path, desk.debtor(claim)).json()["reasons"] == "Den ligger ved."
    stranger = desk.case(debtor__national_id=OLA, debtor__name="Ola")
    assert desk.office.get(path, desk.debtor(stranger)).status_code == 404
    told = "".join(event.payload.model_dump_json() for event in desk.office.events())
    assert "faktura" not in told
    assert "Den ligger" not in told


def test_what_comes_by_phone_or_post_is_registered_by_the_desk(desk: Counter) -> None:
    claim = desk.case()
    for channel, received in (("phone", None), ("post", "2026-01-16"), ("visit", None), ("email", None)):
        body = {"text": WORDS, "channel": channel, "received_on": received}
        message = desk.asked(claim, "messages", body, desk.office.clerk())
        assert (message["channel"], message["debtor_ref"]) == (channel, claim["debtor_ref"])
        assert message["received_on"] == received or "2026-01-20"
    assert desk.ask(claim, "messages", {"text": WORDS, "channel": "phone"}).status_code == 422
    assert desk.ask(claim, "messages", {"text": "\x07"}).status_code == 422
    assert desk.ask(claim, "messages", {"text": "x" * 4_001}).status_code == 422
    summaries = desk.office.get(f"/v1/cases/{claim['case_id']}/timeline", desk.debtor(claim)).json()["items"]
    assert "Brev er mottatt" in [one["summary"] for one in summaries]


def test_saying_that_it_is_paid_lets_the_next_step_wait_once_per_letter(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    desk.at(date(2026, 2, 12))
    said = desk.asked(claim, "paid-claims", {})
    assert (said["kind"], said["state"], said["until"]) == ("paid_claim", "granted", "2026-02-19")
    assert (desk.last(HoldPlaced).reason, desk.last(HoldPlaced).until) == ("paid_claim", date(2026, 2, 19))
    again = desk.ask(claim, "paid-claims", {})
    assert (again.status_code, again.json()["type"].split(":")[-1]) == (409, "paid-said-before")
    desk.at(date(2026, 2, 19))
    desk.step("betalingsoppfordring", claim)
    assert desk.last(DemandDeclined).reason == "on_hold"
    desk.at(date(2026, 2, 20))
    assert desk.last(HoldEnded).reason == "paid_claim"
    desk.letter("betalingsoppfordring", claim)
    assert desk.last(DemandIssued).kind == "betalingsoppfordring"
    assert desk.asked(claim, "paid-claims", {})["state"] == "granted"


def test_the_queue_shows_whose_turn_it_is_and_what_is_to_be_answered_first(desk: Counter) -> None:
    claim = desk.case()
    other = desk.case(debtor__national_id=OLA, debtor__name="Ola Nordmann")
    objection = desk.asked(claim, "objections", {"claim_ids": [claim["claim_id"]], "text": WORDS})
    plan = desk.asked(other, "plans", {"instalments": 24, "first_due": "2026-02-16"})
    message = desk.asked(claim, "messages", {"text": WORDS})
    clerk = desk.office.clerk()
    first = desk.office.get("/v1/requests", clerk, state="pending", limit=2).json()
    assert [one["due_on"] for one in first["items"]] == ["2026-02-03", "2026-02-03"]
    rest = desk.office.get("/v1/requests", clerk, state="pending", limit=2, after=first["next"]).json()
    found = [one["request_id"] for one in first["items"] + rest["items"]]
    assert set(found[:2]) == {plan["request_id"], message["request_id"]}
    assert found[2:] == [objection["request_id"]]
    assert rest["next"] is None
    assert rest["items"][0]["turn"] == {
        "owner": "caseworker",
        "until": "2026-02-10",
        "then": "Innsigelsen avgjøres; det omtvistede står stille imens.",
    }
    of_kind = desk.office.get("/v1/requests", clerk, kind="plan").json()["items"]
    assert [(one["request_id"], one["grounds"]) for one in of_kind] == [
        (plan["request_id"], ["too_many_instalments", "instalment_too_small"])
    ]
    mine = desk.office.get("/v1/requests", desk.debtor(other)).json()["items"]
    assert [one["request_id"] for one in mine] == [plan["request_id"]]
    assert desk.office.get("/v1/requests", desk.office.agency()).json()["items"] == []
    assert desk.office.get("/v1/requests", clerk, after="nonsense").status_code == 422
    assert desk.office.get("/v1/requests", clerk, state="nonsense").status_code == 422


def test_words_go_with_whoever_is_erased(desk: Counter) -> None:
    claim = desk.case()
    message = desk.asked(claim, "messages", {"text": WORDS})
    path = f"/v1/cases/{claim['case_id']}/messages/{message['request_id']}/answer"
    desk.office.post(path, {"text": "Svar til Kari"}, desk.office.clerk())
    desk.pay(claim["case_id"], desk.balance(claim)["total_ore"], claim["kid"], claim_id=claim["claim_id"])
    desk.office.clock.set(date(2032, 1, 2))
    erased = desk.office.post(f"/v1/debtors/{claim['debtor_ref']}/erasure", None, desk.office.clerk())
    assert erased.status_code in (200, 201), erased.text
    shown = desk.read(message)
    assert (shown["text"], shown["reasons"]) == ("", "")


def test_a_text_state_is_no_party(desk: Counter) -> None:
    claim = desk.case()
    loader = desk.office.service.state_loader
    assert loader is not None
    with desk.office.service.db.read() as tx:
        found = loader(tx, "parties", [claim["debtor_ref"], "unknown"])
    assert list(found) == [claim["debtor_ref"]]
    assert found[claim["debtor_ref"]][0]["ce_type"] != TextState.TYPE
