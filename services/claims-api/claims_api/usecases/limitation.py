"""Limitation day by day (foreldelse): warnings, the day after the last day, and what a late interruption takes back.

A time-barred claim is asked for no more: letters that have not left stay, no plan or step follows, and money that comes
afterwards rests with the debtor's case until a person has looked. Whether it is written off is for a person too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.limitation import is_barred
from claims_api.store import cases, claims, ledger
from claims_api.store import writeoff as store
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.writeoff import TIME_BARRED, WriteOff
from claims_api.usecases.casebook import book_cases, load_books
from claims_api.usecases.consequences import SYSTEM, tell_what_changed
from claims_api.usecases.payments import settle_case
from claims_api.usecases.requests.freezing import set_status_again, withdraw_pending
from claims_api.usecases.requests.instalments import after_money
from shared.events.claims import ClaimEnded, ClaimReopened
from shared.uow import Uow


def anything_due(tx: Connection, deps: Deps, today: date) -> bool:
    """Tell whether a claim is to be warned about, is time-barred, or was called so too soon."""
    to_warn = store.to_warn(tx, today, deps.limitation.warning_days, 1)
    return bool(to_warn or store.to_bar(tx, today, 1) or store.barred_too_soon(tx, today, 1))


def follow_limitation(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Do what the day brings to limitation; returns how many claims it was about."""
    return _warn(uow, deps, limit) + _reopen(uow, deps, limit) + _bar(uow, deps, limit)


def _warn(uow: Uow, deps: Deps, limit: int) -> int:
    warned = store.to_warn(uow.tx, uow.today, deps.limitation.warning_days, limit)
    locked = cases.lock_cases(uow, {one.case_id for one in warned})
    about = claims.find_claims(uow.tx, [one.claim_id for one in warned])
    store.add_warnings(uow.tx, warned, uow.today)
    lines = []
    for one in warned:
        left = (one.last_day - uow.today).days
        summary = f"Kravet foreldes {one.last_day:%d.%m.%Y}, om {left} dager"
        lines.append(_line(uow, locked[one.case_id], about[one.claim_id], "limitation.warning", summary))
    cases.add_timeline(uow.tx, lines)
    return len(warned)


def _bar(uow: Uow, deps: Deps, limit: int) -> int:
    due = store.to_bar(uow.tx, uow.today, limit)
    locked = cases.lock_cases(uow, {case_id for case_id, _ in due})
    found = claims.find_claims(uow.tx, [claim_id for _, claim_id in due])
    # Read again under the locks: money or an acknowledgement may have come between the two looks.
    barred = [one for one in found.values() if one.ended_on is None and is_barred(one.last_day, uow.today)]
    days = {one.claim_id: one.last_day + timedelta(days=1) for one in barred}
    for claim in barred:
        withdraw_pending(uow, locked[claim.case_id], [claim.claim_id], TIME_BARRED)
        ledger.end_by_decision(
            uow.tx, claim.claim_id, status=TIME_BARRED, ended_on=days[claim.claim_id], end_reason=TIME_BARRED
        )
    _settle(uow, deps, locked, days)
    for claim in barred:
        ended = ClaimEnded(
            case_id=claim.case_id, claim_id=claim.claim_id, ended_on=days[claim.claim_id], reason="time_barred"
        )
        uow.emit(ended, key=claim.case_id)
    lines = [_line(uow, locked[one.case_id], one, "claim.time_barred", "Kravet er foreldet") for one in barred]
    cases.add_timeline(uow.tx, lines)
    _propose(uow, barred)
    return len(barred)


def _settle(uow: Uow, deps: Deps, locked: Mapping[str, Case], days: Mapping[str, date]) -> None:
    books = load_books(uow.tx, locked)
    causes = dict.fromkeys(locked)
    booked = book_cases(uow, deps, books, causes, interest_to={claim_id: [day] for claim_id, day in days.items()})
    tell_what_changed(uow, deps, books, booked, causes)
    after_money(uow, deps, locked)


def _propose(uow: Uow, barred: Sequence[Claim]) -> None:
    """Let a person decide whether these are written off; what was proposed before for another reason stands."""
    waiting = {one.claim_id for one in store.proposed_of(uow.tx, [one.claim_id for one in barred])}
    fresh = claims.find_claims(uow.tx, [one.claim_id for one in barred if one.claim_id not in waiting])
    store.add_write_offs(
        uow.tx,
        [
            WriteOff(
                write_off_id=uow.new_id("write-off"),
                case_id=claim.case_id,
                claim_id=claim.claim_id,
                reason=TIME_BARRED,
                amount_ore=claim.left_ore,
                state=store.PROPOSED,
                proposed_by=SYSTEM,
                proposed_at=uow.now,
            )
            for claim in fresh.values()
        ],
    )


def _reopen(uow: Uow, deps: Deps, limit: int) -> int:
    """A step that was filed in time and became known late: the claim never was time-barred."""
    due = store.barred_too_soon(uow.tx, uow.today, limit)
    if not due:
        return 0
    locked = cases.lock_cases(uow, {case_id for case_id, _ in due})
    ids = [claim_id for _, claim_id in due]
    store.open_again(uow.tx, ids)
    for write_off in store.proposed_of(uow.tx, ids):
        store.change_write_off(
            uow.tx, write_off.write_off_id, state=store.DROPPED, decided_by=SYSTEM, decided_at=uow.now
        )
    found = claims.find_claims(uow.tx, ids)
    set_status_again(uow, list(found.values()))
    for case in locked.values():
        settle_case(uow, deps, case)
    lines = []
    for claim in found.values():
        reopened = ClaimReopened(case_id=claim.case_id, claim_id=claim.claim_id, reopened_on=uow.today)
        uow.emit(reopened, key=claim.case_id)
        summary = "Kravet er ikke foreldet: fristen var avbrutt"
        lines.append(_line(uow, locked[claim.case_id], claim, "claim.reopened", summary))
    cases.add_timeline(uow.tx, lines)
    return len(due)


def _line(uow: Uow, case: Case, claim: Claim, kind: str, text: str) -> TimelineEntry:
    return TimelineEntry(
        entry_id=uow.new_id("timeline"),
        case_id=case.case_id,
        claim_id=claim.claim_id,
        at=case.last_recorded_at,
        type=kind,
        summary=f"{text} (faktura {claim.invoice_number})",
        actor=SYSTEM,
        facts={"claim_id": claim.claim_id, "last_day": claim.last_day.isoformat()},
    )
