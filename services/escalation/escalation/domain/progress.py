"""How facts move claims along their ladder. Every function takes a case and returns it as it is afterwards.

A move that the ladder does not list raises UnlistedTransition and nothing is changed. A fact about a step that is over
already (an answer that comes twice, by two ways) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from escalation.domain.deadlines import resumed_on
from escalation.domain.ladder import Rule, Trigger
from escalation.domain.policy import Book
from escalation.domain.state import Case, Claim, DemandKind, Hold, Letter, OpenStep
from shared.calendar import working_day_after

ASKING = {
    DemandKind.NOTICE: (Trigger.NOTICE_DUE, "notices"),
    DemandKind.DEMAND: (Trigger.DEMAND_DUE, "demands"),
    DemandKind.WARNING: (Trigger.WARNING_DUE, "warnings"),
}
"""What asking for a letter of a kind pulls, and which of the claim's counts it moves."""

LETTERS = {DemandKind.NOTICE: "notice", DemandKind.DEMAND: "demand", DemandKind.WARNING: "warning"}

REOPENED_IN_WORK = {
    DemandKind.NOTICE: (Trigger.REOPENED_NOTICE_ASKED, Trigger.REOPENED_NOTICE_OUT),
    DemandKind.DEMAND: (Trigger.REOPENED_DEMAND_ASKED, Trigger.REOPENED_DEMAND_OUT),
    DemandKind.WARNING: (Trigger.REOPENED_WARNING_ASKED, Trigger.REOPENED_WARNING_OUT),
}
"""Where a claim goes on whose letter is still asked for, or on its way."""

LEAVES_LEGAL_STEP = frozenset(
    {Trigger.DROPPED, Trigger.REFUSED, Trigger.NOTHING_FOUND, Trigger.PETITION_WITHDRAWN, Trigger.ENFORCEMENT_ENDED,
     Trigger.JUDGED}
)  # fmt: skip
"""After these a legal step is over, and its claims are no longer its."""


def moved(book: Book, claim: Claim, trigger: Trigger) -> Claim:
    """Return the claim after ``trigger``; raises UnlistedTransition."""
    return replace(claim, stage=_target(book, claim, trigger))


def _target(book: Book, claim: Claim, trigger: Trigger) -> str:
    ladder = book.ladder(claim.claim_type, claim.creditor_unit)
    return ladder.move(claim.claim_id, claim.stage, trigger).target


def is_open(book: Book, claim: Claim) -> bool:
    """Tell whether the claim still has a way to go."""
    return not book.ladder(claim.claim_type, claim.creditor_unit).stage(claim.stage).final


def registered(book: Book, case: Case, claim: Claim) -> Case:
    """A claim was taken in: it begins as new, or as noticed when its unit sent a lawful varsel."""
    if any(known.claim_id == claim.claim_id for known in case.claims):
        return case
    ladder = book.ladder(claim.claim_type, claim.creditor_unit)
    begun = replace(claim, stage=ladder.entry("noticed" if claim.notice else "new"))
    return replace(case, claims=(*case.claims, begun))


def notice_copied(case: Case, claim_id: str, document_id: str) -> Case:
    """The copy of the varsel that the unit sent itself is in the archive."""
    return case.with_claims([replace(case.claim(claim_id), notice_document_id=document_id)])


# ------------------------------------------------------------------------------------------------------- demands


def asked(book: Book, case: Case, step_id: str, kind: DemandKind, claim_ids: Iterable[str], on: date) -> Case:
    """A step was asked for: each claim waits for its letter, and counts one more step of this kind."""
    trigger, counter = ASKING[kind]
    step = OpenStep(step_id=step_id, kind=kind, asked_on=on)
    changed = []
    for claim in map(case.claim, claim_ids):
        counted: dict[str, Any] = {counter: claim.asked(kind) + 1}
        changed.append(replace(claim, stage=_target(book, claim, trigger), step=step, not_before=None, **counted))
    return case.with_claims(changed, demanded_on=on)


def declined(
    book: Book, case: Case, step_id: str, claim_ids: Iterable[str], reason: str, retry_on: date | None
) -> Case:
    """claims-api said no: the claim stands where it stood, until ``retry_on`` or until what hinders it ends."""
    changed = [
        _set_back(book, claim, Trigger.DECLINED, reason, retry_on)
        for claim in map(case.claim, claim_ids)
        if claim.step is not None and claim.step.step_id == step_id
    ]
    return case.with_claims(changed)


def withdrawn(
    book: Book, case: Case, step_id: str, claim_ids: Iterable[str], reason: str, retry_on: date | None
) -> Case:
    """The letter was stopped, or is without effect though it went out: its claims stand as if it had not been."""
    changed = []
    for claim in map(case.claim, claim_ids):
        letters = [
            name
            for name, letter in (("notice", claim.notice), ("demand", claim.demand), ("warning", claim.warning))
            if letter is not None and letter.step_id == step_id
        ]
        if claim.step is not None and claim.step.step_id == step_id:
            changed.append(_set_back(book, claim, Trigger.WITHDRAWN, reason, retry_on))
        elif letters and claim.past_letters and not _rests_on_warning(book, claim, letters[0]):
            # What follows rests on an objection or a judgment, not on this letter.
            changed.append(_without(claim, letters[0]))
        elif letters:
            changed.append(_without(_set_back(book, claim, Trigger.WITHDRAWN, reason, retry_on), letters[0]))
    return case.with_claims(changed)


