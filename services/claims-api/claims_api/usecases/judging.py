"""What a judgement of a demand looks at, read under the case's lock (see ``domain.demand``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from claims_api.deps import Deps
from claims_api.domain.accrual import ClaimBalance, claim_balance
from claims_api.domain.claim_types import claim_type
from claims_api.domain.demand import (
    CaseCheck,
    ClaimCheck,
    FeeClaim,
    SentLetter,
    Verdict,
    demand_fee,
    judge,
)
from claims_api.domain.facts import Dispute
from claims_api.domain.fees import ChargedClaim, EarlierLetter, FeeRegime, LetterKind
from claims_api.domain.ledger import EntryKind, known, standing
from claims_api.domain.limitation import is_barred
from claims_api.domain.objections import undisputed
from claims_api.store import (
    claims,
    debtors,
    demands,
    holds,
    payments,
    requests,
    requests_limitation,
    requests_plans,
)
from claims_api.store.claims import Claim
from claims_api.store.debtors import Debtor
from claims_api.store.demands import FeeDay
from claims_api.usecases.casebook import CaseBook, unit_letters
from claims_api.usecases.consequences import CLOSED_BY_HAND
from shared import parking
from shared.law import Traced
from shared.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One case as a judgement sees it on a planned day. ``besides``: the demand that is judged itself."""

    book: CaseBook
    planned: date
    checks: Mapping[str, ClaimCheck]
    case: CaseCheck
    owed: Mapping[str, ClaimBalance]
    liable: Mapping[str, Sequence[str]]
    debtor: Debtor
    besides: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is read once for all cases of a batch. ``fee_days`` grows as demands are issued.

    ``pay_by``: the last day to pay that a deferral, or the end of a plan or request, gave a claim; ``judged``: the day
    of the latest judgment about one.
    """

    books: Mapping[str, CaseBook]
    held: Mapping[str, Sequence[holds.Hold]]
    held_debtors: Mapping[str, set[str]]
    liable: Mapping[str, Sequence[str]]
    candidates: Mapping[str, int]
    parked: set[str]
    debtors: Mapping[str, Debtor]
    booked: frozenset[date]
    fee_days: list[FeeDay]
    pay_by: Mapping[str, date]
    judged: Mapping[str, date]


def look(uow: Uow, deps: Deps, books: Mapping[str, CaseBook]) -> Looked:
    """Read what judgements of these cases need, set by set."""
    ids = [claim.claim_id for book in books.values() for claim in book.claims]
    first = min((claim.registered_on for book in books.values() for claim in book.claims), default=uow.today)
    liable = claims.parties_of(uow.tx, ids)
    primary = [book.case.debtor_ref for book in books.values()]
    since = uow.today - timedelta(days=deps.rules.demand_fee_gap(uow.today))
    return Looked(
        books=books,
        held=holds.stopping_holds(uow.tx, ids),
        held_debtors=holds.held_debtors(uow.tx, ids),
        liable=liable,
        candidates=payments.candidates_of(uow.tx, books),
        parked=_parked(uow, books),
        debtors=debtors.find_debtors(uow.tx, [*primary, *(ref for refs in liable.values() for ref in refs)]),
        booked=payments.booked_days(uow.tx, deps.settings.payee_account, first, uow.today),
        fee_days=demands.fee_days(uow.tx, primary, LetterKind.DEMAND.value, since),
        pay_by=requests.pay_by_of(uow.tx, ids),
        judged=requests_limitation.judged_on(uow.tx, ids),
    )


def _parked(uow: Uow, case_ids: Collection[str]) -> set[str]:
    """Return the cases that a parked event may be about: under their own key, or that of a plan they are in."""
    leads = requests_plans.leads_of(uow.tx, case_ids)
    keys = {case_id: {case_id, *leads.get(case_id, ())} for case_id in case_ids}
    parked = parking.parked_keys(uow.tx, uow.tables, sorted(set().union(*keys.values())))
    return {case_id for case_id, mine in keys.items() if mine & parked}


def sight(
    uow: Uow,
    deps: Deps,
    looked: Looked,
    case_id: str,
    claim_ids: Sequence[str],
    planned: date,
    besides: str | None = None,
) -> Sight:
    """Gather what the judgement of these claims of one case needs, for a letter that leaves on ``planned``."""
    book = looked.books[case_id]
    wanted = [claim for claim in book.claims if claim.claim_id in claim_ids]
    entries = known(book.entries, as_of=planned, known_at=None)
    owed = {
        claim.claim_id: _without_disputed(
            claim_balance(entries, claim.claim_id, book.terms(claim), planned, rules=deps.rules),
            _disputes(book, claim, uow.today),
        )
        for claim in wanted
    }
    checks = {claim.claim_id: _check(uow, looked, book, claim, owed[claim.claim_id], besides) for claim in wanted}
    others = [one for one in book.demands if one.demand_id != besides and one.state != demands.WITHDRAWN]
    return Sight(
        book=book,
        planned=planned,
        checks=checks,
        case=CaseCheck(
            today=uow.today,
            booked=looked.booked,
            candidate_payments=looked.candidates.get(case_id, 0),
            events_parked=case_id in looked.parked,
            demand_today=any(one.planned_dispatch == planned or one.issued_on == uow.today for one in others),
            rates_known=_rates_known(deps, planned, wanted),
        ),
        owed=owed,
        liable={name: _receivers(looked, name) for name in checks},
        debtor=looked.debtors[book.case.debtor_ref],
        besides=besides,
    )


def verdict_of(deps: Deps, seen: Sight, kind: LetterKind) -> Verdict:
    """Judge every claim that is seen."""
    return judge(kind, list(seen.checks.values()), seen.case, rules=deps.rules)


def fee_of(
    deps: Deps, looked: Looked, seen: Sight, kind: LetterKind, claim_ids: Sequence[str], deadline: date
) -> Traced[int]:
    """Return the fee a letter about these claims carries, oldest claim first; the caller holds the debtor's lock."""
    book = seen.book
    mine = (book.case.debtor_ref, book.case.legal_person)
    days = [
        one.planned_dispatch
        for one in looked.fee_days
        if (one.debtor_ref, one.legal_person) == mine and one.demand_id != seen.besides
    ]
    priced = [_fee_claim(book, book.claim(name), seen) for name in claim_ids]
    last = max(days, default=None)
    return demand_fee(kind, seen.planned, deadline, priced, last_demand_fee_on=last, rules=deps.rules)


