"""The collection ladder (innkrevingsløpet) as a table: stages, edges, and nothing a claim does that is not in it.

A ladder is loaded from data and refused as a whole when it could strand a claim (dead end), send letters for ever
(loop) or never be entered (unreachable stage), or when an edge does not say why it exists. The drawing for the
documentation is made from the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.errors import InkassoError


class LadderError(InkassoError):
    """A ladder table that may not be used; says which ladder, which stage or edge, and what is wrong."""


class UnlistedTransition(InkassoError):
    """Something happened to a claim that its stage does not provide for: nothing is changed."""

    def __init__(self, claim_id: str, stage: str, trigger: str) -> None:
        super().__init__(f"claim {claim_id}: stage {stage} has no edge for {trigger}")
        self.claim_id = claim_id
        self.stage = stage
        self.trigger = trigger


class Owner(StrEnum):
    """Whose turn it is (hvem har neste trekk)."""

    PLATFORM = "platform"
    DEBTOR = "debtor"
    AGENCY = "agency"
    CASEWORKER = "caseworker"
    COURT = "court"
    OPERATOR = "operator"
    NOBODY = "nobody"


class Rule(StrEnum):
    """What the clock waits for in a stage; NONE: somebody or something else moves the claim."""

    NOTICE = "notice"
    DEMAND = "demand"
    LEGAL = "legal"
    EXPIRY = "expiry"
    WARNING = "warning"
    REVIEW = "review"
    NONE = "none"


class Trigger(StrEnum):
    """What can move a claim along an edge."""

    NOTICE_DUE = "notice_due"
    DEMAND_DUE = "demand_due"
    LEGAL_DUE = "legal_due"
    WARNING_DUE = "warning_due"
    REVIEW_DUE = "review_due"
    RENEWED = "renewed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    DISPATCHED = "dispatched"
    SENT = "sent"
    DROPPED = "dropped"
    REFUSED = "refused"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    NOTHING_FOUND = "nothing_found"
    COVER_FOUND = "cover_found"
    PETITION_WITHDRAWN = "petition_withdrawn"
    JUDGED = "judged"
    ENFORCEMENT_ENDED = "enforcement_ended"
    CLAIM_ENDED = "claim_ended"
    REOPENED_NEW = "reopened_new"
    REOPENED_NOTICED = "reopened_noticed"
    REOPENED_DEMANDED = "reopened_demanded"
    REOPENED_NOTICE_ASKED = "reopened_notice_asked"
    REOPENED_NOTICE_OUT = "reopened_notice_out"
    REOPENED_DEMAND_ASKED = "reopened_demand_asked"
    REOPENED_DEMAND_OUT = "reopened_demand_out"
    REOPENED_WARNING_ASKED = "reopened_warning_asked"
    REOPENED_WARNING_OUT = "reopened_warning_out"
    REOPENED_AT_BODY = "reopened_at_body"


class EdgeKind(StrEnum):
    """FORWARD leads towards the end; BACK undoes or repeats something; SAME is noted without a move."""

    FORWARD = "forward"
    BACK = "back"
    SAME = "same"


TIMED = {
    Rule.NOTICE: Trigger.NOTICE_DUE,
    Rule.DEMAND: Trigger.DEMAND_DUE,
    Rule.LEGAL: Trigger.LEGAL_DUE,
    Rule.EXPIRY: Trigger.RENEWED,
    Rule.WARNING: Trigger.WARNING_DUE,
    Rule.REVIEW: Trigger.REVIEW_DUE,
}
"""The trigger that the clock pulls when a stage's rule comes due; the stage must have an edge for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage (trinn).

    ``entry``: "new" or "noticed" when claims may begin here; ``letter``: the demand in work; ``step``: what comes next
    when neither a letter nor the clock says it.
    """

    name: str
    title: str
    owner: Owner
    then: str
    rule: Rule = Rule.NONE
    entry: str = ""
    letter: str = ""
    step: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One permitted move (overgang), with the reason and the law it rests on."""

    source: str
    trigger: Trigger
    target: str
    kind: EdgeKind
    reason: str
    law: str