def _rests_on_warning(book: Book, claim: Claim, letter: str) -> bool:
    ladder = book.ladder(claim.claim_type, claim.creditor_unit)
    return letter == "warning" and ladder.has(claim.stage, Trigger.WITHDRAWN)


def _without(claim: Claim, letter: str) -> Claim:
    changes: dict[str, Any] = {letter: None}
    return replace(claim, **changes)


def _set_back(book: Book, claim: Claim, trigger: Trigger, reason: str, retry_on: date | None) -> Claim:
    waiting_for = reason if retry_on is None else None
    back = replace(
        moved(book, claim, trigger), step=None, legal_step_id=None, not_before=retry_on, waiting_for=waiting_for
    )
    return _standing_on_its_letters(book, back)


def dispatched(book: Book, case: Case, step_id: str, claim_ids: Iterable[str], on: date) -> Case:
    """The channel took the letters: the step is done, its deadline waits for the sending."""
    changed = []
    for claim in map(case.claim, claim_ids):
        if claim.step is not None and claim.step.step_id == step_id and not claim.step.dispatched:
            changed.append(replace(moved(book, claim, Trigger.DISPATCHED), step=replace(claim.step, dispatched=True)))
    if not changed:
        return case
    return replace(case.with_claims(changed), demanded_on=max(on, case.demanded_on or on))


def sent(book: Book, case: Case, step_id: str, claim_ids: Iterable[str], letter: Letter) -> Case:
    """The letters count as sent: from here the deadline runs."""
    changed = []
    for claim in map(case.claim, claim_ids):
        if claim.step is None or claim.step.step_id != step_id or not claim.step.dispatched:
            continue
        kind = claim.step.kind
        facts: dict[str, Any] = {LETTERS[kind]: letter}
        claim = replace(moved(book, claim, Trigger.SENT), step=None, resumed_on=None, **facts)
        changed.append(_standing_on_its_letters(book, claim))
    return case.with_claims(changed)


def renewed(book: Book, case: Case, claim_ids: Iterable[str], on: date) -> Case:
    """What a legal step rests on may not be used any more: a new letter is needed.

    Law: inkassoloven § 11, decisions B7; for a notice of enforcement tvangsfullbyrdelsesloven § 4-19.
    """
    changed = [
        replace(moved(book, claim, Trigger.RENEWED), demand=None, warning=None, legal_step_id=None, resumed_on=on)
        for claim in map(case.claim, claim_ids)
    ]
    return case.with_claims(changed)


# --------------------------------------------------------------------------------------------------- end and holds


def ended(book: Book, case: Case, claim_id: str) -> Case:
    """The claim is paid, withdrawn, written off or time-barred: nothing more happens to it."""
    claim = case.claim(claim_id)
    if not is_open(book, claim):
        return case
    return case.with_claims([replace(moved(book, claim, Trigger.CLAIM_ENDED), not_before=None, waiting_for=None)])


def reopened(book: Book, case: Case, claim_id: str, on: date, *, at_body: bool = False) -> Case:
    """The claim is owed again: it goes on from the last letter that stands, the working day after at the earliest.

    ``at_body``: a court still has it.
    """
    claim = case.claim(claim_id)
    if is_open(book, claim):
        return case
    trigger = Trigger.REOPENED_AT_BODY if at_body else _way_back(claim)
    back = replace(moved(book, claim, trigger), resumed_on=working_day_after(on), not_before=None, waiting_for=None)
    return case.with_claims([back if at_body else replace(back, legal_step_id=None)])


def _way_back(claim: Claim) -> Trigger:
    if claim.step is not None:
        asked, out = REOPENED_IN_WORK[claim.step.kind]
        return out if claim.step.dispatched else asked
    if claim.demand is not None:
        return Trigger.REOPENED_DEMANDED
    return Trigger.REOPENED_NEW if claim.notice is None else Trigger.REOPENED_NOTICED


def held(case: Case, claim_ids: Iterable[str], hold: Hold) -> Case:
    """A hold was placed: no step on these claims until it ends."""
    changed = [
        replace(claim, holds=(*claim.holds, hold))
        for claim in map(case.claim, claim_ids)
        if all(known.hold_id != hold.hold_id for known in claim.holds)
    ]
    return case.with_claims(changed)


