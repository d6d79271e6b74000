"""One day of a case: what is due is asked for, proposed or renewed, and what fell away is dropped.

``advance`` is what the clock does; the others are what an outside fact does at once. Each returns the case afterwards
and what has to be told to others, with ids that are the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from escalation.domain import deadlines, progress
from escalation.domain.ladder import Rule, Trigger
from escalation.domain.planner import Planner
from escalation.domain.policy import Book
from escalation.domain.state import Case, Claim, DemandKind, Hold
from shared.calendar import is_working_day
from shared.errors import Crash
from shared.ids import derived

LETTER_RULES = frozenset({Rule.NOTICE, Rule.DEMAND, Rule.WARNING})

ROUNDS_MAX = 4
"""How often one day may look again at one case: renewals, proposals and one demand settle in fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask claims-api for a demand on these claims; ``sequences`` numbers the step within each claim."""

    step_id: str
    kind: DemandKind
    claim_ids: tuple[str, ...]
    sequences: tuple[int, ...]
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """Propose a legal step (rettslig skritt) on these claims to a caseworker."""

    legal_step_id: str
    claim_ids: tuple[str, ...]
    kind: str
    body: str
    law: str
    proposed_on: date
    usable_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A proposed or approved legal step falls away, with a stable reason code."""

    legal_step_id: str
    claim_ids: tuple[str, ...]
    reason: str


Action = Ask | Propose | Drop


def advance(book: Book, case: Case, today: date) -> tuple[Case, list[Action]]:
    """Do everything that is due on ``today``; afterwards nothing of the case is due today any more.

    On a day that is no working day nothing happens.
    """
    actions: list[Action] = []
    if not is_working_day(today):
        return case, actions
    for _ in range(ROUNDS_MAX):
        planner = Planner(book, case, today)
        due = planner.due()
        if not due:
            return case, actions
        if Rule.EXPIRY in due:
            case = _renew(book, case, today, due[Rule.EXPIRY], actions)
            continue
        if Rule.REVIEW in due:
            case = progress.reviewed(book, case, [claim.claim_id for claim in due[Rule.REVIEW]], today)
            continue
        if Rule.LEGAL in due:
            case = _propose(planner, case, due[Rule.LEGAL], actions)
        if not LETTER_RULES.isdisjoint(due):
            case = _ask(book, case, today, due, actions)
        # What was proposed waits for a person, and a case gets one demand a day: nothing more is due today.
        return case, actions
    raise Crash(f"case {case.case_id}: not settled after {ROUNDS_MAX} rounds of one day")


def hold_placed(book: Book, case: Case, claim_ids: Sequence[str], hold: Hold) -> tuple[Case, list[Drop]]:
    """Place a hold; legal steps that are not submitted and touch a held claim fall away."""
    case, drops = _drop_touching(book, case, claim_ids, "disputed" if book.hold(hold.reason).disputed else "on_hold")
    return progress.held(case, claim_ids, hold), drops


def claim_ended(book: Book, case: Case, claim_id: str, reason: str) -> tuple[Case, list[Drop]]:
    """End a claim; a legal step not yet submitted falls away, and its other claims are proposed anew."""
    case, drops = _drop_touching(book, case, [claim_id], reason)
    return progress.ended(book, case, claim_id), drops


def objection_contested(
    book: Book, case: Case, claim_ids: Sequence[str], on: date, *, part: bool
) -> tuple[Case, list[Drop]]:
    """Note that a rejected objection is stood by: an undisputed legal step falls away, the dispute's own follows.

    ``part``: only a part is disputed, so the rest climbs the ladder first and both go to the dispute body together.
    """
    calm = [c.claim_id for c in map(case.claim, claim_ids) if not (c.contested or c.contested_part)]
    case, drops = _drop_touching(book, case, calm, "disputed")
    return progress.contested(case, claim_ids, on, part=part), drops


def letter_withdrawn(
    book: Book, case: Case, step_id: str, claim_ids: Sequence[str], reason: str, retry_on: date | None
) -> tuple[Case, list[Drop]]:
    """Take a letter back; a legal step that rests on it falls away first."""
    resting_on_it = [claim.claim_id for claim in map(case.claim, claim_ids) if _rests_on(claim, step_id)]
    case, drops = _drop_touching(book, case, resting_on_it, "demand_withdrawn")
    return progress.withdrawn(book, case, step_id, claim_ids, reason, retry_on), drops


def _rests_on(claim: Claim, step_id: str) -> bool:
    letter = claim.enforcement_notice if claim.past_letters else claim.demand
    return letter is not None and letter.step_id == step_id


def objection_given_up(book: Book, case: Case, claim_ids: Sequence[str], on: date) -> tuple[Case, list[Drop]]:
    """Let claims whose objection was given up climb the ladder again, from the last letter that stands."""
    disputed = [claim.claim_id for claim in map(case.claim, claim_ids) if claim.contested or claim.contested_part]
    case, drops = _drop_touching(book, case, disputed, "objection_withdrawn")
    return progress.uncontested(book, case, disputed, on), drops


