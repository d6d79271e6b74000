"""What events tell of claims is what money is matched by, however many of them come at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bankroom import Bankroom, number, ocr, registered

from payments_ingest.formats.ocr_write import OcrPayment
from shared.events.claims import ClaimBalanceChanged, ClaimEnded, ClaimReopened
from shared.events.payments import PaymentMatched


@pytest.fixture
def room(tmp_path: Path, database_url: str | None) -> Iterator[Bankroom]:
    room = Bankroom(tmp_path, url=database_url)
    room.feed(registered(1))
    yield room
    room.service.db.close()


@pytest.mark.parametrize("ends", [False, True])
def test_of_what_one_batch_tells_of_a_claim_the_last_holds(room: Bankroom, ends: bool) -> None:
    ended = ClaimEnded(case_id="case-1", claim_id="claim-1", ended_on=room.clock.today(), reason="settled")
    reopened = ClaimReopened(case_id="case-1", claim_id="claim-1", reopened_on=room.clock.today())
    left = [
        ClaimBalanceChanged(case_id="case-1", claim_id="claim-1", principal_left_ore=ore, total_left_ore=ore + 1_500)
        for ore in (0, 40_000)
    ]
    room.feed(left[0], ended, reopened, left[1], *([ended] if ends else []))
    room.imported(ocr(OcrPayment(amount_ore=41_500, type_code="21", text=number(1))))
    assert [m.case_id for m in room.published(PaymentMatched)] == ([] if ends else ["case-1"])
