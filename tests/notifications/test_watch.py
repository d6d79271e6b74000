"""What an operator sees: how many letters wait, and which have waited for something longer than they should."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.mailroom import Mailroom, issued, party
from support.notices import notice
from support.petitions import frozen

from shared.events.claims import Address, Representative
from shared.events.notifications import LetterFailed


def gauge(room: Mailroom, name: str) -> int:
    room.job("watch")
    lines = room.service.metrics.render().decode().splitlines()
    return int(float(next(line for line in lines if line.startswith(f"inkasso_{name}{{")).rsplit(" ", 1)[1]))


def late(room: Mailroom, what: str = "letter") -> int:
    room.job("watch")
    lines = room.service.metrics.render().decode().splitlines()
    [found] = [one for one in lines if "waiting_over_a_day{" in one and f'what="{what}"' in one]
    return int(float(found.rsplit(" ", 1)[1]))


@pytest.mark.parametrize(
    ("today", "alarm"),
    [
        (date(2026, 1, 29), 0),
        (date(2026, 1, 30), 0),  # not yet through the whole of Friday
        (date(2026, 1, 31), 1),
        (date(2026, 2, 2), 1),
    ],
)
def test_a_letter_that_waits_for_its_party_through_a_whole_working_day_is_an_alarm(
    tmp_path: Path, today: date, alarm: int
) -> None:
    room = Mailroom(tmp_path)
    room.feed(issued())
    room.work()
    room.clock.set(today)
    assert late(room) == alarm
    assert gauge(room, "letters_waiting") == 1


def test_over_a_weekend_nothing_has_waited_a_working_day(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.clock.set(date(2026, 1, 30))
    room.feed(issued())
    room.clock.set(date(2026, 2, 2))
    assert late(room) == 0
    room.clock.set(date(2026, 2, 3))
    assert late(room) == 1


def test_a_notice_that_waits_for_its_words_and_a_package_for_its_party_are_alarms_until_they_come(
    tmp_path: Path,
) -> None:
    room = Mailroom(tmp_path)
    room.feed(party("ola"), notice("message_answered", debtors=("ola",)), frozen())
    room.clock.set(date(2026, 2, 3))
    assert (late(room), late(room, "package")) == (1, 1)
    room.feed(room.text("Svar"), party())
    room.work()
    assert (late(room), late(room, "package")) == (0, 0)
    assert gauge(room, "letters_waiting") == 0


@pytest.mark.parametrize(
    ("protection", "reason"),
    [("none", "no_address"), ("confidential", "address_protected"), ("strictly_confidential", "address_protected")],
)
def test_a_protected_address_is_another_reason_than_a_missing_one(tmp_path: Path, protection: str, reason: str) -> None:
    room = Mailroom(tmp_path)
    room.feed(party(address=None, protection=protection), issued())
    room.work()
    [failed] = room.published(LetterFailed)
    assert failed.reason == reason  # type: ignore[attr-defined]


def test_whoever_acts_for_a_protected_person_gets_the_letter(tmp_path: Path) -> None:
    office = Address(line1="Vergeveien 2", postal_code="0180", city="Oslo")
    acting = Representative(kind="guardian", name="Vera Verge", address=office)
    room = Mailroom(tmp_path)
    room.feed(party(address=None, protection="confidential", representative=acting), notice("plan_kept"))
    room.work()
    assert room.published(LetterFailed) == []
    assert len(room.pdfs()) == 1
