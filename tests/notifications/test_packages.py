"""Legal packages: handed over once, waited for, asked again, and taken back when their step falls away."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import letters as sample
from support.mailroom import TODAY, party
from support.petitions import (
    FROZEN_ON,
    NATIONAL_ID,
    claim,
    dropped,
    failures,
    files,
    frozen,
    handed_in,
    sealed,
    shown,
    with_letter,
)

from notifications.handover import Answer, Exported, HandedIn, Package, Refused, RetryLater
from notifications.handover.assemble import assemble
from notifications.handover.folder import ExportFolder
from notifications.render import Renderer
from notifications.sealed import Opener
from notifications.settings import Settings
from notifications.store import packages
from notifications.tables import Model
from notifications.usecases.petition_facts import petition_of, sources_of
from shared.auth import Role
from shared.events.legal import PetitionDeclined
from shared.events.notifications import PackageAssembled, PackageSubmitted
from shared.ids import letter_id

LETTER = letter_id("d1", "kari")


@dataclass
class Court:
    """A body that takes packages electronically and does as it is told."""

    answers: list[Answer | Exception] = field(default_factory=list)
    given: list[Package] = field(default_factory=list)
    back: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "court"

    def hand_over(self, package: Package) -> Answer:
        self.given.append(package)
        answer = self.answers.pop(0) if self.answers else HandedIn(FROZEN_ON, "26-000123")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def take_back(self, folder: str) -> bool:
        self.back.append(folder)
        return True


def test_a_frozen_petition_becomes_a_folder_that_a_caseworker_hands_in(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    made = files(room)
    attachment = f"vedlegg-01-betalingsoppfordring-{TODAY}.pdf"
    assert sorted(made) == ["begjaering.json", "begjaering.pdf", "manifest.json", attachment]
    manifest = json.loads(made["manifest.json"])
    for one in manifest["files"]:
        assert hashlib.sha256(made[one["name"]]).hexdigest() == one["sha256"]
        assert len(made[one["name"]]) == one["bytes"]
    assert made[attachment] == room.client().get(f"/v1/letters/{LETTER}/document").content
    [told] = room.published(PackageAssembled)
    assert told.model_dump() == {
        "package_id": "petition-1",
        "case_id": "case-1",
        "legal_step_ids": ["step-1"],
        "body": "namsmann",
        "office": "folder",
        "files": 4,
        "sha256": hashlib.sha256(made["manifest.json"]).hexdigest(),
        "assembled_on": FROZEN_ON,
    }
    assert shown(room)["state"] == "assembled"
    with room.service.db.read() as tx:
        assert room.service.service_backlog(tx) == {"letters": 0, "packages": 0}


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    folder = room.folder / "packages/step-1"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_opening_a_national_id_is_logged_without_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    room = with_letter(tmp_path)
    with caplog.at_level(logging.INFO):
        room.feed(frozen())
        room.work()
    said = [record.getMessage() for record in caplog.records if "national id" in record.getMessage()]
    assert said == ["national id of debtor kari opened: petition petition-1"]
    assert NATIONAL_ID not in caplog.text


def test_the_national_id_is_in_no_table_and_no_event(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    with room.service.db.read() as tx:
        for table in Model.metadata.sorted_tables:
            assert NATIONAL_ID not in str(tx.execute(table.select()).all())


def test_a_package_waits_for_the_version_of_the_party_it_was_frozen_against(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    late = frozen().parties[0].model_copy(update={"party_version": 2})
    room.feed(frozen(parties=[late]))
    assert room.work() == 0
    room.feed(sealed(room, party(name="Kari Hansen")))
    room.work()
    assert "Kari Hansen" in sample.text_of(files(room)["begjaering.pdf"])


def test_an_erased_party_ends_the_package(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.erase("kari")
    room.feed(frozen())
    room.work()
    assert failures(room) == ["erased"]


@pytest.mark.parametrize("first", ["petition", "drop"])
def test_a_step_that_falls_away_takes_its_package_back_whichever_is_heard_first(tmp_path: Path, first: str) -> None:
    room = with_letter(tmp_path)
    if first == "petition":
        room.feed(frozen())
        room.work()
        assert files(room)
        room.feed(dropped())
    else:
        room.feed(dropped())
        room.feed(frozen())
    room.work()
    assert files(room) == {}
    assert (shown(room)["state"], shown(room)["withdrawn_reason"]) == ("withdrawn", "paid")
    assert room.work() == 0


def test_a_declined_part_takes_the_whole_petition_with_it(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    second = claim("claim-2", legal_step_id="step-2", case_id="case-2")
    room.feed(frozen(claims=[claim(), second], legal_step_ids=["step-1", "step-2"]))
    room.work()
    room.feed(PetitionDeclined(legal_step_id="step-2", case_id="case-2", claim_ids=["claim-2"], reason="disputed"))
    room.work()
    assert files(room) == {}


def test_a_package_that_was_handed_in_stays(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    room.feed(handed_in())
    room.feed(dropped())
    room.work()
    assert files(room)
    assert (shown(room)["state"], shown(room)["submitted_on"]) == ("submitted", "2026-03-11")


def test_a_body_that_takes_packages_itself_gives_its_reference(tmp_path: Path) -> None:
    court = Court()
    room = with_letter(tmp_path, court)
    room.feed(frozen())
    room.work()
    [told] = room.published(PackageSubmitted)
    assert (told.reference, told.submitted_on, told.office) == ("26-000123", FROZEN_ON, "court")  # type: ignore[attr-defined]
    assert len(room.published(PackageAssembled)) == 1
    assert shown(room)["reference"] == "26-000123"
    assert [one.address for one in court.given] == [()]


def test_a_body_that_falters_is_asked_again_with_the_same_bytes(tmp_path: Path) -> None:
    court = Court([RetryLater("busy"), TimeoutError("read of secret")])
    room = with_letter(tmp_path, court)
    room.feed(frozen())
    for _ in range(6):
        room.work()
        room.machine.advance(seconds=4)
    assert len(court.given) == 3
    assert len({tuple(file.sha256 for file in one.files) for one in court.given}) == 1
    assert len(room.published(PackageSubmitted)) == 1


def test_a_body_that_refuses_says_why(tmp_path: Path) -> None:
    room = with_letter(tmp_path, Court([Refused("SAKSOEKT_GAMMELT_REGELVERK")]))
    room.feed(frozen())
    room.work()
    assert failures(room) == ["SAKSOEKT_GAMMELT_REGELVERK"]


def test_the_same_petition_again_makes_nothing_new_and_a_crash_leaves_one_folder(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    with room.service.db.read() as tx:
        [one] = packages.to_make(tx, room.machine.now(), 10)
        sources = sources_of(tx, one)
    opener = Opener((room.folder / "keys/notifications.key",))
    facts = petition_of(sources, Settings(data_dir=room.folder).origin, opener)
    parcel = assemble(Renderer(sample.SENDER), facts, "step-1", sources.pdfs)
    folder = ExportFolder(room.folder / "packages")
    assert folder.hand_over(parcel) == Exported()
    before = files(room)
    (room.folder / "packages/.step-1.part").mkdir()
    room.crash()
    room.feed(frozen())
    room.work()
    assert sorted(files(room)) == sorted(before)
    assert [path.name for path in (room.folder / "packages").iterdir()] == ["step-1"]
    assert len(room.published(PackageAssembled)) == 1


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    (room.folder / "packages").write_text("a file where the folder should be")
    room.feed(frozen())
    room.work()
    assert shown(room)["state"] == "planned"
    (room.folder / "packages").unlink()
    room.machine.advance(seconds=5)
    room.work()
    assert shown(room)["state"] == "assembled"


def test_packages_are_the_desks_to_see(tmp_path: Path) -> None:
    room = with_letter(tmp_path)
    room.feed(frozen())
    room.work()
    assert [one["package_id"] for one in room.client().get("/v1/packages?case_id=case-1").json()["items"]] == [
        "petition-1"
    ]
    assert room.client().get("/v1/packages/none").status_code == 404
    assert room.client(Role.DEBTOR, debtor_ref="kari").get("/v1/packages").status_code == 403
    assert room.client(Role.AGENCY, unit="bydel-frogner").get("/v1/packages").status_code == 403
