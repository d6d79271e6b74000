"""From a demand to a letter: what is published when, and that every letter ends exactly once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from support.mailroom import DEADLINE, TODAY, Mailroom, issued, party, released, reversed_fee, withdrawn

from notifications.tables import Model
from shared.events.claims import Address, DisputeBody
from shared.events.notifications import LetterDispatched, LetterFailed, LetterReady, LetterSent
from shared.ids import letter_id
from shared.migrate import at_head, differences

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    return Mailroom(tmp_path)


def names(room: Mailroom) -> list[str]:
    return [type(payload).__name__ for payload in room.published()]


def states(room: Mailroom) -> dict[str, str]:
    items = room.client().get("/v1/letters").json()["items"]
    return {item["debtor_ref"]: item["state"] for item in items}


def test_a_demand_becomes_a_letter_in_the_folder_of_the_day_with_a_receipt(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    assert names(room) == ["LetterReady"]
    assert room.pdfs() == []
    room.feed(released())
    room.work()
    letter = letter_id("d1", "kari")
    assert [str(path.relative_to(room.folder)) for path in room.pdfs()] == [f"letters/2026-01-29/{letter}.pdf"]
    [ready] = room.published(LetterReady)
    [receipt] = room.receipts()
    assert receipt == {
        "letter_id": letter,
        "channel": "folder",
        "sent_on": "2026-01-29",
        "sha256": ready.letters[0].sha256,  # type: ignore[attr-defined]
    }
    assert names(room) == ["LetterReady", "LetterDispatched", "LetterSent"]
    [dispatched] = room.published(LetterDispatched)
    assert dispatched.model_dump() == {
        "demand_id": "d1",
        "case_id": "case-1",
        "channel": "folder",
        "dispatched_on": TODAY,
    }
    [sent] = room.published(LetterSent)
    assert sent.model_dump() == {
        "demand_id": "d1",
        "letter_id": letter,
        "case_id": "case-1",
        "debtor_ref": "kari",
        "kind": "inkassovarsel",
        "sent_on": TODAY,
        "deadline": DEADLINE,
        "channel": "folder",
        "first": True,
        "last": True,
    }
    assert room.backlog() == 0
    assert room.work() == 0


def test_a_letter_waits_for_the_version_of_the_party_it_was_frozen_against(room: Mailroom) -> None:
    room.feed(issued(party_version=2))
    assert room.work() == 0
    room.feed(party())
    assert room.work() == 0
    assert room.backlog() == 1
    room.feed(party(name="Kari Hansen"))
    room.work()
    assert names(room) == ["LetterReady"]
    assert "Kari Hansen" in letter_text(room, "kari")


def test_a_party_that_changes_while_its_letter_is_made_is_rendered_anew(room: Mailroom) -> None:
    from support.letters import SENDER

    from notifications.jobs import _make
    from notifications.render import Renderer
    from notifications.sealed import Opener
    from notifications.store import mailings
    from notifications.usecases.rendering import record_made

    room.feed(party(), issued())
    with room.service.db.read() as tx:
        [item] = mailings.renderable(tx, 10)
    made = _make(room.service, Renderer(SENDER), Opener(()), item, None)
    room.feed(party(name="Kari Hansen"))
    with room.service.uow() as uow:
        assert record_made(uow, [made]) == []
    room.work()
    assert "Kari Hansen" in letter_text(room, "kari")


def test_the_recipients_language_is_used(room: Mailroom) -> None:
    room.feed(party(language="nn"), issued())
    room.work()
    assert "Kravet gjeld" in letter_text(room, "kari")


def test_co_debtors_get_a_letter_each_and_the_step_ends_when_all_are_out(room: Mailroom) -> None:
    room.feed(party("kari"), issued(debtors=("kari", "ola")))
    room.work()
    assert names(room) == []
    room.feed(party("ola", "Ola Nordmann"))
    room.work()
    [ready] = room.published(LetterReady)
    assert [one.debtor_ref for one in ready.letters] == ["kari", "ola"]  # type: ignore[attr-defined]
    room.feed(released())
    room.work()
    assert names(room) == ["LetterReady", "LetterDispatched", "LetterSent", "LetterSent"]
    marks = [(one.debtor_ref, one.first, one.last) for one in room.published(LetterSent)]  # type: ignore[attr-defined]
    assert marks == [("kari", True, False), ("ola", False, True)]
    assert len(room.pdfs()) == 2


def test_the_same_events_again_make_nothing_new(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.feed(released(), reversed_fee())
    room.work()
    before = names(room)
    assert room.take(list(room.log)).duplicate == 4
    room.work()
    assert names(room) == before
    assert len(room.pdfs()) == 2


def test_a_release_before_the_letters_are_ready_is_no_release(room: Mailroom) -> None:
    room.feed(issued(), released())
    room.feed(party())
    room.work()
    assert names(room) == ["LetterReady"]
    assert room.pdfs() == []


def test_a_withdrawn_demand_is_never_sent(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.feed(withdrawn())
    room.feed(released())
    room.work()
    assert names(room) == ["LetterReady"]
    assert states(room) == {"kari": "withdrawn"}
    assert room.pdfs() == []
    assert room.backlog() == 0


def test_a_demand_withdrawn_before_it_is_rendered_or_after_its_release_stays_in(room: Mailroom) -> None:
    room.feed(party(), issued("d1", "case-1"), withdrawn("d1", "case-1"), issued("d2", "case-2"))
    room.work()
    room.feed(released("d2", "case-2"))
    room.feed(withdrawn("d2", "case-2"))
    room.work()
    assert room.pdfs() == []
    assert room.backlog() == 0


def test_a_demand_withdrawn_after_it_was_sent_stays_sent_and_says_why(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.feed(released())
    room.work()
    room.feed(withdrawn(after_dispatch=True, reason="paid_before_sent"))
    room.work()
    [item] = room.client().get("/v1/letters").json()["items"]
    assert (item["state"], item["withdrawn_reason"]) == ("sent", "paid_before_sent")


def test_a_letter_is_not_sent_after_its_release_ran_out_but_asked_for_again(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.feed(released(until=TODAY))
    room.clock.set(TOMORROW)
    room.work()
    assert names(room) == ["LetterReady", "LetterReady"]
    assert room.pdfs() == []
    room.feed(released(until=TOMORROW))
    room.work()
    [sent] = room.published(LetterSent)
    assert sent.sent_on == TOMORROW  # type: ignore[attr-defined]
    assert room.pdfs()[0].parent.name == "2026-01-30"


def test_a_release_that_ran_out_is_asked_for_once_a_day(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.clock.set(TOMORROW)
    for _ in range(3):
        room.feed(released(until=TODAY))
        room.work()
    assert names(room) == ["LetterReady", "LetterReady"]
    assert room.backlog() == 1
    room.clock.set(TOMORROW + timedelta(days=1))
    room.work()
    assert names(room) == ["LetterReady"] * 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"address": None}, "no_address"),
        ({"address": Address(line1=" ", country="SE")}, "no_address"),
        ({"name": "王小明"}, "glyph_missing"),
        ({"name": ""}, "no_name"),
        ({"name": "x" * 3_000}, "text_too_long"),
    ],
)
def test_a_letter_that_cannot_be_made_fails_with_a_stable_reason(
    room: Mailroom, change: dict[str, object], reason: str
) -> None:
    room.feed(party(**change), issued())
    room.work()
    [failed] = room.published()
    assert isinstance(failed, LetterFailed)
    assert (failed.demand_id, failed.letter_id, failed.reason) == ("d1", letter_id("d1", "kari"), reason)
    [item] = room.client().get("/v1/letters").json()["items"]
    assert (item["state"], item["failure"]) == ("failed", reason)
    assert room.backlog() == 0


def test_a_demand_whose_numbers_do_not_add_up_fails(room: Mailroom) -> None:
    room.feed(party(), issued(total_ore=1))
    room.work()
    assert [one.reason for one in room.published(LetterFailed)] == ["amounts_disagree"]  # type: ignore[attr-defined]


def test_when_one_co_debtor_cannot_be_reached_no_letter_of_the_demand_goes(room: Mailroom) -> None:
    room.feed(party("kari"), party("ola", address=None), issued(debtors=("kari", "ola")))
    room.work()
    room.feed(released(), withdrawn(reason="letter_failed"))
    room.work()
    assert names(room) == ["LetterFailed"]
    assert states(room) == {"kari": "withdrawn", "ola": "failed"}
    assert room.pdfs() == []


def test_an_erased_party_gets_no_letter_and_leaves_no_name_behind(room: Mailroom) -> None:
    room.feed(party(), issued("d1", "case-1"))
    room.work()
    room.feed(released("d1", "case-1"))
    room.erase("kari")
    room.feed(issued("d2", "case-2"))
    room.work()
    assert [one.reason for one in room.published(LetterFailed)] == ["erased", "erased"]  # type: ignore[attr-defined]
    assert room.pdfs() == []
    with room.service.db.read() as tx:
        row = tx.execute(Model.metadata.tables["party"].select()).one()
    assert (row.erased, row.name, row.address, row.version) == (True, "", None, 2)


def test_what_was_erased_stays_erased_when_the_topic_is_read_again(room: Mailroom) -> None:
    room.feed(party())
    room.erase("kari")
    room.feed(party())
    room.feed(issued())
    room.work()
    assert [one.reason for one in room.published(LetterFailed)] == ["erased"]  # type: ignore[attr-defined]


def test_an_older_version_of_a_party_changes_nothing(room: Mailroom) -> None:
    old = room.record(party(name="Kari Gammel"))
    new = room.record(party(name="Kari Ny"))
    room.take([old, new])
    room.feed(issued())
    room.work()
    assert "Kari Ny" in letter_text(room, "kari")


def test_a_reversed_fee_is_told_without_asking_for_a_release(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.feed(released())
    room.work()
    room.feed(reversed_fee())
    room.work()
    notice = room.published(LetterSent)[-1]
    assert notice.model_dump(include={"demand_id", "kind", "deadline", "first", "last"}) == {
        "demand_id": "n1",
        "kind": "fee_reversed",
        "deadline": None,
        "first": True,
        "last": True,
    }
    assert len(room.published(LetterReady)) == len(room.published(LetterDispatched)) == 1
    text = letter_text(room, "kari", kind="fee_reversed")
    assert "Gebyret sto i brevet «Inkassovarsel» av 29. januar 2026." in text


def test_a_fee_notice_to_nobody_is_no_letter(room: Mailroom) -> None:
    room.feed(reversed_fee().model_copy(update={"recipients": []}))
    room.work()
    assert room.parked() == []
    assert room.pdfs() == []


@pytest.mark.parametrize("body", get_args(DisputeBody))
def test_every_dispute_body_an_event_can_name_has_its_sentence(room: Mailroom, body: str) -> None:
    room.feed(party(), issued(dispute_body=body))
    room.work()
    assert names(room) == ["LetterReady"]


def test_a_fee_notice_about_a_letter_unknown_here_is_still_sent(room: Mailroom) -> None:
    room.feed(party(), reversed_fee(demand="elsewhere"))
    room.work()
    assert len(room.pdfs()) == 1


@pytest.mark.parametrize("event", [released("never"), withdrawn("never"), issued(debtors=())])
def test_an_event_that_makes_no_sense_is_parked_for_a_person(room: Mailroom, event: object) -> None:
    room.feed(event)  # type: ignore[arg-type]
    assert room.parked() in (["unknown_demand"], ["no_recipients"])


def test_a_hundred_and_fifty_demands_in_one_batch(room: Mailroom) -> None:
    parties = [party(f"p{n}") for n in range(150)]
    demands = [issued(f"d{n}", f"case-{n}", (f"p{n}",)) for n in range(150)]
    room.feed(*parties, *demands)
    room.work()
    assert len(room.published(LetterReady)) == 150
    room.feed(*(released(f"d{n}", f"case-{n}") for n in range(150)))
    room.work()
    assert len(room.pdfs()) == len(room.receipts()) == len(room.published(LetterSent)) == 150
    assert room.backlog() == 0


def test_an_address_abroad_ends_with_the_country(room: Mailroom) -> None:
    abroad = Address(line1="12 rue de la Paix", postal_code="75002", city="Paris", country="FR")
    room.feed(party(address=abroad, language="en"), issued())
    room.work()
    assert "12 rue de la Paix 75002 Paris FRANCE" in letter_text(room, "kari")


def test_the_schema_is_what_the_tables_declare(room: Mailroom) -> None:
    from notifications.app import MIGRATIONS

    assert differences(room.service.db, Model.metadata) == []
    assert at_head(room.service.db, MIGRATIONS)


def test_nothing_published_holds_a_name_or_an_address(room: Mailroom) -> None:
    room.feed(party(), issued())
    room.work()
    room.feed(released())
    room.work()
    everything = " ".join(payload.model_dump_json() for payload in room.published())
    assert "Nordmann" not in everything
    assert "Storgata" not in everything
    assert "Nordmann" not in "".join(path.read_text() for path in room.folder.rglob("*.json"))


def letter_text(room: Mailroom, ref: str, kind: str = "inkassovarsel") -> str:
    from support.letters import text_of

    client = room.client()
    items = client.get("/v1/letters").json()["items"]
    [item] = [one for one in items if one["debtor_ref"] == ref and one["kind"] == kind]
    return text_of(client.get(f"/v1/letters/{item['letter_id']}/document").content)
