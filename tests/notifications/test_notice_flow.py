"""From a published notice to a letter: no release, its words opened in memory only, and what ends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import letters as sample
from support.mailroom import TODAY, Mailroom, party
from support.notices import KINDS, PLAN_KID, REASONS, notice

from notifications.tables import Model
from shared.auth import Role
from shared.events.claims import Address, Representative
from shared.events.notifications import LetterFailed, LetterSent
from shared.ids import letter_id

LETTER = letter_id("notice-1", "kari")


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    return Mailroom(tmp_path)


def text(room: Mailroom, letter: str = LETTER) -> str:
    return sample.text_of(room.client().get(f"/v1/letters/{letter}/document").content)


def reasons(room: Mailroom) -> list[str]:
    return [one.reason for one in room.published(LetterFailed)]  # type: ignore[attr-defined]


def rows(room: Mailroom, table: str) -> list[dict[str, object]]:
    with room.service.db.read() as tx:
        return [dict(row) for row in tx.execute(Model.metadata.tables[table].select()).mappings()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_out_without_a_release_under_its_own_name(room: Mailroom, kind: str) -> None:
    room.feed(party(), room.text(REASONS), notice(kind))
    room.work()
    [sent] = room.published()
    assert sent.model_dump() == {
        "demand_id": "notice-1",
        "letter_id": LETTER,
        "case_id": "case-1",
        "debtor_ref": "kari",
        "kind": kind,
        "sent_on": TODAY,
        "deadline": None,
        "channel": "folder",
        "first": True,
        "last": True,
    }
    assert [path.stem for path in room.pdfs()] == [LETTER]
    assert room.backlog() == 0


def test_a_plan_is_listed_with_its_first_instalment_and_printed_with_its_kid(room: Mailroom) -> None:
    room.feed(party(), notice("plan_agreed"))
    room.work()
    letter = room.client(Role.DEBTOR, debtor_ref="kari").get(f"/v1/letters/{LETTER}").json()
    assert (letter["kind"], letter["deadline"], letter["amount_ore"]) == ("plan_agreed", "2026-03-02", 326_212)
    assert f"KID {PLAN_KID}" in text(room)


def test_each_recipient_gets_a_letter_in_their_own_language(room: Mailroom) -> None:
    room.feed(party("kari"), party("ola", "Ola Nordmann", language="en"), notice("plan_kept", debtors=("kari", "ola")))
    room.work()
    assert "Avtalen om avdrag er fullført" in text(room)
    assert "Your payment plan is completed" in text(room, letter_id("notice-1", "ola"))
    marks = [(one.debtor_ref, one.first, one.last) for one in room.published(LetterSent)]  # type: ignore[attr-defined]
    assert marks == [("kari", True, False), ("ola", False, True)]


def test_a_notice_waits_for_the_words_it_prints_and_for_the_party(room: Mailroom) -> None:
    room.feed(notice("objection_decided", text_ids=["text-1", "text-2"]), party())
    assert room.work() == 0
    room.feed(room.text("To", "text-2"))
    assert (room.work(), room.backlog()) == (0, 1)
    room.feed(room.text("En", "text-1"))
    room.work()
    assert "Begrunnelse En To" in text(room)


def test_the_words_are_nowhere_in_the_database_or_the_events_but_sealed(room: Mailroom) -> None:
    room.feed(party(), room.text("Hemmelig begrunnelse"), notice("deferral_refused"))
    room.work()
    assert "Hemmelig begrunnelse" in text(room)
    tables = [name for name in Model.metadata.tables if name != "document_content"]
    assert "Hemmelig" not in "".join(str(rows(room, name)) for name in tables)


def test_a_tombstone_erases_the_words_and_leaves_the_letter(room: Mailroom) -> None:
    room.feed(party(), room.text(REASONS), notice("deferral_refused"))
    room.work()
    room.erase("text-1")
    assert rows(room, "printed_text") == [{"text_id": "text-1", "version": 2, "erased": True, "sealed_text": None}]
    assert [row["debtor_ref"] for row in rows(room, "party")] == ["kari"]
    assert "Plassen ble ikke sagt opp" in text(room)
    room.feed(room.text("Noe nytt"))
    assert rows(room, "printed_text")[0]["sealed_text"] is None


def test_words_that_are_erased_before_the_letter_is_made_end_it(room: Mailroom) -> None:
    room.feed(party(), room.text(REASONS))
    room.erase("text-1")
    room.feed(notice("deferral_refused"))
    room.work()
    assert reasons(room) == ["text_erased"]
    assert room.pdfs() == []


def test_a_tombstone_of_words_that_never_came_ends_the_letter_that_waits_for_them(room: Mailroom) -> None:
    room.feed(party(), notice("message_answered"))
    assert room.work() == 0
    room.erase("text-1")
    room.work()
    assert reasons(room) == ["text_erased"]
    assert room.backlog() == 0


def test_a_debtors_tombstone_leaves_the_words_alone(room: Mailroom) -> None:
    room.feed(party(), room.text(REASONS))
    room.erase("kari")
    assert rows(room, "printed_text")[0]["erased"] is False
    assert rows(room, "party")[0]["erased"] is True


def test_an_older_version_of_a_text_changes_nothing(room: Mailroom) -> None:
    old, new = room.record(room.text("Gammelt svar")), room.record(room.text("Nytt svar"))
    room.take([new, old] if new.partition != old.partition else [old, new])
    room.feed(party(), notice("message_answered"))
    room.work()
    assert "Nytt svar" in text(room)


def test_words_that_change_while_their_letter_is_made_are_rendered_anew(room: Mailroom) -> None:
    from notifications.jobs import _make
    from notifications.render import Renderer
    from notifications.sealed import Opener
    from notifications.store import mailings
    from notifications.usecases.rendering import record_made

    room.feed(party(), room.text("Gammelt svar"), notice("message_answered"))
    with room.service.db.read() as tx:
        [item] = mailings.renderable(tx, 10)
    opener = Opener((room.folder / "keys" / "notifications.key",))
    made = _make(room.service, Renderer(sample.SENDER), opener, item, None)
    room.feed(room.text("Nytt svar"))
    with room.service.uow() as uow:
        assert record_made(uow, [made]) == []
    room.work()
    assert "Nytt svar" in text(room)


def test_words_that_were_sealed_to_something_else_end_the_letter(room: Mailroom) -> None:
    room.feed(party(), room.text(REASONS, context="text-9"), notice("message_answered"))
    room.work()
    assert reasons(room) == ["text_not_opened"]


def test_a_notice_that_lacks_its_facts_fails_and_says_so(room: Mailroom) -> None:
    room.feed(party(), notice("deferral_granted", until=None))
    room.work()
    assert reasons(room) == ["facts_missing"]
    assert room.parked() == []


def test_a_notice_to_nobody_is_no_letter(room: Mailroom) -> None:
    room.feed(notice("deferral_refused", debtors=()))
    assert (room.work(), room.backlog(), room.parked()) == (0, 0, [])


def test_the_same_notice_again_makes_nothing_new(room: Mailroom) -> None:
    room.feed(party(), room.text(REASONS), notice("deferral_refused"))
    room.work()
    room.feed(notice("deferral_refused"))
    assert room.work() == 0
    assert len(room.pdfs()) == 1


def test_a_letter_goes_to_whoever_acts_for_the_debtor(room: Mailroom) -> None:
    office = Address(line1="Vergeveien 2", postal_code="0180", city="Oslo")
    acting = Representative(kind="guardian", name="Vera Verge", address=office)
    room.feed(party(address=None, representative=acting), notice("plan_kept"))
    room.work()
    assert "Vera Verge for Kari Nordmann Vergeveien 2 0180 Oslo" in text(room)


def test_a_representative_without_an_address_is_reached_at_the_debtors(room: Mailroom) -> None:
    room.feed(party(representative=Representative(kind="attorney", name="Ada Advokat")), notice("plan_kept"))
    room.work()
    assert "Ada Advokat for Kari Nordmann Storgata 1 B 0155 Oslo" in text(room)