class Ladder:
    """One validated ladder. ``stages`` in table order, ``edges`` with ``*`` written out."""

    def __init__(self, name: str, stages: Iterable[Stage], edges: Iterable[Edge]) -> None:
        self.name = name
        self.stages = {stage.name: stage for stage in stages}
        self.edges = tuple(self._written_out(edges))
        self._moves = {(edge.source, edge.trigger): edge for edge in self.edges}
        _validate(self)

    def stage(self, name: str) -> Stage:
        """Return the stage of that name; raises LadderError for one this ladder does not have."""
        if name not in self.stages:
            raise LadderError(f"{self.name}: no stage {name!r}")
        return self.stages[name]

    def entry(self, kind: str) -> str:
        """Return the stage where claims begin that are ``new`` or already ``noticed`` by their unit."""
        return next(stage.name for stage in self.stages.values() if stage.entry == kind)

    def has(self, stage: str, trigger: Trigger) -> bool:
        """Tell whether the table lists a move from ``stage`` on ``trigger``."""
        return (stage, trigger) in self._moves

    def move(self, claim_id: str, stage: str, trigger: Trigger) -> Edge:
        """Return the edge that ``trigger`` takes from ``stage``; raises UnlistedTransition with the claim's id."""
        edge = self._moves.get((stage, trigger))
        if edge is None:
            raise UnlistedTransition(claim_id, stage, trigger.value)
        return edge

    def mermaid(self) -> str:
        """Return the drawing of this ladder (mermaid state diagram) with trigger and reason on every edge."""
        lines = ["stateDiagram-v2"]
        lines += [f"    {stage.name} : {stage.title}" for stage in self.stages.values()]
        lines += [f"    [*] --> {stage.name}" for stage in self.stages.values() if stage.entry]
        everywhere = [edge for edge in self.edges if edge.trigger is Trigger.CLAIM_ENDED]
        shared_by_all = len(everywhere) == sum(not stage.final for stage in self.stages.values())
        for edge in self.edges:
            if edge.kind is EdgeKind.SAME or (shared_by_all and edge in everywhere):
                continue
            lines.append(f"    {edge.source} --> {edge.target} : {edge.trigger.value} ({edge.reason})")
        if shared_by_all:
            lines.append(f"    note right of {everywhere[0].target} : fra alle trinn ({everywhere[0].reason})")
        lines += [f"    {stage.name} --> [*]" for stage in self.stages.values() if stage.final]
        return "\n".join(lines) + "\n"

    def _written_out(self, edges: Iterable[Edge]) -> Iterable[Edge]:
        for edge in edges:
            if edge.source != "*":
                yield edge
                continue
            for stage in self.stages.values():
                if not stage.final:
                    yield Edge(
                        source=stage.name,
                        trigger=edge.trigger,
                        target=edge.target,
                        kind=edge.kind,
                        reason=edge.reason,
                        law=edge.law,
                    )


def _validate(ladder: Ladder) -> None:
    _check_edges(ladder)
    _check_entries(ladder)
    _check_rules(ladder)
    _check_ways_out(ladder)
    _check_reachable(ladder)
    _check_loops(ladder)


def _check_edges(ladder: Ladder) -> None:
    seen: set[tuple[str, Trigger]] = set()
    for edge in ladder.edges:
        where = f"{ladder.name}: edge {edge.source} --{edge.trigger.value}-->"
        for end in (edge.source, edge.target):
            if end not in ladder.stages:
                raise LadderError(f"{where} {edge.target}: no stage {end!r}")
        if (edge.source, edge.trigger) in seen:
            raise LadderError(f"{where}: listed twice")
        if not edge.reason.strip() or not edge.law.strip():
            raise LadderError(f"{where} {edge.target}: expected a reason and a law")
        if (edge.kind is EdgeKind.SAME) != (edge.source == edge.target):
            raise LadderError(f"{where} {edge.target}: kind same is for an edge from a stage to itself, and only that")
        seen.add((edge.source, edge.trigger))


def _check_entries(ladder: Ladder) -> None:
    for kind in ("new", "noticed"):
        found = [stage.name for stage in ladder.stages.values() if stage.entry == kind]
        if len(found) != 1:
            raise LadderError(f"{ladder.name}: entry {kind!r}: expected one stage, got {len(found)}")
    if not any(stage.final for stage in ladder.stages.values()):
        raise LadderError(f"{ladder.name}: no final stage")


