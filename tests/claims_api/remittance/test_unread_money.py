"""A payment event that cannot be applied or read holds its own case, and the bank's day is booked all the same."""

from __future__ import annotations

from datetime import date

import pytest
from support.treasury import ACCOUNT, Treasury

from claims_api.store import payments
from claims_api.tables import PLUMBING
from claims_api.usecases.register import Registered
from claims_api.usecases.unread_money import anything_unread, book_unread
from shared import parking
from shared.bus import Record
from shared.events.claims import DemandDeclined
from shared.events.payments import PaymentMatched

DAY = date(2026, 1, 16)


@pytest.fixture
def claim(treasury: Treasury) -> Registered:
    return treasury.register(due=date(2026, 1, 2))


def matched(claim: Registered, amount_ore: int = 20_000) -> PaymentMatched:
    return PaymentMatched(
        payment_id="payment-x",
        account=ACCOUNT,
        day=DAY,
        amount_ore=amount_ore,
        paid_on=DAY,
        kid="",
        case_id=claim.case_id,
    )


def dead(treasury: Treasury, key: str, **changes: str) -> None:
    """Let an event about a bank transaction arrive whose data cannot be read."""
    headers = {
        "ce_type": PaymentMatched.TYPE,
        "ce_source": "payments-ingest",
        "ce_subject": key,
        "ce_payment_id": "payment-x",
        "ce_account": ACCOUNT,
        "ce_day": DAY.isoformat(),
        "ce_amount_ore": "20000",
        **changes,
    }
    record = Record(topic="payments", partition=0, offset=0, key=key, value=b"{", headers=headers, timestamp_ms=0)
    with treasury.uow() as uow:
        parking.dead_letter(uow, record, "epoch", "value: expected JSON")


def book(treasury: Treasury) -> int:
    with treasury.db.read() as tx:
        waiting = anything_unread(tx, PLUMBING, "")
    with treasury.uow() as uow:
        done = book_unread(uow)
    assert waiting == bool(done)
    return done


def booked(treasury: Treasury) -> bool:
    with treasury.db.read() as tx:
        return DAY in payments.booked_days(tx, ACCOUNT, DAY, DAY)


def test_a_parked_payment_counts_in_its_day_and_is_applied_when_replayed(treasury: Treasury, claim: Registered) -> None:
    event = treasury.event(matched(claim))
    with treasury.uow() as uow:
        parking.park(uow, event, "test", "parked")
    treasury.close_bank_day(DAY, count=1, sum_ore=20_000)
    assert not booked(treasury)
    assert (book(treasury), book(treasury)) == (1, 0)
    assert booked(treasury)
    assert treasury.proof().suspense_ore == 20_000
    treasury.deliver([event])
    assert treasury.proof().suspense_ore == 0
    assert treasury.proof().bank_ore == 20_000, "the bank's row is there once"
    assert booked(treasury)


def test_a_payment_that_cannot_be_read_is_booked_from_its_headers_and_holds_its_case(
    treasury: Treasury, claim: Registered
) -> None:
    dead(treasury, claim.case_id)
    treasury.close_bank_day(DAY, count=1, sum_ore=20_000)
    assert (book(treasury), book(treasury)) == (1, 0)
    assert booked(treasury)
    assert treasury.proof().suspense_ore == 20_000 == treasury.proof().bank_ore
    treasury.at(date(2026, 1, 19)).step("inkassovarsel", claim)
    assert treasury.last(DemandDeclined).claim_ids == [claim.claim_id]
    with treasury.db.read() as tx:
        assert payments.candidates_of(tx, [claim.case_id]) == {claim.case_id: 1}


def test_a_reversal_that_cannot_be_read_is_booked_from_its_headers(treasury: Treasury, claim: Registered) -> None:
    paid = treasury.pay(claim, 20_000, DAY)
    kind = "no.kommune.innkreving.payment.reversed.v1"
    dead(treasury, claim.case_id, ce_type=kind, ce_payment_id="reversal-x", ce_amount_ore="-20000")
    assert book(treasury) == 1
    assert treasury.proof().bank_ore == 0
    assert paid.amount_ore == -treasury.proof().suspense_ore
    assert treasury.proof().difference_ore == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"ce_source": "somebody"},
        {"ce_installation": "another"},
        {"ce_subject": "another"},
        {"ce_type": "no.kommune.innkreving.bank_day.completed.v1"},
        {"ce_amount_ore": "1e4"},
        {"ce_amount_ore": "0"},
        {"ce_day": "yesterday"},
        {"ce_payment_id": ""},
    ],
)
def test_what_is_not_surely_ours_is_not_booked(treasury: Treasury, claim: Registered, changes: dict[str, str]) -> None:
    dead(treasury, claim.case_id, **changes)
    assert book(treasury) == 0
    assert treasury.proof().bank_ore == 0


def test_a_payment_that_is_booked_already_is_not_booked_again(treasury: Treasury, claim: Registered) -> None:
    treasury.pay(claim, 20_000, DAY, payment_id="payment-x")
    dead(treasury, claim.case_id)
    assert book(treasury) == 0
    assert (treasury.proof().bank_ore, treasury.proof().suspense_ore) == (20_000, 0)
