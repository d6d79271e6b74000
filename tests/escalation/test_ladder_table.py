"""The ladder is a table: what it lists may happen, what it lacks is refused, and a bad table is refused as a whole."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.ladders import BOOK, Walk, claim

from escalation.domain.ladder import EdgeKind, LadderError, Trigger, UnlistedTransition
from escalation.domain.policy import DEFAULT_FILE, load_book, read_book
from escalation.domain.state import DemandKind
from escalation.page import refresh

RAW = tomllib.loads(DEFAULT_FILE.read_text("utf-8"))
STANDARD = BOOK.ladders["standard"]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    raw = deepcopy(RAW)
    change(raw)
    return raw


def edges(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return raw["ladder"]["standard"]["edge"]


def without(raw: dict[str, Any], source: str, trigger: str) -> None:
    edges(raw)[:] = [e for e in edges(raw) if (e["source"], e["trigger"]) != (source, trigger)]


def edge(
    source: str, trigger: str, target: str, kind: str = "forward", reason: str = "r", law: str = "l"
) -> dict[str, str]:
    return {"source": source, "trigger": trigger, "target": target, "kind": kind, "reason": reason, "law": law}


def stage(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "title": name, "owner": "platform", "then": "t", **more}


def test_every_edge_has_a_reason_and_a_law() -> None:
    assert all(edge.reason and edge.law for edge in STANDARD.edges)


def test_every_pair_of_stage_and_trigger_that_is_not_listed_is_refused_with_its_ids() -> None:
    for name in STANDARD.stages:
        for trigger in Trigger:
            if not STANDARD.has(name, trigger):
                with pytest.raises(UnlistedTransition) as refused:
                    STANDARD.move("claim-7", name, trigger)
                assert (refused.value.claim_id, refused.value.stage) == ("claim-7", name)


def test_every_stage_can_be_left_towards_the_end() -> None:
    for name, one in STANDARD.stages.items():
        if not one.final:
            assert STANDARD.move("c", name, Trigger.CLAIM_ENDED).target == "ended"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: without(raw, "at_body", "nothing_found") or without(raw, "at_body", "petition_withdrawn")
         or without(raw, "at_body", "cover_found") or without(raw, "at_body", "judged"), "stage at_body: dead end"),
        (lambda raw: edges(raw).append(edge("demanded", "approved", "received")), "stage received: loop"),
        (lambda raw: edges(raw).append(edge("received", "approved", "demanded", "back")), "does not lead back"),
        (lambda raw: raw["ladder"]["standard"]["stage"].append(stage("lost", step="x")), "stage lost: dead end"),
        (lambda raw: (raw["ladder"]["standard"]["stage"].append(stage("lost", step="x")),
                      edges(raw).append(edge("lost", "approved", "ended"))), "stage lost: unreachable"),
        (lambda raw: edges(raw).append(edge("received", "notice_due", "demanded")), "listed twice"),
        (lambda raw: edges(raw).append(edge("received", "approved", "nowhere")), "no stage 'nowhere'"),
        (lambda raw: edges(raw)[0].update(reason=" "), "expected a reason and a law"),
        (lambda raw: edges(raw)[0].update(law=""), "expected a reason and a law"),
        (lambda raw: edges(raw)[0].update(trigger="wish"), "edge 1"),
        (lambda raw: edges(raw)[0].update(kind="same"), "kind same"),
        (lambda raw: without(raw, "received", "notice_due"), "stage received: no edge for notice_due"),
        (lambda raw: without(raw, "demanded", "renewed"), "stage demanded: no edge for renewed"),
        (lambda raw: without(raw, "*", "claim_ended"), "no edge for claim_ended"),
        (lambda raw: raw["ladder"]["standard"]["stage"][0].update(owner="somebody"), "stage 1"),
        (lambda raw: raw["ladder"]["standard"]["stage"][0].pop("entry"), "entry 'new'"),
        (lambda raw: raw["ladder"]["standard"]["stage"][7].pop("step"), "step: expected what comes next"),
        (lambda raw: raw["ladder"]["standard"]["stage"].append(stage("received")), "a stage is listed twice"),
        (lambda raw: raw["policy"].update(answer_days=13), "answer_days: expected a whole number from 14"),
        (lambda raw: raw["policy"].update(demand_usable_months=7), "demand_usable_months"),
        (lambda raw: raw["policy"].update(grace_bank_days=0), "grace_bank_days"),
        (lambda raw: raw["policy"].update(grace_bank_days=True), "grace_bank_days"),
        (lambda raw: raw["policy"].update(ladder="steep"), "no ladder 'steep'"),
        (lambda raw: raw["policy"].update(speed=3), "speed: no such key"),
        (lambda raw: raw["policy"].pop("join_days"), "join_days: missing"),
        (lambda raw: raw.update(override=[{"grace_bank_days": 5}]), "override 1: expected claim_type"),
        (lambda raw: raw["hold"].pop("manual"), "hold: expected at least manual"),
        (lambda raw: raw["hold"]["manual"].pop("owner"), "hold manual"),
        (lambda raw: raw["route"].pop(), "route: none for contested=True, dispute_body='unit'"),
        (lambda raw: raw.update(version=""), "version"),
        (lambda raw: raw.update(ladders={}), "ladders: no such key"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(LadderError) as refused:
        read_book(changed(change))
    assert message in str(refused.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ladder.toml"
    file.write_text("policy = {", "utf-8")
    with pytest.raises(LadderError, match=r"ladder\.toml: not valid TOML"):
        load_book(file)


def test_numbers_differ_per_claim_type_and_creditor_without_code() -> None:
    raw = changed(
        lambda raw: raw.update(
            override=[
                {"claim_type": "rent", "grace_bank_days": 4},
                {"creditor_unit": "boligbygg-kf", "grace_bank_days": 5},
                {"claim_type": "rent", "creditor_unit": "boligbygg-kf", "grace_bank_days": 6},
            ]
        )
    )
    book = read_book(raw)
    asked = [("rent", "x"), ("kindergarten", "boligbygg-kf"), ("rent", "boligbygg-kf"), ("kindergarten", "x")]
    assert [book.policy(*pair).grace_bank_days for pair in asked] == [4, 5, 6, 3]


def test_a_creditor_may_climb_another_ladder_without_code() -> None:
    """A ladder of letters only: what stays unpaid after the betalingsoppfordring rests with a caseworker."""
    last = [stage("resting", owner="caseworker", rule="review", step="review"), stage("ended", final=True)]
    keep = {"received", "notice_asked", "notice_out", "noticed", "demand_asked", "demand_out"}

    def short(raw: dict[str, Any]) -> None:
        standard = raw["ladder"]["standard"]
        stages = [one for one in standard["stage"] if one["name"] in keep]
        kept = [e for e in standard["edge"] if e["source"] in keep | {"*"} and e["target"] in {*keep, "ended"}]
        raw["ladder"]["letters"] = {
            "stage": [*stages, *last],
            "edge": [*kept, edge("demand_out", "sent", "resting"), edge("resting", "review_due", "noticed", "back"),
                     edge("ended", "reopened_new", "received", "back")],
        }  # fmt: skip
        raw["override"] = [{"creditor_unit": "kulturhus-as", "ladder": "letters"}]

    walk = Walk(claim(creditor_unit="kulturhus-as"), book=read_book(changed(short)))
    walk.until(date(2026, 6, 1))
    assert [kind for _, kind, _ in walk.letters()] == [DemandKind.NOTICE.value, DemandKind.DEMAND.value]
    assert walk["c1"].stage == "resting"
    assert walk.next().step == "review"


def test_the_drawing_shows_every_stage_and_every_edge_with_its_reason() -> None:
    drawing = STANDARD.mermaid()
    assert drawing.startswith("stateDiagram-v2\n")
    for name, one in STANDARD.stages.items():
        assert f"    {name} : {one.title}\n" in drawing
    for one in STANDARD.edges:
        if one.kind is not EdgeKind.SAME and one.trigger is not Trigger.CLAIM_ENDED:
            assert f"{one.source} --> {one.target} : {one.trigger.value} ({one.reason})" in drawing
    assert "note right of ended : fra alle trinn" in drawing
    assert ";" not in drawing  # ends a statement in mermaid


def test_the_documentation_is_made_from_the_table(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "concepts" / "the-ladder.md"
    copy = tmp_path / page.name
    copy.write_text(page.read_text("utf-8"), "utf-8")
    refresh(copy)
    assert copy.read_text("utf-8") == page.read_text("utf-8"), "run: python -m escalation.page PAGE"
    assert f"```mermaid\n{STANDARD.mermaid()}```" in page.read_text("utf-8")
