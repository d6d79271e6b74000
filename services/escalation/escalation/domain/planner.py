"""What happens next to each claim of a case, when, and whose turn it is until then.

Every open claim has exactly one next thing; the case's is the earliest. A case never gets two demands in a day: while
one is in work or went out today, the next waits for the next working day. Claims ready for a betalingsoppfordring wait
for others of their case (decisions B1). Pure: the same case, book and day give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from escalation.domain import deadlines
from escalation.domain.ladder import Ladder, Owner, Rule, Stage, Trigger
from escalation.domain.policy import Book, Policy
from escalation.domain.state import Case, Claim, DemandKind
from shared.calendar import next_working_day, working_day_after
from shared.errors import Crash
from shared.law import Trace, Traced
from shared.values import value

WARNING = DemandKind.WARNING.value
WARNING_THEN = "Betales ikke kravet innen fristen i varselet, foreslås utlegg."
PLAN = "plan"
PLAN_THEN = "Betales ikke avdraget, sendes påminnelse. Misligholdt avtale faller bort, og innkrevingen fortsetter."


@value
class Next:
    """A claim's next thing (neste steg).

    ``step``: inkassovarsel, betalingsoppfordring, tvangsvarsel, legal_step, dispatch, approval,
    submission, outcome, payment, review, hold_end, instalment, answer or none. ``on``: the day it happens, or the last
    day for whoever must act; None when nothing sets a day. ``owner`` has the move ``until`` that day, ``then`` says
    what follows. ``wake``: the day the clock must look again, None when somebody else moves first. ``reason`` says what
    holds the claim, ``trace`` explains the date.
    """

    step: str
    on: date | None
    owner: Owner
    then: str
    until: date | None = None
    wake: date | None = None
    reason: str | None = None
    trace: Trace | None = None


def plan(book: Book, case: Case, today: date) -> dict[str, Next]:
    """Return the one next thing of every claim of the case, ended ones included (``none``), as seen on ``today``."""
    return Planner(book, case, today).everything()


def earliest(nexts: Iterable[Next]) -> Next | None:
    """Return a case's next thing: the earliest dated one, else one that waits for somebody, else None."""
    alive = [thing for thing in nexts if thing.step != "none"]
    return min(alive, key=lambda thing: (thing.on is None, thing.on or date.max), default=None)


