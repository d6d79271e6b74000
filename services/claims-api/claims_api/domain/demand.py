"""May this demand go? Asked when a step is due and again just before the letter leaves (no-regret send).

Pure judgement over what is known under the case's lock: still owed, not disputed, not held, not time-barred, rates
known, every bank day that could hold the money booked, no payment waiting that may be this debtor's, and the earlier
letter's deadline and grace run out. A claim that may not go is declined with a reason and the day to try again; no day
means that the end of what stops it starts the step anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from claims_api.domain.fees import ChargedClaim, FeeRegime, LetterKind, letter_fee, letter_fees
from claims_api.domain.rules import MoneyRules
from claims_api.domain.salaer import SalaerClaim, foreign_collection
from shared.calendar import deadline_after, is_bank_day, next_working_day, working_day_after
from shared.law import Trace, Traced

_DAY = timedelta(days=1)
_DEADLINE_RULES = {LetterKind.DEMAND: "demand_deadline", LetterKind.WARNING: "enforcement_notice"}


class Refusal(StrEnum):
    """Why a claim is not demanded now."""

    NOTHING_OWED = "nothing_owed"
    TIME_BARRED = "time_barred"
    DISPUTED = "disputed"
    ON_HOLD = "on_hold"
    NOT_IN_CASE = "not_in_case"
    NOTICE_SENT = "notice_sent"
    NO_NOTICE = "no_notice"
    TOO_EARLY = "too_early"
    DEADLINE_RUNNING = "deadline_running"
    DEMAND_PENDING = "demand_pending"
    DEMAND_TODAY = "demand_today"
    RATES_MISSING = "rates_missing"
    EVENTS_PARKED = "events_parked"
    CANDIDATE_PAYMENT = "candidate_payment"
    BANK_DAY_OPEN = "bank_day_open"
    AMOUNT_CHANGED = "amount_changed"
    TOO_LATE = "too_late"
    LETTER_FAILED = "letter_failed"
    NO_RECIPIENT = "no_recipient"
    NO_IDENTITY = "no_identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLetter:
    """An inkassovarsel or betalingsoppfordring that was sent on the claim and stands; ``by_unit``: by the unit."""

    kind: LetterKind
    sent_on: date
    deadline: date
    by_unit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCheck:
    """What is known of one claim on the day of the judgement."""

    claim_id: str
    due_date: date
    registered_on: date
    owed_ore: int
    ended: bool = False
    disputed: bool = False
    held: bool = False
    barred: bool = False
    pending: bool = False
    letters: Sequence[SentLetter] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCheck:
    """What is known of the case. ``booked``: bank days of its account of which every bank row is in the ledger."""

    today: date
    booked: frozenset[date] = frozenset()
    candidate_payments: int = 0
    events_parked: bool = False
    demand_today: bool = False
    rates_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Claims that may not be demanded now, for one reason; ``retry_on`` None: something else restarts the step."""

    claim_ids: tuple[str, ...]
    reason: Refusal
    retry_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which claims of a step go (oldest due first), and which do not and why: every claim is in exactly one."""

    go: tuple[str, ...]
    declined: tuple[Declined, ...]


def judge(kind: LetterKind, claims: Sequence[ClaimCheck], case: CaseCheck, *, rules: MoneyRules) -> Verdict:
    """Judge every claim of a step."""
    refused: dict[tuple[Refusal, date | None], list[str]] = {}
    go: list[str] = []
    for claim in sorted(claims, key=lambda one: (one.due_date, one.claim_id)):
        found = _refuse_claim(kind, claim, case, rules) or _refuse_case(kind, claim, case, rules)
        if found is None:
            go.append(claim.claim_id)
        else:
            refused.setdefault(found, []).append(claim.claim_id)
    declined = [
        Declined(claim_ids=tuple(names), reason=reason, retry_on=retry) for (reason, retry), names in refused.items()
    ]
    return Verdict(go=tuple(go), declined=tuple(declined))


def bank_days_needed(claim: ClaimCheck, *, rules: MoneyRules) -> list[date]:
    """Return the bank days that must be booked before a betalingsoppfordring.

    From the claim's registration to its last deadline and the grace; after a notice by the unit also the day of
    registration itself, when that is later.
    """
    last = _last_letter(claim)
    if last is None:
        return []
    until = max(rules.after_grace(last.deadline), claim.registered_on)
    days = (until - claim.registered_on).days
    return [day for day in (claim.registered_on + n * _DAY for n in range(days + 1)) if is_bank_day(day)]


def planned_dispatch(today: date) -> date:
    """Return the day the letter is meant to leave: today, or the next working day."""
    return next_working_day(today)


def printed_deadline(dispatch: date, *, days: int) -> date:
    """Return the deadline the letter prints (betalingsfrist), moved to a working day."""
    return deadline_after(dispatch, days)


def latest_dispatch(deadline: date, kind: LetterKind, *, rules: MoneyRules) -> date:
    """Return the last day a letter can be sent and still give the days the law demands before its printed deadline."""
    return deadline - timedelta(days=_deadline_days(kind, deadline, rules))


def gives_too_little_time(sent_on: date, deadline: date, kind: LetterKind, *, rules: MoneyRules) -> bool:
    """Tell whether a letter sent on ``sent_on`` leaves less than the lawful time: then it is void."""
    return sent_on > latest_dispatch(deadline, kind, rules=rules)


def first_day_after(claim: ClaimCheck, *, rules: MoneyRules) -> date | None:
    """Return the first day a betalingsoppfordring may go: the working day after deadline and grace."""
    last = _last_letter(claim)
    if last is None:
        return None
    first = working_day_after(rules.after_grace(last.deadline))
    return max(first, working_day_after(claim.registered_on)) if last.by_unit else first


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeClaim:
    """A claim of a demand, for its fee; ``replaced``: a betalingsoppfordring was sent on it before and stands."""

    claim_id: str
    charged: ChargedClaim
    regime: FeeRegime
    size_ore: int
    replaced: bool = False
    business: bool = False
    vat: bool = False


def demand_fee(
    kind: LetterKind,
    dispatch: date,
    deadline: date,
    claims: Sequence[FeeClaim],
    *,
    last_demand_fee_on: date | None,
    rules: MoneyRules,
) -> Traced[int]:
    """Return the one fee a letter carries, in øre: that of its oldest claim that may carry any.

    ``last_demand_fee_on`` is the day of the latest betalingsoppfordring with a fee for this debtor and legal person: in
    the 14 days from it another is free. A letter that replaces an earlier one is free, and so is everything a
    lawyer-led creditor sends (its cost comes later and instead) and the varsel of a foreign collector: the salær of the
    betalingsoppfordring is all that is paid, and nothing within the varsel's deadline (inkassoloven § 17).
    """
    free = _free_ground(kind, dispatch, last_demand_fee_on, rules)
    if free is None:
        for claim in claims:
            fee = _own_cost(kind, dispatch, deadline, claim, claims, rules)
            if fee.value > 0:
                return fee
        if len(claims) == 1:
            return _own_cost(kind, dispatch, deadline, claims[0], claims, rules)
    return _no_cost(kind, free or "no_claim_carries_a_fee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A demand as issued: what each claim owed on the planned day, and its fee and deadline."""

    kind: LetterKind
    owed: Mapping[str, int]
    fee_ore: int
    deadline: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """The answer just before dispatch: released until a day, or withdrawn for a reason."""

    until: date | None
    reason: Refusal | None = None
    retry_on: date | None = None


