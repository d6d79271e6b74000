"""The drop folder: taken when finished, never through a link, archived by hash, refused with the reasons beside it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest
from support.bankroom import Bankroom, ocr, pay, registered

from payments_ingest.domain.files import safe_name
from payments_ingest.sources.inbox import open_regular
from shared.events.payments import PaymentMatched


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2))
    return room


def states(room: Bankroom) -> dict[str, str]:
    return {file["name"]: file["state"] for file in room.get("/v1/files")["items"]}


def test_a_dropped_file_is_taken_released_and_archived(room: Bankroom) -> None:
    content = ocr(pay(1))
    (room.inbox / "ocr.txt").write_bytes(content)
    assert room.backlog()["bank_inbox"] == 1
    room.work()
    assert states(room) == {"ocr.txt": "accepted"}
    assert room.files_in("inbox") == room.files_in("processing") == []
    assert room.files_in("archive") == [hashlib.sha256(content).hexdigest()]
    assert len(room.published(PaymentMatched)) == 1
    archived = room.folder / "bank" / "archive" / room.files_in("archive")[0]
    assert stat.S_IMODE(archived.stat().st_mode) == 0o600


def test_the_same_file_dropped_and_uploaded_is_a_duplicate(room: Bankroom) -> None:
    content = ocr(pay(1))
    room.imported(content)
    (room.inbox / "again.txt").write_bytes(content)
    room.work()
    assert states(room)["again.txt"] == "duplicate"
    assert len(room.payments()) == 1
    assert room.files_in("inbox") == room.files_in("processing") == []


def test_what_is_not_a_finished_regular_file_is_left_alone(room: Bankroom) -> None:
    outside = room.folder / "secret.txt"
    outside.write_bytes(ocr(pay(1)))
    (room.inbox / "link.txt").symlink_to(outside)
    (room.inbox / "half.txt.part").write_bytes(b"half")
    (room.inbox / ".hidden").write_bytes(b"hidden")
    (room.inbox / "folder").mkdir()
    os.mkfifo(room.inbox / "pipe")
    room.work()
    assert room.backlog()["bank_inbox"] == 0
    assert room.get("/v1/files")["items"] == []
    assert room.files_in("inbox") == [".hidden", "folder", "half.txt.part", "link.txt", "pipe"]
    (room.inbox / "half.txt.part").write_bytes(ocr(pay(2)))
    (room.inbox / "half.txt.part").rename(room.inbox / "half.txt")
    room.work()
    assert states(room) == {"half.txt": "accepted"}


def test_an_empty_file_is_refused_with_the_reason_beside_it(room: Bankroom) -> None:
    (room.inbox / "empty.txt").touch()
    room.work()
    assert states(room) == {"empty.txt": "refused"}
    report = next(name for name in room.files_in("refused") if name.endswith(".problems.json"))
    problems = json.loads((room.folder / "bank" / "refused" / report).read_text("utf-8"))
    assert problems["name"] == "empty.txt"
    assert [problem["code"] for problem in problems["problems"]] == ["empty"]
    assert room.files_in("inbox") == room.files_in("processing") == []


def test_a_broken_file_is_laid_aside_with_everything_that_was_wrong(room: Bankroom) -> None:
    content = ocr(pay(1), pay(2))[:-200]
    (room.inbox / "broken.txt").write_bytes(content)
    room.work()
    assert states(room) == {"broken.txt": "refused"}
    kept, report = room.files_in("refused")
    assert kept.endswith("-broken.txt")
    assert (room.folder / "bank" / "refused" / kept).read_bytes() == content
    assert json.loads((room.folder / "bank" / "refused" / report).read_text("utf-8"))["problems"]
    assert room.payments() == []


def test_a_file_is_taken_only_when_it_has_lain_unchanged(tmp_path: Path) -> None:
    room = Bankroom(tmp_path, options={"inbox_settle_s": 5})
    dropped = room.inbox / "slow.txt"
    content = ocr(pay(1), pay(2))
    dropped.write_bytes(content[:400])
    assert room.job("inbox") == 0
    room.machine.advance(seconds=4)
    dropped.write_bytes(content)
    assert room.job("inbox") == 0
    room.machine.advance(seconds=4)
    assert room.job("inbox") == 0
    assert room.backlog()["bank_inbox"] == 1
    room.machine.advance(seconds=2)
    assert room.job("inbox") == 1
    room.work()
    assert room.get("/v1/files")["items"][0]["payment_count"] == 2


def test_a_file_claimed_before_a_crash_is_taken_up_again_under_the_same_id(room: Bankroom) -> None:
    from payments_ingest.sources.inbox import Inbox

    (room.inbox / "a.txt").write_bytes(ocr(pay(1)))
    watcher = Inbox(room.service.settings, room.machine)
    watcher.claim()
    (claimed,) = watcher.claim()  # and here the process dies
    room.crash()
    assert room.backlog()["bank_inbox"] == 1
    room.work()
    assert [file["file_id"] for file in room.get("/v1/files")["items"]] == [claimed.file_id]
    assert states(room) == {"a.txt": "accepted"}


def test_a_file_recorded_before_a_crash_but_not_cleaned_up_is_not_recorded_twice(room: Bankroom) -> None:
    from payments_ingest.sources.inbox import Inbox
    from payments_ingest.sources.spool import store
    from payments_ingest.usecases.files import Delivery, receive

    (room.inbox / "a.txt").write_bytes(ocr(pay(1)))
    watcher = Inbox(room.service.settings, room.machine)
    watcher.claim()
    (claimed,) = watcher.claim()
    with claimed.path.open("rb") as source:
        stored = store(source, room.service.settings, claimed.file_id)
    with room.service.uow() as uow:
        receive(
            uow,
            Delivery(
                file_id=claimed.file_id,
                name=claimed.name,
                source="folder",
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                received_by="test",
            ),
        )
    room.crash()  # before the claimed file was removed
    room.work()
    assert states(room) == {"a.txt": "accepted"}
    assert len(room.payments()) == 1
    assert room.files_in("processing") == []


def test_a_link_put_in_the_place_of_a_claimed_file_is_not_followed(room: Bankroom) -> None:
    secret = room.folder / "secret.txt"
    secret.write_bytes(ocr(pay(1)))
    claimed = room.folder / "bank" / "processing" / "019b0000-0000-7000-8000-000000000000__a.txt"
    claimed.parent.mkdir(parents=True, exist_ok=True)
    claimed.symlink_to(secret)
    assert open_regular(claimed) is None
    room.work()
    (file,) = room.get("/v1/files")["items"]
    assert (file["state"], file["problems"][0]["code"]) == ("refused", "not_a_file")
    assert room.payments() == []
    assert secret.exists()


def test_leftovers_of_a_dead_process_are_swept_when_they_are_old(room: Bankroom) -> None:
    processing = room.folder / "bank" / "processing"
    processing.mkdir(parents=True, exist_ok=True)
    leftover = processing / "019b0000-0000-7000-8000-000000000000.upload"
    leftover.write_bytes(b"half")
    moment = room.machine.now().timestamp()
    os.utime(leftover, (moment, moment))
    room.job("inbox")
    assert leftover.exists()
    os.utime(leftover, (moment - 90_000, moment - 90_000))
    room.job("inbox")
    assert not leftover.exists()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\bank\\ocr 1.txt", "ocr_1.txt"),
        ("..", "file"),
        ("fnr 01819012345.txt", "fnr_file.txt"),
        ("blåbær.xml", "blåbær.xml"),
        ("a" * 300, "a" * 100),
    ],
)
def test_a_name_is_only_a_label(name: str, label: str) -> None:
    if "01819012345" in name:
        assert "01819012345" not in safe_name(name)
    else:
        assert safe_name(name) == label
