"""What no constraint of the database says any more is still noticed when it does not hold."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from support.claims import Desk

from claims_api.invariants import broken


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("UPDATE claim SET unit = 'legevakten'", "claims: 1 whose unit or debtor is not their case's"),
        ("UPDATE claim SET debtor_ref = 'somebody-else'", "claims: 1 whose unit or debtor is not their case's"),
        ("UPDATE claim SET kid = '126009999900015'", "claims: 1 whose KID was never given out"),
        ("UPDATE case_file SET kid = '226009999900006'", "cases: 1 whose KID was never given out"),
        (
            "INSERT INTO ledger (transfer_id, kind, debit, debit_owner, credit, credit_owner, amount_ore, value_date,"
            " recorded_at, source_event, ordinal, trace) SELECT 'second', kind, debit, debit_owner, credit,"
            " credit_owner, amount_ore, value_date, recorded_at, 'an-event', 1, trace FROM ledger",
            "ledger: 1 sources whose transfers do not begin with the first",
        ),
    ],
)
def test_what_does_not_hold_is_told(office_on_both: Desk, wrong: str, told: str) -> None:
    office_on_both.register()
    with office_on_both.service.db.begin() as tx:
        assert broken(tx) == []
        tx.execute(text(wrong))
        assert told in broken(tx)