def last_look(
    frozen: Frozen, verdict: Verdict, owed_now: Mapping[str, int], fee_now_ore: int, today: date, *, rules: MoneyRules
) -> LastLook:
    """Decide whether a rendered letter leaves: every claim may go, and what is owed is what it says.

    ``owed_now`` is worked out anew for the letter's planned day. A release holds today, and never longer than the
    printed deadline allows. Whatever may still go comes again the next working day.
    """
    again = working_day_after(today)
    if verdict.declined:
        stopped = verdict.declined[0]
        waits = not verdict.go and all(one.retry_on is None for one in verdict.declined)
        return LastLook(until=None, reason=stopped.reason, retry_on=None if waits else again)
    if dict(owed_now) != dict(frozen.owed) or fee_now_ore != frozen.fee_ore:
        return LastLook(until=None, reason=Refusal.AMOUNT_CHANGED, retry_on=again)
    latest = latest_dispatch(frozen.deadline, frozen.kind, rules=rules)
    if today > latest:
        return LastLook(until=None, reason=Refusal.TOO_LATE, retry_on=again)
    return LastLook(until=min(latest, next_working_day(today)))


def _refuse_claim(
    kind: LetterKind, claim: ClaimCheck, case: CaseCheck, rules: MoneyRules
) -> tuple[Refusal, date | None] | None:
    """Find what stops the claim itself; these wait for something else to happen."""
    stops = (
        (claim.ended or claim.owed_ore <= 0, Refusal.NOTHING_OWED),
        (claim.barred, Refusal.TIME_BARRED),
        (claim.disputed, Refusal.DISPUTED),
        (claim.held, Refusal.ON_HOLD),
    )
    for stopped, reason in stops:
        if stopped:
            return reason, None
    if kind is LetterKind.NOTICE:
        return _refuse_notice(claim, case, rules)
    return _refuse_after_letters(kind, claim, case, rules)


