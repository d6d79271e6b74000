"""Channels and their answers: what a letter does when a channel takes it, doubts, refuses or falls silent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.mailroom import TODAY, Mailroom, issued, party, released, withdrawn

from notifications.channels import Duplicate, Found, NotThere, Parcel, Refused, RetryLater, Sent, Submitted
from notifications.channels.folder import FolderChannel
from notifications.domain.states import ENDED, NEXT, LetterState, retry_delay_s, sources
from notifications.tables import Model
from notifications.usecases import dispatch
from shared.events.notifications import LetterDispatched, LetterFailed, LetterSent
from shared.ids import letter_id

TOMORROW = TODAY + timedelta(days=1)
KARI, OLA = letter_id("d1", "kari"), letter_id("d1", "ola")


@dataclass
class PostOffice:
    """A channel outside our walls that does as it is told and remembers what it was given."""

    answers: dict[str, list[Submitted | Exception]] = field(default_factory=dict)
    tells: dict[str, Found] = field(default_factory=dict)
    given: list[Parcel] = field(default_factory=list)
    asked: list[tuple[str, date]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "post-office"

    def submit(self, parcel: Parcel) -> Submitted:
        self.given.append(parcel)
        waiting = self.answers.get(parcel.letter_id, [])
        answer = waiting.pop(0) if waiting else Sent(parcel.submitted_on)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self, letter_id: str, submitted_on: date) -> Found:
        self.asked.append((letter_id, submitted_on))
        return self.tells.get(letter_id, NotThere())


def ready(tmp_path: Path, office: PostOffice | None = None, debtors: tuple[str, ...] = ("kari",)) -> Mailroom:
    """Return a mailroom with a demand that has been released."""
    room = Mailroom(tmp_path, channel=office)
    room.feed(*(party(ref) for ref in debtors), issued(debtors=debtors))
    room.work()
    room.feed(released())
    return room


def sent_days(room: Mailroom) -> list[date]:
    return [one.sent_on for one in room.published(LetterSent)]  # type: ignore[attr-defined]


def state(room: Mailroom, letter: str = KARI) -> str:
    return str(room.client().get(f"/v1/letters/{letter}").json()["state"])


def mark_submitting(room: Mailroom) -> None:
    """Do the first half of a dispatch, as a process does that dies right after."""
    with room.service.uow() as uow:
        dispatch.take(uow, [KARI], "folder")


def test_a_crash_before_the_channel_got_the_letter_sends_it_once_today(tmp_path: Path) -> None:
    room = ready(tmp_path)
    mark_submitting(room)
    assert state(room) == "submitting"
    room.crash()
    room.work()
    assert sent_days(room) == [TODAY]
    assert len(room.pdfs()) == 1


def test_a_crash_before_the_channel_got_the_letter_sends_it_on_the_day_it_really_goes(tmp_path: Path) -> None:
    room = ready(tmp_path)
    mark_submitting(room)
    room.crash()
    room.clock.set(TOMORROW)
    room.work()
    assert sent_days(room) == []
    room.feed(released(until=TOMORROW))
    room.work()
    assert sent_days(room) == [TOMORROW]
    assert [path.parent.name for path in room.pdfs()] == ["2026-01-30"]


def test_a_crash_after_the_channel_got_the_letter_keeps_the_day_it_went(tmp_path: Path) -> None:
    room = ready(tmp_path)
    mark_submitting(room)
    with room.service.db.read() as tx:
        content = tx.execute(Model.metadata.tables["document_content"].select()).one()
    parcel = Parcel(
        letter_id=KARI,
        submitted_on=TODAY,
        kind="inkassovarsel",
        case_number="1",
        pdf=content.content,
        sha256=content.sha256,
    )
    FolderChannel(tmp_path / "letters").submit(parcel)
    for receipt in tmp_path.rglob("*.json"):
        if receipt.stem == KARI:
            receipt.unlink()
    room.crash()
    room.clock.set(TOMORROW)
    room.work()
    assert sent_days(room) == [TODAY]
    assert len(room.pdfs()) == len(room.receipts()) == 1


def test_a_channel_that_doubts_is_asked_before_it_is_given_the_letter_again(tmp_path: Path) -> None:
    office = PostOffice(answers={KARI: [TimeoutError("read")]})
    room = ready(tmp_path, office)
    assert room.job("dispatch") == 0
    assert (state(room), len(office.given)) == ("submitting", 1)
    office.tells[KARI] = Sent(TODAY)
    assert room.work() == 0
    room.machine.advance(seconds=1)
    room.work()
    assert sent_days(room) == [TODAY]
    assert len(office.given) == 1
    assert office.asked == [(KARI, TODAY)]


def test_a_channel_that_never_got_it_is_given_the_letter_again_under_the_same_id(tmp_path: Path) -> None:
    office = PostOffice(answers={KARI: [RetryLater("busy"), RetryLater("busy")]})
    room = ready(tmp_path, office)
    room.work()
    waits = []
    while not sent_days(room):
        waits.append(0)
        while not room.work():
            room.machine.advance(seconds=1)
            waits[-1] += 1
    assert [parcel.letter_id for parcel in office.given] == [KARI] * 3
    assert sum(waits) == 1 + 2
    assert len({parcel.sha256 for parcel in office.given}) == 1


def test_a_duplicate_is_as_good_as_sent(tmp_path: Path) -> None:
    room = ready(tmp_path, PostOffice(answers={KARI: [Duplicate(TODAY)]}))
    room.work()
    assert sent_days(room) == [TODAY]
    assert state(room) == "sent"


def test_a_refused_letter_fails_with_the_channels_reason(tmp_path: Path) -> None:
    room = ready(tmp_path, PostOffice(answers={KARI: [Refused("recipient_unknown")]}))
    room.work()
    [failed] = room.published(LetterFailed)
    assert failed.reason == "recipient_unknown"  # type: ignore[attr-defined]
    assert state(room) == "failed"
    assert room.backlog() == 0


def test_a_letter_that_is_taken_today_and_sent_tomorrow_ends_the_step_today(tmp_path: Path) -> None:
    office = PostOffice(answers={KARI: [Sent(None)]}, tells={KARI: Sent(None)})
    room = ready(tmp_path, office)
    room.work()
    [dispatched] = room.published(LetterDispatched)
    assert (dispatched.dispatched_on, dispatched.channel) == (TODAY, "post-office")  # type: ignore[attr-defined]
    assert (state(room), sent_days(room), room.backlog()) == ("dispatched", [], 1)
    room.machine.advance(seconds=5)
    room.work()
    assert state(room) == "dispatched"
    office.tells[KARI] = Sent(TOMORROW)
    room.clock.set(TOMORROW)
    room.machine.advance(seconds=600)
    room.work()
    assert sent_days(room) == [TOMORROW]
    assert len(room.published(LetterDispatched)) == len(office.given) == 1


def test_one_of_two_letters_late_leaves_first_and_last_right(tmp_path: Path) -> None:
    office = PostOffice(answers={KARI: [RetryLater("busy")]})
    room = ready(tmp_path, office, ("kari", "ola"))
    room.work()
    assert room.published(LetterDispatched) == []
    room.clock.set(TOMORROW)
    room.feed(released(until=TOMORROW))
    room.machine.advance(seconds=2)
    room.work()
    room.feed(released(until=TOMORROW))
    room.work()
    marks = [(one.debtor_ref, one.sent_on, one.first, one.last) for one in room.published(LetterSent)]  # type: ignore[attr-defined]
    assert marks == [("ola", TODAY, True, False), ("kari", TOMORROW, False, True)]
    assert len(room.published(LetterDispatched)) == 1


def test_when_one_of_two_is_refused_after_the_other_went_the_other_stays_sent(tmp_path: Path) -> None:
    room = ready(tmp_path, PostOffice(answers={OLA: [Refused("recipient_unknown")]}), ("kari", "ola"))
    room.work()
    assert (state(room, KARI), state(room, OLA)) == ("sent", "failed")
    [sent] = room.published(LetterSent)
    assert (sent.first, sent.last) == (True, False)  # type: ignore[attr-defined]
    assert room.backlog() == 0


@pytest.mark.parametrize(("found", "end"), [(NotThere(), "withdrawn"), (Sent(TODAY), "sent")])
def test_a_demand_withdrawn_while_a_channel_may_have_it_is_looked_for(tmp_path: Path, found: Found, end: str) -> None:
    office = PostOffice(answers={KARI: [RetryLater("timeout")]}, tells={KARI: found})
    room = ready(tmp_path, office)
    room.work()
    room.feed(withdrawn())
    room.machine.advance(seconds=2)
    room.work()
    assert state(room) == end
    assert len(office.given) == 1
    assert room.backlog() == 0


@pytest.mark.parametrize(("harm", "reason"), [("gone", "document_missing"), ("changed", "document_damaged")])
def test_a_letter_whose_archived_bytes_are_not_as_they_were_is_not_sent(tmp_path: Path, harm: str, reason: str) -> None:
    room = ready(tmp_path)
    document = Model.metadata.tables["document"]
    content = Model.metadata.tables["document_content"]
    with room.service.db.begin() as tx:
        if harm == "gone":
            tx.execute(document.delete())
        else:
            tx.execute(content.update().values(content=b"%PDF-1.7 other"))
    room.job("dispatch")
    assert [one.reason for one in room.published(LetterFailed)] == [reason]  # type: ignore[attr-defined]
    assert room.pdfs() == []


def test_a_full_or_missing_disk_holds_letters_back_and_loses_none(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("a file where the folder should be")
    room = ready(tmp_path)
    room.work()
    assert (state(room), room.backlog()) == ("submitting", 1)
    (tmp_path / "letters").unlink()
    room.machine.advance(seconds=10)
    room.work()
    assert sent_days(room) == [TODAY]


def parcel(letter: str = "letter-1", pdf: bytes = b"%PDF-1.7", day: date = TODAY) -> Parcel:
    import hashlib

    return Parcel(
        letter_id=letter,
        submitted_on=day,
        kind="inkassovarsel",
        case_number="2600000018",
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
    )


def test_the_folder_takes_a_letter_once(tmp_path: Path) -> None:
    folder = FolderChannel(tmp_path)
    assert folder.find("letter-1", TODAY) == NotThere()
    assert folder.submit(parcel()) == Sent(TODAY)
    assert folder.submit(parcel()) == Duplicate(TODAY)
    assert folder.find("letter-1", TODAY) == Sent(TODAY)
    assert sorted(path.name for path in (tmp_path / "2026-01-29").iterdir()) == ["letter-1.json", "letter-1.pdf"]


def test_the_folder_never_writes_over_another_letter(tmp_path: Path) -> None:
    folder = FolderChannel(tmp_path)
    folder.submit(parcel())
    assert folder.submit(parcel(pdf=b"%PDF-1.7 other")) == Refused("other_letter_in_place")
    assert (tmp_path / "2026-01-29" / "letter-1.pdf").read_bytes() == b"%PDF-1.7"


@pytest.mark.parametrize("letter", ["../../etc/passwd", "a/b", "", ".hidden", "x" * 81, "æ"])
def test_an_id_that_is_no_file_name_never_reaches_the_disk(tmp_path: Path, letter: str) -> None:
    folder = FolderChannel(tmp_path)
    assert folder.submit(parcel(letter)) == Refused("letter_id_unusable")
    assert folder.find(letter, TODAY) == NotThere()
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_letter_is_no_letter(tmp_path: Path) -> None:
    folder = FolderChannel(tmp_path)
    (tmp_path / "2026-01-29").mkdir()
    (tmp_path / "2026-01-29" / ".letter-1.pdf.part").write_bytes(b"%PDF-1")
    assert folder.find("letter-1", TODAY) == NotThere()
    assert folder.submit(parcel()) == Sent(TODAY)
    assert (tmp_path / "2026-01-29" / "letter-1.pdf").read_bytes() == b"%PDF-1.7"


def test_a_letter_never_leaves_an_end_and_every_state_leads_to_one() -> None:
    assert all(not NEXT[end] for end in ENDED)
    reachable = set(ENDED)
    for _ in LetterState:
        reachable |= {one for one in LetterState if NEXT[one] & reachable}
    assert reachable == set(LetterState)
    assert LetterState.SUBMITTING not in sources(LetterState.SUBMITTING)
    assert sources(LetterState.SUBMITTING) == (LetterState.RELEASED,)


def test_waits_double_to_five_minutes() -> None:
    assert [retry_delay_s(n) for n in (0, 1, 2, 3, 9, 50)] == [1, 1, 2, 4, 256, 300]
