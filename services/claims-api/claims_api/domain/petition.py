"""May an approved legal step go to its body? The last judgement before a petition (begjæring, klage) is frozen.

Pure judgement over what is known under the cases' locks, as for a demand (``domain.demand``): whatever speaks against
one claim lets the whole step fall away, and its ladder goes on from where the claims stand.
"""

from __future__ import annotations

from collections.abc import Sequence

from claims_api.domain.demand import CaseCheck, ClaimCheck, Refusal, bank_days_needed, first_day_after
from claims_api.domain.rules import MoneyRules

UTLEGG, COMPLAINT = "utlegg", "complaint"


def judge_petition(
    kind: str, claims: Sequence[ClaimCheck], case: CaseCheck, *, identified: bool, rules: MoneyRules
) -> Refusal | None:
    """Return why one case's legal step may not go, None when it may.

    ``kind``: utlegg or complaint; a complaint rests on no letter's deadline. ``identified``: the debtor has a national
    id or an organisation number, without which no body takes a petition (tvangsfullbyrdelsesloven § 5-2).
    """
    if not claims:
        return Refusal.NOT_IN_CASE
    found = (_refuse_claim(kind, claim, case, rules) for claim in claims)
    stopped = next((reason for reason in found if reason is not None), None)
    if stopped is not None:
        return stopped
    stops = (
        (not identified, Refusal.NO_IDENTITY),
        (not case.rates_known, Refusal.RATES_MISSING),
        (case.events_parked, Refusal.EVENTS_PARKED),
        (case.candidate_payments > 0, Refusal.CANDIDATE_PAYMENT),
    )
    return next((reason for stops_it, reason in stops if stops_it), None)


def _refuse_claim(kind: str, claim: ClaimCheck, case: CaseCheck, rules: MoneyRules) -> Refusal | None:
    first = first_day_after(claim, rules=rules) if kind == UTLEGG else None
    stops = (
        (claim.ended or claim.owed_ore <= 0, Refusal.NOTHING_OWED),
        (claim.barred, Refusal.TIME_BARRED),
        (claim.disputed, Refusal.DISPUTED),
        (claim.held, Refusal.ON_HOLD),
        (claim.pending, Refusal.DEMAND_PENDING),
        (first is not None and case.today < first, Refusal.DEADLINE_RUNNING),
        (not set(bank_days_needed(claim, rules=rules)) <= case.booked, Refusal.BANK_DAY_OPEN),
    )
    return next((reason for stopped, reason in stops if stopped), None)