def _refuse_notice(claim: ClaimCheck, case: CaseCheck, rules: MoneyRules) -> tuple[Refusal, date | None] | None:
    if claim.letters:
        return Refusal.NOTICE_SENT, None
    days = rules.rates.whole("own_letter_days_after_due", case.today)
    first = next_working_day(claim.due_date + timedelta(days=days))
    return (Refusal.TOO_EARLY, first) if planned_dispatch(case.today) < first else None


def _refuse_after_letters(
    kind: LetterKind, claim: ClaimCheck, case: CaseCheck, rules: MoneyRules
) -> tuple[Refusal, date | None] | None:
    """A notice of enforcement rests on a decision or judgment, so no letter need come before; one that did runs out."""
    first = first_day_after(claim, rules=rules)
    if first is None:
        return (Refusal.NO_NOTICE, None) if kind is LetterKind.DEMAND else None
    return (Refusal.DEADLINE_RUNNING, first) if case.today < first else None


def _refuse_case(
    kind: LetterKind, claim: ClaimCheck, case: CaseCheck, rules: MoneyRules
) -> tuple[Refusal, date | None] | None:
    """Find what stops every claim of the case today; these are tried again the next working day."""
    open_bank_day = kind is not LetterKind.NOTICE and not set(bank_days_needed(claim, rules=rules)) <= case.booked
    stops = (
        (claim.pending, Refusal.DEMAND_PENDING),
        (case.demand_today, Refusal.DEMAND_TODAY),
        (not case.rates_known, Refusal.RATES_MISSING),
        (case.events_parked, Refusal.EVENTS_PARKED),
        (case.candidate_payments > 0, Refusal.CANDIDATE_PAYMENT),
        (open_bank_day, Refusal.BANK_DAY_OPEN),
    )
    return next(((reason, working_day_after(case.today)) for stopped, reason in stops if stopped), None)


def _last_letter(claim: ClaimCheck) -> SentLetter | None:
    return max(claim.letters, key=lambda letter: (letter.deadline, letter.sent_on), default=None)


def _deadline_days(kind: LetterKind, day: date, rules: MoneyRules) -> int:
    return rules.rates.whole(_DEADLINE_RULES.get(kind, "notice_deadline"), day)


def _free_ground(kind: LetterKind, dispatch: date, last_demand_fee_on: date | None, rules: MoneyRules) -> str | None:
    if kind is not LetterKind.DEMAND or last_demand_fee_on is None:
        return None
    recent = (dispatch - last_demand_fee_on).days < rules.demand_fee_gap(dispatch)
    return "fee_charged_lately" if recent else None


def _own_cost(
    kind: LetterKind, dispatch: date, deadline: date, claim: FeeClaim, together: Sequence[FeeClaim], rules: MoneyRules
) -> Traced[int]:
    if kind is LetterKind.WARNING:
        return _no_cost(kind, "notice_of_enforcement")
    if claim.replaced:
        return _no_cost(kind, "replaces_an_earlier_letter")
    if claim.regime is FeeRegime.LAWYER_LED:
        return _no_cost(kind, "lawyer_led")
    if claim.regime is FeeRegime.OWN_FEES:
        return letter_fee(kind, dispatch, claim.charged, rules=rules)
    if kind is not LetterKind.DEMAND:
        return _no_cost(kind, "salaer_covers_it")
    merged = SalaerClaim(
        size_ore=sum(one.size_ore for one in together),
        due_date=claim.charged.due_date,
        demand_deadline=deadline,
        business=claim.business,
        vat=claim.vat,
        minor=claim.charged.minor,
        disputed=claim.charged.disputed,
        letter_fees_ore=sum(letter_fees(one.charged.letters) for one in together),
    )
    return foreign_collection(merged, dispatch, rates=rules.rates)


def _no_cost(kind: LetterKind, ground: str) -> Traced[int]:
    inputs: dict[str, str | int | None] = {"kind": kind.value, "ground": ground}
    return Traced(value=0, trace=Trace(rule="demand.no_fee", reference="inkassoforskriften §§ 1-2, 1-3", inputs=inputs))
