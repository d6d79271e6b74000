"""The installation as a thing: it starts empty, survives being killed, refuses a second process, says where to go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey
from support.town import START, running

from inkasso.demo.persons import ANNE
from inkasso.demo.town import Payment, Town
from inkasso.server import OwnServer

DUE = date(2025, 12, 20)


def test_the_root_explains_and_the_probes_answer(tmp_path: Path) -> None:
    with running(tmp_path) as town, httpx.Client(base_url=town.server.base_url, trust_env=False) as http:
        front = http.get("/")
        assert front.headers["content-type"] == "text/html; charset=utf-8"
        assert 'lang="nb"' in front.text
        for service in ("claims-api", "payments-ingest", "escalation", "notifications"):
            assert f'href="/{service}/docs"' in front.text
            assert http.get(f"/{service}/docs").status_code == 200
            assert http.get(f"/{service}/openapi.json").json()["openapi"].startswith("3.")
        assert http.get("/health").json() == {"status": "ok"}
        assert http.get("/ready").json() == {"ready": True, "faults": {}}
        metrics = http.get("/metrics").text
        assert metrics.count("# TYPE inkasso_outbox_waiting gauge") == 1
        assert 'inkasso_outbox_waiting{service="escalation"} 0.0' in metrics
        assert http.get("/nowhere").status_code == 404


def test_the_root_has_limits_of_its_own(tmp_path: Path) -> None:
    with running(tmp_path) as town, httpx.Client(base_url=town.server.base_url, trust_env=False) as http:
        for path in ("/health", "/sandbox/v1/clock", "/nowhere"):
            wide = http.get(path, headers={"X-Wide": "x" * 40_000})
            assert (wide.status_code, wide.headers["content-type"]) == (413, "application/problem+json")
        long = http.post("/sandbox/v1/clock", content=b" " * 20_000 + b'{"advance_days": 1}')
        assert long.status_code == 413
        assert town.today() == START
        assert 'service="embedded",status="413"' in http.get("/metrics").text


def test_a_start_says_where_to_go_and_the_call_it_shows_works(tmp_path: Path) -> None:
    environment = {**os.environ, "INKASSO_DATA_DIR": str(tmp_path), "INKASSO_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "embedded"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            shown = "".join(iter(server.stdout.readline, "Stopp med Ctrl-C.\n"))
            call = shown[shown.index("  TOKEN=") : shown.index("Svaret har")]
            given = {**environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            answer = subprocess.run(["sh", "-c", call], env=given, capture_output=True, text=True, check=True)
        finally:
            server.terminate()
    assert json.loads(answer.stdout)["status"] == "accepted"
    assert str(tmp_path / "letters") in shown


def test_a_second_process_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        environment = {**os.environ, "INKASSO_DATA_DIR": str(tmp_path), "INKASSO_PORT": "0"}
        second = subprocess.run(
            [sys.executable, "-m", "embedded"], env=environment, capture_output=True, text=True, check=False
        )
        assert second.returncode == 2
        assert "INKASSO_DATA_DIR" in second.stderr
        assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("INKASSO_PORT", "many", "INKASSO_PORT: expected a whole number, got other text\n"),
        ("INKASSO_SANDBOX", "0", "INKASSO_ISSUER: expected a configured issuer outside the sandbox"),
        ("INKASSO_DATABASE_URL", "sqlite:///x.db", "INKASSO_DATABASE_URL"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(tmp_path: Path, name: str, value: str, told: str) -> None:
    environment = {**os.environ, "INKASSO_DATA_DIR": str(tmp_path), name: value}
    run = subprocess.run(
        [sys.executable, "-m", "embedded"], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert told in run.stderr
    assert "Traceback" not in run.stderr


def test_nothing_is_lost_or_done_twice_when_the_process_is_killed(tmp_path: Path) -> None:
    settings = {"INKASSO_INBOX_SETTLE_S": "0"}
    server = OwnServer(tmp_path, START, settings)
    server.start()
    town = Town(server.client)
    claim = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, DUE, "F-1")
    town.go_to(date(2026, 1, 15))
    server.kill()

    with running(tmp_path, None) as town:
        assert town.today() == date(2026, 1, 15)
        town.settle()
        (letter,) = town.letters(claim["case_id"])
        town.pay(Payment(kid=claim["kid"], amount_ore=letter["amount_ore"]))
        town.go_to(date(2026, 2, 10))
        ended = town.claim(claim["claim_id"])
        assert (ended["status"], ended["balance"]["total_ore"]) == ("settled", 0)
        assert len(town.letters(claim["case_id"])) == 1


def test_outside_the_sandbox_the_date_is_real_and_nothing_of_the_sandbox_is_there(tmp_path: Path) -> None:
    keys = tmp_path / "issuer.json"
    keys.write_text(json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}), "utf-8")
    earnest = {
        "INKASSO_SANDBOX": "0",
        "INKASSO_ISSUER": "https://id.example",
        "INKASSO_ISSUER_JWKS": str(keys),
        "INKASSO_ID_ISSUER": "https://idporten.example",
        "INKASSO_ID_ISSUER_JWKS": str(keys),
    }
    with running(tmp_path / "var", None, **earnest) as town:
        with httpx.Client(base_url=town.server.base_url, trust_env=False) as http:
            assert http.get("/ready").json() == {"ready": True, "faults": {}}
            assert http.get("/sandbox/v1/clock").status_code == 404
            assert http.post("/sandbox/v1/clock", json={"advance_days": 1}).status_code == 404
            assert "sandkasse" not in http.get("/").text
        assert not (tmp_path / "var" / "clock.json").exists()


def test_the_demonstration_holds_what_it_promises(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "inkasso.main", "demo", str(folder)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"})
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "✗" not in shown.stdout
    assert "banken = regnskapet = andelene" in shown.stdout
    letters = sorted(path.parent.name for path in (folder / "letters").rglob("*.pdf"))
    assert letters == ["2026-01-15"] * 5 + ["2026-01-22"] + ["2026-02-04"] * 2 + ["2026-02-11"]
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "ikke tom" in again.stderr


def test_every_sample_unit_can_hand_over_its_claim_types(tmp_path: Path) -> None:
    units = {
        "bydel-frogner": ["kindergarten", "home_care", "nursing_home"],
        "utdanningsetaten": ["after_school"],
        "helseetaten": ["emergency_clinic", "dental_emergency"],
        "deichman": ["library_replacement"],
        "boligbygg-kf": ["rent"],
        "plan-og-bygningsetaten": ["coercive_fine"],
        "byradsavdeling-finans": ["other_invoice"],
        "kulturhus-as": ["other_invoice"],
    }
    more = {
        "rent": {"premises": "home"},
        "coercive_fine": {"legal_basis": {"kind": "decision", "date": "2025-10-01", "reference": "V-1"}},
    }
    with running(tmp_path) as town:
        for unit, types in units.items():
            for kind in types:
                claim = town.register(unit, ANNE, kind, 1_000_00, DUE, f"F-{kind}", **more.get(kind, {}))
                assert claim["status"] == "accepted"