def hold_ended(
    book: Book, case: Case, claim_ids: Iterable[str], hold_id: str, *, ended_on: date, resume_on: date, contested: bool
) -> Case:
    """A hold ended: the ladder may go on from ``resume_on``, with a new demand first where decisions B7 ask for one.

    ``contested``: an objection was rejected and the debtor stands by it; what follows is the dispute's own body.
    """
    changed = []
    for claim in map(case.claim, claim_ids):
        over = [hold for hold in claim.holds if hold.hold_id == hold_id]
        left = tuple(hold for hold in claim.holds if hold.hold_id != hold_id)
        policy = book.policy(claim.claim_type, claim.creditor_unit)
        promised = (resumed_on(book.hold(h.reason), h.until, ended_on, resume_on, policy) for h in over)
        day = resume_on if contested else max(promised, default=resume_on)
        claim = replace(
            claim,
            holds=left,
            resumed_on=max(day, claim.resumed_on or day),
            contested=claim.contested or contested,
            waiting_for=claim.waiting_for if left else None,
        )
        if any(_needs_new_demand(book, claim, hold, ended_on) for hold in over):
            claim = replace(moved(book, claim, Trigger.RENEWED), demand=None)
        changed.append(claim)
    return case.with_claims(changed)


def _needs_new_demand(book: Book, claim: Claim, hold: Hold, ended_on: date) -> bool:
    ladder = book.ladder(claim.claim_type, claim.creditor_unit)
    if not book.hold(hold.reason).renews or claim.demand is None or not ladder.has(claim.stage, Trigger.RENEWED):
        return False
    limit = timedelta(days=book.policy(claim.claim_type, claim.creditor_unit).renew_after_hold_days)
    ran_out_meanwhile = hold.placed_on <= claim.demand.deadline < ended_on
    return ran_out_meanwhile or ended_on - hold.placed_on > limit


def contested(case: Case, claim_ids: Iterable[str], on: date, *, part: bool) -> Case:
    """A rejected objection is stood by, to the claims or to a part of them."""
    changed = []
    for claim in map(case.claim, claim_ids):
        if part:
            changed.append(replace(claim, contested_part=True))
        else:
            changed.append(replace(claim, contested=True, resumed_on=max(on, claim.resumed_on or on)))
    return case.with_claims(changed)


def uncontested(book: Book, case: Case, claim_ids: Iterable[str], on: date) -> Case:
    """An objection was given up: each claim stands where its letters put it, and goes on the working day after."""
    changed = []
    for claim in map(case.claim, claim_ids):
        claim = replace(claim, contested=False, contested_part=False, resumed_on=working_day_after(on))
        changed.append(_standing_on_its_letters(book, claim))
    return case.with_claims(changed)


def _standing_on_its_letters(book: Book, claim: Claim) -> Claim:
    """Put a claim that skipped letters and does so no more back to where the letters it has had put it."""
    ladder = book.ladder(claim.claim_type, claim.creditor_unit)
    if claim.past_letters:
        return claim
    if ladder.stage(claim.stage).rule in (Rule.LEGAL, Rule.WARNING) and claim.demand is None:
        claim = moved(book, claim, Trigger.RENEWED)
    if ladder.stage(claim.stage).rule is Rule.DEMAND and claim.notice is None:
        claim = moved(book, claim, Trigger.WITHDRAWN)
    return claim


def planned(case: Case, claim_ids: Iterable[str], days: Sequence[date]) -> Case:
    """A payment plan runs over these claims, with instalments on these days; none: it is over."""
    return case.with_claims([replace(case.claim(claim_id), instalment_days=tuple(days)) for claim_id in claim_ids])


# ---------------------------------------------------------------------------------------------------- legal steps


def proposed(book: Book, case: Case, legal_step_id: str, claim_ids: Iterable[str]) -> Case:
    """A legal step was proposed for these claims."""
    changed = [
        replace(moved(book, claim, Trigger.LEGAL_DUE), legal_step_id=legal_step_id, proposals=claim.proposals + 1)
        for claim in map(case.claim, claim_ids)
    ]
    return case.with_claims(changed)


def legal_moved(
    book: Book,
    case: Case,
    claim_ids: Sequence[str],
    trigger: Trigger,
    *,
    review_on: date | None = None,
    judged_on: date | None = None,
) -> Case:
    """A legal step was approved, refused, dropped, submitted, or got its outcome.

    ``judged_on``: the outcome is a judgment; the dispute is over with it.
    """
    changed = []
    for claim in map(case.claim, claim_ids):
        legal_step_id = None if trigger in LEAVES_LEGAL_STEP else claim.legal_step_id
        if is_open(book, claim):
            claim = replace(moved(book, claim, trigger), review_on=review_on)
        if judged_on is not None:
            claim = replace(claim, judged_on=judged_on, contested=False, contested_part=False, warning=None)
        changed.append(replace(claim, legal_step_id=legal_step_id))
    return case.with_claims(changed)


def set_aside(case: Case, claim_ids: Iterable[str], until: date) -> Case:
    """Nothing is asked for or proposed about these claims before a day."""
    return case.with_claims([replace(case.claim(claim_id), not_before=until) for claim_id in claim_ids])


def reviewed(book: Book, case: Case, claim_ids: Iterable[str], on: date) -> Case:
    """A resting claim is tried again, with a new betalingsoppfordring first."""
    changed = [
        replace(moved(book, c, Trigger.REVIEW_DUE), demand=None, legal_step_id=None, review_on=None, resumed_on=on)
        for c in map(case.claim, claim_ids)
    ]
    return case.with_claims([_standing_on_its_letters(book, claim) for claim in changed])
