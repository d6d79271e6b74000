"""What operators see of rates, limitation and the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from support.claims import Desk, desk


def shown(office: Desk, name: str, **labels: str) -> float:
    wanted = {"service": "claims-api", **labels}
    value = office.service.metrics.registry.get_sample_value(f"inkasso_{name}", wanted)
    assert value is not None
    return value


def test_a_rate_that_is_missing_shows_from_the_day_after_its_last(tmp_path: Path) -> None:
    with desk(tmp_path, date(2026, 12, 31), assume_rates=False) as office:
        office.run_job("rates")
        assert shown(office, "rates_missing", table="late_interest") == 0
        assert shown(office, "rates_days_left", table="late_interest") == 0
        office.clock.set(date(2027, 1, 1))
        office.run_job("rates")
        assert shown(office, "rates_missing", table="late_interest") == 1
        assert shown(office, "rates_missing", table="rettsgebyr") == 1


def test_the_ledger_is_watched_and_so_is_what_will_be_time_barred(office_on_both: Desk) -> None:
    office = office_on_both
    office.register(due_date="2026-01-10", limitation_date="2026-04-30")
    for job in ("ledger-check", "limitation-at-risk"):
        office.run_job(job)
    assert shown(office, "ledger_imbalance_ore") == 0
    assert shown(office, "limitation_at_risk_ore") == 300_000
    office.clock.set(date(2026, 5, 4))
    assert office.run_job("limitation") == 1
    office.run_job("limitation-at-risk")
    assert shown(office, "limitation_at_risk_ore") == 0
    told = office.get("/v1/claims", limit=1).json()["items"]
    assert [one["status"] for one in told] == ["time_barred"]