def _drop_touching(book: Book, case: Case, claim_ids: Iterable[str], reason: str) -> tuple[Case, list[Drop]]:
    drops: list[Drop] = []
    for claim_id in claim_ids:
        claim = case.claim(claim_id)
        ladder = book.ladder(claim.claim_type, claim.creditor_unit)
        if claim.legal_step_id is not None and ladder.has(claim.stage, Trigger.DROPPED):
            case, drop = drop_legal_step(book, case, claim.legal_step_id, reason)
            drops.append(drop)
    return case, drops


def drop_legal_step(book: Book, case: Case, legal_step_id: str, reason: str) -> tuple[Case, Drop]:
    """Take a proposed or approved legal step back; its claims stand as demanded again."""
    claim_ids = tuple(claim.claim_id for claim in case.claims if claim.legal_step_id == legal_step_id)
    case = progress.legal_moved(book, case, claim_ids, Trigger.DROPPED, review_on=None)
    return case, Drop(legal_step_id=legal_step_id, claim_ids=claim_ids, reason=reason)


# ------------------------------------------------------------------------------------------------- what the clock does


def _renew(book: Book, case: Case, today: date, due: Sequence[Claim], actions: list[Action]) -> Case:
    """Give up letters that grew too old, and the legal steps that rest on them.

    Law: inkassoloven § 11; of a notice of enforcement tvangsfullbyrdelsesloven § 4-19.
    """
    past_letters = {claim.legal_step_id for claim in due if claim.past_letters}
    for legal_step_id in sorted({claim.legal_step_id for claim in due if claim.legal_step_id is not None}):
        reason = "notice_too_old" if legal_step_id in past_letters else "demand_too_old"
        case, drop = drop_legal_step(book, case, legal_step_id, reason)
        actions.append(drop)
    return progress.renewed(book, case, [claim.claim_id for claim in due], today)


def _propose(planner: Planner, case: Case, ripe: Sequence[Claim], actions: list[Action]) -> Case:
    """Propose a legal step for the claims that are ripe: one for each body, and judged claims apart from the others.

    A judgment and an undisputed claim cannot be in one petition (tvangsfullbyrdelsesloven § 7-4).
    """
    groups: dict[tuple[str, str, str, bool], list[Claim]] = {}
    for claim in ripe:
        contested = (claim.contested or claim.contested_part) and claim.judged_on is None
        route = planner.book.route(contested=contested, dispute_body=claim.dispute_body)
        judged = claim.judged_on is not None
        groups.setdefault((route.kind, route.body, route.law, judged), []).append(claim)
    for (kind, body, law, _), claims in sorted(groups.items()):
        claims.sort(key=lambda claim: claim.claim_id)
        claim_ids = tuple(claim.claim_id for claim in claims)
        usable = [planner.usable_to(claim).value for claim in claims if _expires(planner, claim)]
        proposal = Propose(
            legal_step_id=derived(claim_ids[0], "legal_step", claims[0].proposals + 1),
            claim_ids=claim_ids,
            kind=kind,
            body=body,
            law=law,
            proposed_on=planner.today,
            usable_to=min(usable, default=deadlines.usable_to(planner.today, planner.policy(claims[0])).value),
        )
        actions.append(proposal)
        case = progress.proposed(planner.book, case, proposal.legal_step_id, claim_ids)
    return case


def _expires(planner: Planner, claim: Claim) -> bool:
    """Whether a legal step on the claim rests on a letter that grows old; at its dispute body it rests on none."""
    return planner.to_namsmann(claim) if claim.past_letters else claim.demand is not None


def _ask(book: Book, case: Case, today: date, due: Mapping[Rule, Sequence[Claim]], actions: list[Action]) -> Case:
    """Ask for one demand on the case: the claims that are due together, the longest overdue first."""
    groups: dict[tuple[DemandKind, str], list[Claim]] = {}
    for claim in due.get(Rule.NOTICE, ()):
        groups.setdefault((DemandKind.NOTICE, ""), []).append(claim)
    for claim in due.get(Rule.DEMAND, ()):
        groups.setdefault((DemandKind.DEMAND, claim.dispute_body), []).append(claim)
    for claim in due.get(Rule.WARNING, ()):
        # What is enforced by a judgment and by a decision are two grounds, and a letter names one.
        groups.setdefault((DemandKind.WARNING, str(claim.judged_on is not None)), []).append(claim)
    (kind, _), claims = min(groups.items(), key=lambda item: (min(claim.due_date for claim in item[1]), item[0]))
    claim_ids = tuple(sorted(claim.claim_id for claim in claims))
    sequences = tuple(case.claim(claim_id).asked(kind) + 1 for claim_id in claim_ids)
    step_id = derived(claim_ids[0], f"step:{kind.value}", sequences[0])
    actions.append(Ask(step_id=step_id, kind=kind, claim_ids=claim_ids, sequences=sequences, due_on=today))
    return progress.asked(book, case, step_id, kind, claim_ids, today)