class Planner:
    """One look at one case on one day."""

    def __init__(self, book: Book, case: Case, today: date) -> None:
        self._joined: dict[str, date] | None = None
        self.book = book
        self.case = case
        self.today = today
        in_work = any(c.step is not None and not c.step.dispatched for c in case.claims)
        demanded_on = case.demanded_on or date.min
        busy = in_work or demanded_on >= today
        self._letter_from = working_day_after(max(today, demanded_on)) if busy else today

    def everything(self) -> dict[str, Next]:
        """Return the next thing of every claim."""
        return {claim.claim_id: self.one(claim) for claim in self.case.claims}

    def due(self) -> dict[Rule, list[Claim]]:
        """Return the claims that only the clock kept back and whose day has come, by what the clock waited for."""
        found: dict[Rule, list[Claim]] = {}
        for claim in self.case.claims:
            if self._free(claim) and (wake := self.one(claim).wake) is not None and wake <= self.today:
                found.setdefault(self.rule(claim), []).append(claim)
        return found

    def one(self, claim: Claim) -> Next:
        """Return the next thing of one claim."""
        stage = self.stage(claim)
        if stage.final:
            return Next(step="none", on=None, owner=stage.owner, then=stage.then)
        if claim.holds:
            return self._held(claim, stage)
        if claim.step is not None:
            return Next(step="dispatch", on=claim.step.asked_on, owner=stage.owner, then=stage.then)
        if claim.waiting_for is not None:
            return Next(step="answer", on=None, owner=Owner.CASEWORKER, then=stage.then, reason=claim.waiting_for)
        by_rule = {
            Rule.NOTICE: self._notice,
            Rule.DEMAND: self._demand,
            Rule.LEGAL: self._legal,
            Rule.WARNING: self._warning,
            Rule.EXPIRY: self._expiry,
            Rule.REVIEW: self._review,
            Rule.NONE: self._somebody_else,
        }
        return by_rule[self.rule(claim)](claim, stage)

    def rule(self, claim: Claim) -> Rule:
        """What the clock waits for.

        A contested or judged claim skips the letters (inkassoloven § 12). To a dispute body it goes at once, and that
        step does not expire; to the namsmann it goes on a notice of enforcement, which is sent first when none carries.
        Of other claims, a demand too old for a legal step on the day that step would be proposed has expired already.
        """
        rule = self.stage(claim).rule
        if claim.past_letters and self.ladder(claim).has(claim.stage, Trigger.LEGAL_DUE):
            return Rule.LEGAL if not self.to_namsmann(claim) or self._carries(claim) else Rule.WARNING
        if claim.past_letters and rule is Rule.EXPIRY:
            return rule if self.to_namsmann(claim) else Rule.NONE
        if rule is Rule.LEGAL and self._legal_on(claim) > self.usable_to(claim).value:
            return Rule.EXPIRY
        return rule

    def ladder(self, claim: Claim) -> Ladder:
        """Return the claim's ladder."""
        return self.book.ladder(claim.claim_type, claim.creditor_unit)

    def stage(self, claim: Claim) -> Stage:
        """Return the claim's stage."""
        return self.ladder(claim).stage(claim.stage)

    def policy(self, claim: Claim) -> Policy:
        """Return the claim's numbers."""
        return self.book.policy(claim.claim_type, claim.creditor_unit)

    def to_namsmann(self, claim: Claim) -> bool:
        """Tell whether a contested or judged claim is enforced, not brought to a dispute body."""
        contested = claim.judged_on is None
        return self.book.route(contested=contested, dispute_body=claim.dispute_body).kind == "utlegg"

    def usable_to(self, claim: Claim) -> Traced[date]:
        """Return the last day for a legal step on the letter it rests on.

        That is the notice of enforcement of a claim that skipped the letters, the betalingsoppfordring of another.
        """
        if claim.past_letters:
            notice = claim.enforcement_notice
            if notice is None:
                raise Crash(f"claim {claim.claim_id}: stage {claim.stage} without a notice of enforcement")
            return deadlines.enforceable_to(notice.sent_on, self.policy(claim))
        if claim.demand is None:
            raise Crash(f"claim {claim.claim_id}: stage {claim.stage} without a betalingsoppfordring")
        return deadlines.usable_to(claim.demand.sent_on, self.policy(claim))

    # -------------------------------------------------------------------------------------------------- next things

    def _held(self, claim: Claim, stage: Stage) -> Next:
        last = max(claim.holds, key=lambda hold: (hold.until is None, hold.until or date.min))
        owner = self.book.hold(last.reason).owner
        due = next((day for day in claim.instalment_days if day >= self.today), None)
        if last.reason == PLAN and due is not None:
            return Next(step="instalment", on=due, owner=owner, then=PLAN_THEN, until=due, reason=last.reason)
        return Next(step="hold_end", on=last.until, owner=owner, then=stage.then, until=last.until, reason=last.reason)

    def _notice(self, claim: Claim, stage: Stage) -> Next:
        ready = deadlines.notice_ready(claim.due_date, claim.registered_on, self.policy(claim))
        day = self._letter_day(_resumed(ready.value, claim), claim)
        return self._timed("inkassovarsel", day, stage, deadline=None, trace=ready.trace)

    def _demand(self, claim: Claim, stage: Stage) -> Next:
        deadline, ready = self._noticed(claim)
        if self._joined is None:
            self._joined = self._join()
        day = self._joined[claim.claim_id]
        return self._timed("betalingsoppfordring", day, stage, deadline=deadline, trace=ready.trace)

    def _legal(self, claim: Claim, stage: Stage) -> Next:
        day = self._legal_on(claim)
        if claim.past_letters and self.to_namsmann(claim) and claim.enforcement_notice is not None:
            ready = deadlines.enforcement_ready(claim.enforcement_notice, self.policy(claim))
            deadline = claim.enforcement_notice.deadline
            return self._timed("legal_step", day, stage, deadline=deadline, trace=ready.trace)
        if claim.demand is None:
            return self._timed("legal_step", day, stage, deadline=None, trace=None)
        ready = deadlines.legal_ready(claim.demand.deadline, self.policy(claim))
        return self._timed("legal_step", day, stage, deadline=claim.demand.deadline, trace=ready.trace)

    def _warning(self, claim: Claim, stage: Stage) -> Next:
        day = self._letter_day(_resumed(claim.review_on or working_day_after(claim.registered_on), claim), claim)
        thing = self._timed(WARNING, day, stage, deadline=claim.review_on, trace=None)
        return replace(thing, then=WARNING_THEN)

    def _expiry(self, claim: Claim, stage: Stage) -> Next:
        if claim.past_letters and claim.enforcement_notice is None:
            # What it was to rest on has fallen: it is taken back at once, and the notice given first.
            today = next_working_day(self.today)
            return Next(step=stage.step, on=today, owner=stage.owner, then=stage.then, until=today, wake=today)
        usable = self.usable_to(claim)
        if stage.rule is Rule.LEGAL:
            day = next_working_day(max(self._legal_on(claim), self._letter_from))
            return self._timed("betalingsoppfordring", day, stage, deadline=None, trace=usable.trace)
        wake = next_working_day(max(working_day_after(usable.value), self.today))
        return Next(
            step=stage.step, on=usable.value, owner=stage.owner, then=stage.then,
            until=usable.value, wake=wake, trace=usable.trace,
        )  # fmt: skip

    def _review(self, claim: Claim, stage: Stage) -> Next:
        day = None if claim.review_on is None else next_working_day(max(claim.review_on, self.today))
        return Next(step=stage.step, on=day, owner=stage.owner, then=stage.then, until=day, wake=day)

    def _somebody_else(self, claim: Claim, stage: Stage) -> Next:
        return Next(step=stage.step, on=None, owner=stage.owner, then=stage.then)

    def _timed(self, step: str, day: date, stage: Stage, *, deadline: date | None, trace: Trace | None) -> Next:
        """What the platform does by itself: the debtor's turn until the deadline, the platform's after it."""
        if stage.owner is Owner.DEBTOR and deadline is not None and deadline >= self.today:
            return Next(step=step, on=day, owner=Owner.DEBTOR, then=stage.then, until=deadline, wake=day, trace=trace)
        return Next(step=step, on=day, owner=Owner.PLATFORM, then=stage.then, until=day, wake=day, trace=trace)

    # -------------------------------------------------------------------------------------------------------- dates

    def _free(self, claim: Claim) -> bool:
        return not claim.holds and claim.step is None and claim.waiting_for is None and not self.stage(claim).final

    def _legal_on(self, claim: Claim) -> date:
        base = claim.registered_on
        if claim.past_letters and self.to_namsmann(claim):
            if claim.enforcement_notice is not None:
                base = deadlines.enforcement_ready(claim.enforcement_notice, self.policy(claim)).value
        elif claim.demand is not None:
            base = deadlines.legal_ready(claim.demand.deadline, self.policy(claim)).value
        return next_working_day(max(_resumed(base, claim), claim.not_before or base, self.today))

    def _carries(self, claim: Claim) -> bool:
        """Whether a notice of enforcement has been given that still holds when the legal step would be proposed."""
        notice = claim.enforcement_notice
        if notice is None:
            return False
        return self._legal_on(claim) <= deadlines.enforceable_to(notice.sent_on, self.policy(claim)).value

    def _noticed(self, claim: Claim) -> tuple[date, Traced[date]]:
        """Return the varsel's deadline, and the day the claim is ready by it."""
        if claim.notice is None:
            raise Crash(f"claim {claim.claim_id}: stage {claim.stage} without a varsel")
        deadline = claim.notice.deadline
        return deadline, deadlines.demand_ready(deadline, claim.registered_on, self.policy(claim))

    def _letter_day(self, ready: date, claim: Claim) -> date:
        return next_working_day(max(ready, claim.not_before or ready, self._letter_from))

    # ------------------------------------------------------------------------------------------------------ joining

    def _join(self) -> dict[str, date]:
        """The day each claim waiting for a betalingsoppfordring goes, with those of its case that it waits for.

        Those of one dispute body go together, since the letter names one.
        """
        days: dict[str, date] = {}
        waiting = [claim for claim in self.case.claims if self._free(claim) and self.rule(claim) is Rule.DEMAND]
        for body in sorted({claim.dispute_body for claim in waiting}):
            group = [claim for claim in waiting if claim.dispute_body == body]
            together = self._together(group, body)
            for claim in group:
                ready = _resumed(self._noticed(claim)[1].value, claim)
                days[claim.claim_id] = self._letter_day(max(ready, together), claim)
        return days

    def _together(self, group: Sequence[Claim], body: str) -> date:
        """The last readiness among claims whose varsel runs out within the limit of the first one's being ready."""
        known = [(deadline, _resumed(ready.value, c)) for c in group for deadline, ready in [self._noticed(c)]]
        first_ready = min(ready for _, ready in known)
        others = [claim for claim in self.case.claims if claim.dispute_body == body]
        coming = [dates for claim in others if (dates := self._coming_dates(claim)) is not None]
        limit = deadlines.join_limit(first_ready, self.policy(group[0]))
        return max((ready for deadline, ready in (*known, *coming) if deadline <= limit), default=first_ready)

    def _coming_dates(self, claim: Claim) -> tuple[date, date] | None:
        """Deadline and readiness of a claim whose varsel is still to be sent; None when nothing is on its way."""
        if self.stage(claim).final or claim.holds or claim.waiting_for is not None:
            return None
        policy = self.policy(claim)
        if claim.step is not None and claim.step.kind is DemandKind.NOTICE:
            planned = claim.step.asked_on
        elif claim.step is None and self.rule(claim) is Rule.NOTICE:
            ready = deadlines.notice_ready(claim.due_date, claim.registered_on, policy).value
            planned = self._letter_day(_resumed(ready, claim), claim)
        else:
            return None
        deadline = deadlines.expected_deadline(planned, policy)
        return deadline, deadlines.demand_ready(deadline, claim.registered_on, policy).value


def _resumed(ready: date, claim: Claim) -> date:
    """Return the day of readiness after holds: never before the ladder may go on."""
    return next_working_day(max(ready, claim.resumed_on or ready))
