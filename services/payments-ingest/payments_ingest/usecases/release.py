"""Releasing a file whose totals are proved: a batch of its lines becomes payments, matches and events at once.

Each batch is one transaction and deletes the staged lines it released, so a process that dies between two batches goes
on where the last one ended, and one that dies within a batch did nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from payments_ingest.deps import Deps
from payments_ingest.domain.files import BankFile, FileState, Step, outcome
from payments_ingest.domain.identity import Register, Standing, Verdict
from payments_ingest.domain.lines import QUEUED, Line, LineKind, PaymentState
from payments_ingest.store import days, files, payments
from payments_ingest.usecases import staging
from payments_ingest.usecases.bank_days import republish
from payments_ingest.usecases.debits import take_debits
from payments_ingest.usecases.matching import Match, match
from payments_ingest.usecases.payouts import take_statuses
from payments_ingest.usecases.posting import columns_of, post
from payments_ingest.usecases.returns import take_returns
from payments_ingest.usecases.reversals import reverse
from payments_ingest.usecases.statements import control, take_statements
from shared.uow import Uow

_STATE = {
    Standing.LINKED: PaymentState.LINKED,
    Standing.POSSIBLE_DUPLICATE: PaymentState.POSSIBLE_DUPLICATE,
    Standing.DUPLICATE: PaymentState.DUPLICATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What one batch did: how many staged lines it released, how many payments of each kind and with which result,
    and the file when it is done.
    """

    lines: int
    kinds: Mapping[str, int] = field(default_factory=dict)
    results: Mapping[str, int] = field(default_factory=dict)
    finished: BankFile | None = None


def release_batch(uow: Uow, deps: Deps, file_id: str, limit: int) -> Released:
    """Release the next lines of a file, or finish it when none is left. Does nothing to a file that is not staged."""
    file = files.lock_file(uow.tx, file_id)
    if file is None or file.step != Step.STAGED:
        return Released(lines=0)
    rows = files.next_staged(uow.tx, file_id, limit)
    if not rows:
        return Released(lines=0, finished=_finish(uow, deps, file))
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for _, what, body in rows:
        by_kind.setdefault(what, []).append(body)
    lines = [staging.to_line(body) for body in by_kind.get(staging.PAYMENT, [])]
    states = _release_lines(uow, deps, file_id, lines)
    take_debits(uow, file_id, by_kind.get(staging.DEBIT, []))
    take_statements(uow, file_id, by_kind.get(staging.STATEMENT_LINE, []), by_kind.get(staging.STATEMENT, []))
    take_statuses(uow, by_kind.get(staging.STATUS, []))
    files.delete_staged(uow.tx, file_id, [place for place, _, _ in rows])
    files.update_file(
        uow.tx,
        file_id,
        released_count=file.released_count + len(lines),
        queued_count=file.queued_count + sum(state in QUEUED for state in states),
        linked_count=file.linked_count + sum(state == PaymentState.LINKED for state in states),
    )
    return Released(
        lines=len(rows), kinds=Counter(str(line.kind) for line in lines), results=Counter(str(one) for one in states)
    )


def _finish(uow: Uow, deps: Deps, file: BankFile) -> BankFile:
    """Close a file: its bank days that were complete already are published again, statements are compared again."""
    state = outcome(file.queued_count)
    files.update_file(uow.tx, file.file_id, state=state, step=Step.DONE, finished_at=uow.now)
    touched = payments.days_of_file(uow.tx, file.file_id)
    days.open_days(uow.tx, touched)
    republish(uow, touched)
    control(uow, file.file_id, completes=deps.settings.completion == "statement")
    finished = files.find_file(uow.tx, file.file_id)
    if finished is None or finished.state == FileState.PROCESSING:
        raise RuntimeError(f"bank file: expected {state}, got nothing")
    return finished


def _release_lines(uow: Uow, deps: Deps, file_id: str, lines: Sequence[Line]) -> list[PaymentState]:
    """Judge, record and match lines in the order they stand; returns each line's state."""
    register = Register(payments.seen_like(uow.tx, lines))
    verdicts = {line.payment_id: register.judge(line, file_id) for line in lines}
    booked = [line for line in lines if verdicts[line.payment_id].standing is Standing.BOOKED]
    held = [line for line in lines if verdicts[line.payment_id].standing is not Standing.BOOKED]
    credits = [line for line in booked if line.kind is LineKind.CREDIT]
    returned = take_returns(uow, credits)
    matches = {**match(uow.tx, deps, [c for c in credits if c.payment_id not in returned]), **returned}
    rows = [_held(uow, file_id, line, verdicts[line.payment_id]) for line in held]
    rows += [_row(uow, file_id, line, booked=True, **columns_of(matches[line.payment_id])) for line in credits]
    payments.insert_payments(uow.tx, rows)
    post(uow, deps, credits, matches)
    states = {row["payment_id"]: row["state"] for row in rows}
    reversals = [line for line in booked if line.kind is LineKind.REVERSAL]
    states.update(reverse(uow, reversals, lambda line, **columns: _row(uow, file_id, line, **columns)))
    return [states[line.payment_id] for line in lines]


def _held(uow: Uow, file_id: str, line: Line, verdict: Verdict) -> dict[str, Any]:
    """A line that repeats another: recorded, not booked, told to nobody."""
    state = _STATE[verdict.standing]
    nothing = columns_of(Match(reason=str(verdict.standing)))
    return _row(uow, file_id, line, booked=False, **{**nothing, "state": state}, linked_to=verdict.of)


def _row(
    uow: Uow, file_id: str, line: Line, *, booked: bool = True, linked_to: str | None = None, **columns: Any
) -> dict[str, Any]:
    return {
        "payment_id": line.payment_id,
        "file_id": file_id,
        "position": line.position,
        "channel": line.channel,
        "kind": line.kind,
        "account": line.account,
        "day": line.day,
        "paid_on": line.paid_on,
        "amount_ore": line.amount_ore,
        "kid": line.kid,
        "message": line.message,
        "payer_name": line.payer_name,
        "payer_account": line.payer_account,
        "payer_bic": line.payer_bic,
        "references": list(line.references),
        "flags": list(line.flags),
        "archive_ref": line.archive_ref,
        "end_to_end_id": line.end_to_end_id,
        "type_code": line.type_code,
        "bank_line": line.bank_line,
        "channel_key": line.channel_key,
        "fingerprint": line.fingerprint,
        "booked": booked,
        "linked_to": linked_to,
        "assigned_to": None,
        "due_on": None,
        "version": 1,
        "recorded_at": uow.now,
        **columns,
    }
