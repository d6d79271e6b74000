"""The papers of a legal step: none without them, what its body takes electronically, and what could not be made."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.timekeeper import Timekeeper, approved, ended, noticed, papers, post, registered

from shared.events.claims import PriorNoticeCopied
from shared.events.escalation import LegalStepDropped, LegalStepSubmitted
from shared.events.notifications import PackageFailed, PackageSubmitted


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def with_package(time: Timekeeper, kind: type[PackageFailed] | type[PackageSubmitted], step: str, **facts: Any) -> None:
    time.feed(kind(package_id=step, case_id="case-1", legal_step_ids=[step], **facts))


def test_a_step_is_not_handed_in_without_its_papers(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 3, 10))
    step = str(time.proposals()[-1].legal_step_id)
    post(time, step, "approval")
    refused = post(time, step, "submission", submitted_on="2026-03-10")
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "papers-missing")
    assert time.published(LegalStepSubmitted) == []
    time.feed(papers(step, on=date(2026, 3, 10)))
    [shown] = time.case()["legal_steps"]
    assert (shown["package_ready_on"], shown["package_failure"]) == ("2026-03-10", None)
    assert post(time, step, "submission", submitted_on="2026-03-10").status_code == 200


def test_what_a_body_takes_electronically_is_handed_in_under_its_own_reference(time: Timekeeper) -> None:
    step = approved(time)
    taken = {"body": "namsmann", "office": "elan", "submitted_on": date(2026, 3, 10), "reference": "26-7/OSL"}
    with_package(time, PackageSubmitted, step, **taken)
    [shown] = time.case()["legal_steps"]
    assert (shown["state"], shown["reference"], shown["submitted_on"]) == ("submitted", "26-7/OSL", "2026-03-10")
    assert [told.submitted_on for told in time.published(LegalStepSubmitted)] == [date(2026, 3, 10)]
    with_package(time, PackageSubmitted, step, **taken)
    assert len(time.published(LegalStepSubmitted)) == 1
    assert time.parked() == []


def test_papers_that_could_not_be_made_say_why_and_the_step_is_taken_back_and_proposed_anew(time: Timekeeper) -> None:
    step = approved(time)
    with_package(time, PackageFailed, step, reason="no_national_id")
    [shown] = time.case()["legal_steps"]
    assert (shown["state"], shown["package_failure"]) == ("approved", "no_national_id")
    assert post(time, step, "submission", submitted_on="2026-03-10").status_code == 409
    assert post(time, step, "approval", outcome="taken_back").status_code == 422
    taken = post(time, step, "approval", outcome="taken_back", reason="papers")
    assert (taken.status_code, taken.json()["state"]) == (200, "dropped")
    assert [drop.reason for drop in time.published(LegalStepDropped)] == ["papers"]
    time.until(date(2026, 3, 11))
    assert [one.proposed_on for one in time.proposals()] == [date(2026, 3, 10), date(2026, 3, 11)]
    assert post(time, step, "approval", outcome="taken_back", reason="papers").status_code == 409


def test_own_papers_may_be_handed_in_when_the_package_failed(time: Timekeeper) -> None:
    step = approved(time)
    with_package(time, PackageFailed, step, reason="address_protected")
    answer = post(time, step, "submission", submitted_on="2026-03-10", own_papers=True)
    assert (answer.status_code, answer.json()["state"]) == (200, "submitted")


def test_papers_the_body_took_after_the_step_fell_away_are_shown_to_be_taken_back(time: Timekeeper) -> None:
    step = approved(time)
    time.feed(ended(on=date(2026, 3, 10)))
    taken = {"body": "namsmann", "office": "elan", "submitted_on": date(2026, 3, 10), "reference": "26-7/OSL"}
    with_package(time, PackageSubmitted, step, **taken)
    [shown] = time.case()["legal_steps"]
    assert (shown["state"], shown["package_failure"], shown["reference"]) == (
        "dropped",
        "taken_by_the_body",
        "26-7/OSL",
    )


def test_papers_of_a_step_nobody_proposed_park_their_case(time: Timekeeper) -> None:
    time.feed(registered())
    time.feed(papers("nothing"))
    assert time.parked() == ["unknown_legal_step"]


def test_no_petition_without_the_copy_of_the_notice_that_the_unit_sent_itself(time: Timekeeper) -> None:
    time.feed(noticed())
    time.until(date(2026, 2, 12))
    step = str(time.proposals()[-1].legal_step_id)
    refused = post(time, step, "approval")
    assert refused.status_code == 409
    assert [error["code"] for error in refused.json()["errors"]] == ["VARSEL_KOPI_MANGLER"]
    time.feed(PriorNoticeCopied(case_id="case-1", claim_id="c1", document_id="document-1"))
    assert post(time, step, "approval").status_code == 200