def _check_rules(ladder: Ladder) -> None:
    for stage in ladder.stages.values():
        needed = {Trigger.CLAIM_ENDED} if not stage.final else set()
        if stage.rule is not Rule.NONE:
            needed.add(TIMED[stage.rule])
        if stage.rule is Rule.LEGAL:
            needed.add(Trigger.RENEWED)
        for trigger in sorted(needed):
            if not ladder.has(stage.name, trigger):
                raise LadderError(f"{ladder.name}: stage {stage.name}: no edge for {trigger.value}")
        by_rule = stage.rule in (Rule.NOTICE, Rule.DEMAND, Rule.LEGAL, Rule.WARNING)
        says = stage.step or stage.letter or stage.final or by_rule
        if not says:
            raise LadderError(f"{ladder.name}: stage {stage.name}: step: expected what comes next")


def _check_ways_out(ladder: Ladder) -> None:
    """Refuse a dead end: every stage that is not final has another way on than that the claim ends by itself."""
    for stage in ladder.stages.values():
        ways = {e.trigger for e in ladder.edges if e.source == stage.name and e.kind is not EdgeKind.SAME}
        if not stage.final and not ways - {Trigger.CLAIM_ENDED}:
            raise LadderError(f"{ladder.name}: stage {stage.name}: dead end")


def _check_reachable(ladder: Ladder) -> None:
    reached = _from((s.name for s in ladder.stages.values() if s.entry), _next(ladder.edges))
    for name in ladder.stages:
        if name not in reached:
            raise LadderError(f"{ladder.name}: stage {name}: unreachable")


def _check_loops(ladder: Ladder) -> None:
    """Refuse a loop of forward edges, and a back edge that does not lead back."""
    forward = _next(edge for edge in ladder.edges if edge.kind is EdgeKind.FORWARD)
    for name in ladder.stages:
        if name in _from(forward.get(name, ()), forward):
            raise LadderError(f"{ladder.name}: stage {name}: loop")
    for edge in ladder.edges:
        if edge.kind is EdgeKind.BACK and edge.source not in _from([edge.target], forward):
            raise LadderError(
                f"{ladder.name}: edge {edge.source} --{edge.trigger.value}--> {edge.target}: does not lead back"
            )


def _next(edges: Iterable[Edge]) -> dict[str, set[str]]:
    targets: dict[str, set[str]] = {}
    for edge in edges:
        targets.setdefault(edge.source, set()).add(edge.target)
    return targets


def _from(starts: Iterable[str], targets: Mapping[str, Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(targets.get(name, ()))
    return reached


def read_ladder(name: str, body: Mapping[str, Any]) -> Ladder:
    """Read one ladder from its table (``stage`` and ``edge`` rows); raises LadderError naming the row."""
    if set(body) != {"stage", "edge"}:
        raise LadderError(f"{name}: expected stage and edge, got {', '.join(sorted(body))}")
    names = [row.get("name") for row in body["stage"]]
    if len(set(names)) != len(names):
        raise LadderError(f"{name}: a stage is listed twice")
    stages = [_stage(f"{name} stage {at}", row) for at, row in enumerate(body["stage"], start=1)]
    edges = [_edge(f"{name} edge {at}", row) for at, row in enumerate(body["edge"], start=1)]
    return Ladder(name, stages, edges)


def _stage(where: str, row: Mapping[str, Any]) -> Stage:
    try:
        stage = Stage(**{**row, "owner": Owner(row["owner"]), "rule": Rule(row.get("rule", "none"))})
    except (KeyError, TypeError, ValueError) as wrong:
        raise LadderError(f"{where}: {wrong}") from wrong
    if not stage.name or not stage.title or not stage.then:
        raise LadderError(f"{where}: expected name, title and then")
    return stage


def _edge(where: str, row: Mapping[str, Any]) -> Edge:
    try:
        return Edge(**{**row, "trigger": Trigger(row["trigger"]), "kind": EdgeKind(row["kind"])})
    except (KeyError, TypeError, ValueError) as wrong:
        raise LadderError(f"{where}: {wrong}") from wrong
