"""A request is decided once."""

from __future__ import annotations

from typing import Any

import pytest
from support.counter import Counter


@pytest.mark.parametrize(
    ("what", "body", "first", "second"),
    [
        (
            "objections",
            {"text": "Plassen ble sagt opp."},
            {"outcome": "refused", "reasons": "Plassen var din."},
            {"outcome": "granted"},
        ),
        (
            "plans",
            {"instalments": 30, "first_due": "2026-02-16"},
            {"outcome": "granted"},
            {"outcome": "refused", "reasons": "Nei."},
        ),
    ],
)
def test_what_is_decided_is_not_decided_again_and_nothing_changes(
    desk: Counter, what: str, body: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    claim = desk.case()
    extra = {"claim_ids": [claim["claim_id"]]} if what == "objections" else {}
    request = desk.asked(claim, what, {**body, **extra})
    assert request["state"] == "pending"
    decided = desk.decide(request, **first)
    assert decided.status_code == 200, decided.text
    before = (desk.read(request), desk.balance(claim), desk.notices())
    again = desk.decide(request, **second)
    assert (again.status_code, again.json()["type"].rsplit(":", 1)[-1]) == (409, "request-decided")
    assert (desk.read(request), desk.balance(claim), desk.notices()) == before