def _check(
    uow: Uow, looked: Looked, book: CaseBook, claim: Claim, owed: ClaimBalance, besides: str | None
) -> ClaimCheck:
    pending = any(
        one.state in demands.PENDING and one.demand_id != besides and claim.claim_id in one.owed for one in book.demands
    )
    letters = [*_own_notice(claim), *_sent_letters(book, claim)]
    return ClaimCheck(
        claim_id=claim.claim_id,
        due_date=claim.due_date,
        registered_on=claim.registered_on,
        owed_ore=owed.balance.total_ore,
        ended=claim.ended_on is not None or claim.status in CLOSED_BY_HAND,
        disputed=any(one.amount_ore is None for one in _disputes(book, claim, uow.today)),
        held=claim.claim_id in looked.held or claim.status in ("hearing", "plan"),
        barred=is_barred(claim.last_day, uow.today),
        pending=pending,
        letters=_with_more_time(letters, looked.pay_by.get(claim.claim_id)),
    )


def _disputes(book: CaseBook, claim: Claim, today: date) -> list[Dispute]:
    return [one for one in book.disputes.get(claim.claim_id, ()) if one.stands_on(today)]


def _without_disputed(owed: ClaimBalance, disputes: Sequence[Dispute]) -> ClaimBalance:
    """A letter asks for what is not disputed of a claim, while an objection to a part of it stands."""
    part_ore = max((one.amount_ore for one in disputes if one.amount_ore is not None), default=0)
    return replace(owed, balance=undisputed(owed.balance, part_ore)) if part_ore else owed


def _with_more_time(letters: Sequence[SentLetter], pay_by: date | None) -> list[SentLetter]:
    """Move the deadline of the latest letter to the last day to pay that was given since."""
    latest = max(letters, key=lambda letter: (letter.deadline, letter.sent_on), default=None)
    if latest is None or pay_by is None or pay_by <= latest.deadline:
        return list(letters)
    return [replace(one, deadline=pay_by) if one is latest else one for one in letters]


def _own_notice(claim: Claim) -> list[SentLetter]:
    if claim.notice_sent_on is None or claim.notice_deadline is None or claim.notice_void is not None:
        return []
    return [
        SentLetter(kind=LetterKind.NOTICE, sent_on=claim.notice_sent_on, deadline=claim.notice_deadline, by_unit=True)
    ]


def _sent_letters(book: CaseBook, claim: Claim) -> list[SentLetter]:
    return [
        SentLetter(kind=LetterKind(one.kind), sent_on=one.sent_on, deadline=one.deadline)
        for one in book.demands
        if one.stands and claim.claim_id in one.owed and one.sent_on is not None
    ]


def _rates_known(deps: Deps, planned: date, wanted: Sequence[Claim]) -> bool:
    names = ["inkassosats"]
    if any(claim.interest_from is not None for claim in wanted):
        names.append("late_interest")
    return deps.rules.rates.complete_on(planned, *names)


def _receivers(looked: Looked, claim_id: str) -> list[str]:
    away = looked.held_debtors.get(claim_id, set())
    return [ref for ref in looked.liable.get(claim_id, ()) if ref not in away]


def _fee_claim(book: CaseBook, claim: Claim, seen: Sight) -> FeeClaim:
    return FeeClaim(
        claim_id=claim.claim_id,
        charged=ChargedClaim(
            due_date=claim.due_date,
            minor=claim.minor,
            disputed=bool(_disputes(book, claim, seen.case.today)),
            letters=[*unit_letters(claim), *_charged_letters(book, claim)],
        ),
        regime=FeeRegime(claim.fee_regime),
        size_ore=claim.original_principal_ore,
        replaced=any(
            one.stands and one.kind == LetterKind.DEMAND.value and claim.claim_id in one.owed for one in book.demands
        ),
        business=seen.debtor.kind == "business",
        vat=claim_type(claim.claim_type).outside_vat,
    )


def _charged_letters(book: CaseBook, claim: Claim) -> list[EarlierLetter]:
    carried = {row.about: row.amount_ore for row in standing(book.entries) if row.kind is EntryKind.FEE}
    mine = {row.about for row in standing(book.entries) if row.kind is EntryKind.FEE and row.claim_id == claim.claim_id}
    return [
        EarlierLetter(
            kind=LetterKind(one.kind),
            sent_on=one.sent_on,
            deadline=one.deadline,
            fee_ore=carried[one.demand_id] if one.demand_id in mine else 0,
        )
        for one in book.demands
        if one.stands and claim.claim_id in one.owed and one.sent_on is not None
    ]
