"""The command line ``inkasso``: against a running server, and what it says when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import httpx
import pytest
from support.town import running

from embedded.settings import SAMPLE_CREDITORS
from inkasso.demo.persons import ANNE
from inkasso.demo.town import Town
from payments_ingest.formats import FileReport, Format, IncomingPayment, read
from shared.auth import LOCAL_ISSUER, Role, verifier
from shared.clock import SystemMachine
from shared.kid import KidKind, make_case_number, make_kid

KID = make_kid(KidKind.CLAIM, make_case_number(2026, 999), 1)
DUE = date(2025, 12, 20)


def inkasso(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("INKASSO_")}
    return subprocess.run(
        [sys.executable, "-m", "inkasso.main", *arguments],
        env={**given, "INKASSO_DATA_DIR": str(folder), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "role"),
    [
        (["agency", "bydel-frogner"], Role.AGENCY),
        (["caseworker", "Ola Nordmann", "--role", "health"], Role.CASEWORKER),
        (["caseworker"], Role.CASEWORKER),
        (["auditor"], Role.AUDITOR),
        (["operator"], Role.OPERATOR),
        (["bank"], Role.BANK),
    ],
)
def test_tokens_are_printed_without_a_server(tmp_path: Path, arguments: list[str], role: Role) -> None:
    printed = inkasso(tmp_path, "token", *arguments)
    assert printed.returncode == 0, printed.stderr
    verify = verifier(
        keys_dir=tmp_path / "keys",
        sandbox=True,
        issuer=LOCAL_ISSUER,
        jwks_file=None,
        audience="inkasso",
        machine=SystemMachine(),
    )
    caller = verify.verify(printed.stdout.strip())
    assert caller.role is role
    assert caller.unit == ("bydel-frogner" if role is Role.AGENCY else "")
    assert caller.scopes == (frozenset({"health"}) if "--role" in arguments else frozenset())


def test_two_names_are_two_persons(tmp_path: Path) -> None:
    one, other = (inkasso(tmp_path, "token", "caseworker", name).stdout for name in ("Ola", "Kari"))
    assert one != other


def test_outside_the_sandbox_no_token_is_made(tmp_path: Path) -> None:
    refused = inkasso(tmp_path, "token", "operator", INKASSO_SANDBOX="0", INKASSO_ISSUER="https://id.example")
    assert refused.returncode == 1
    assert "INKASSO_ISSUER" in refused.stderr
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    "arguments",
    [["clock", "show"], ["case", "show", "x"], ["parked", "list"], ["creditors", "list"], ["clock", "advance", "3"]],
)
def test_without_a_server_it_says_how_to_start_one(tmp_path: Path, arguments: list[str]) -> None:
    # Port 9 is reserved and nothing listens there.
    refused = inkasso(tmp_path, *arguments, INKASSO_URL="http://127.0.0.1:9")
    assert refused.returncode == 1
    assert "python -m embedded" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_rates_are_checked_without_a_server(tmp_path: Path) -> None:
    checked = inkasso(tmp_path, "rates", "check")
    assert checked.returncode in (0, 2)
    assert "late_interest" in checked.stdout
    broken = tmp_path / "rates.toml"
    broken.write_text('[t]\nunit = "nok"\nknown_to = 2026-12-31\n[[t.rows]]\nvalid_from = 2026-01-01\nvalue = "1"\n')
    refused = inkasso(tmp_path, "rates", "check", str(broken))
    assert refused.returncode == 1
    assert "t row 1: source" in refused.stderr


def test_a_made_bank_file_pays_the_kids(tmp_path: Path) -> None:
    out = tmp_path / "ocr.txt"
    made = inkasso(
        tmp_path,
        "bank",
        "make-file",
        *("--pay", f"{KID}=1 234,50", "--pay", f"{KID}=1", "--day", "2026-01-29", "--ordered", "2026-01-28"),
        *("--out", str(out)),
    )
    assert made.returncode == 0, made.stderr
    with out.open("rb") as file:
        items = list(read(file, Format.OCR))
    assert isinstance(items[-1], FileReport)
    paid = [(item.kid, item.amount_ore, item.paid_on) for item in items if isinstance(item, IncomingPayment)]
    assert paid == [(KID, 1_234_50, date(2026, 1, 28)), (KID, 1_00, date(2026, 1, 28))]


@pytest.mark.parametrize("pay", [f"{KID}", f"{KID}=", f"{KID}=0", f"{KID}=-5", "123=5", f"{KID}=five"])
def test_a_payment_that_makes_no_sense_is_refused(tmp_path: Path, pay: str) -> None:
    refused = inkasso(tmp_path, "bank", "make-file", "--pay", pay, "--day", "2026-01-29")
    assert refused.returncode == 2
    assert refused.stderr.startswith("--pay: ")


def test_a_day_at_the_desk(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, DUE, "F-1")
        assert inkasso(tmp_path, "clock", "show").stdout.strip() == "2026-01-14"
        moved = inkasso(tmp_path, "clock", "advance", "2")
        assert "2026-01-16: 2 dager, 1 steg forfalt, 1 brev sendt, 0 betalinger" in moved.stdout
        assert "2026-01-20" in inkasso(tmp_path, "clock", "set", "2026-01-20").stdout
        back = inkasso(tmp_path, "clock", "set", "2026-01-19")
        assert back.returncode == 1
        assert "409" in back.stderr
        assert "datoen kan bare flyttes framover" in back.stderr

        file = tmp_path / "ocr.txt"
        pay = f"{claim['kid']}=100"
        assert inkasso(tmp_path, "bank", "make-file", "--pay", pay, "--out", str(file)).returncode == 0
        imported = inkasso(tmp_path, "import", str(file))
        assert imported.returncode == 0, imported.stderr
        assert "godtatt" in imported.stdout
        spoilt = tmp_path / "spoilt.txt"
        spoilt.write_bytes(file.read_bytes()[:-40] + b"9" * 40)
        refused = inkasso(tmp_path, "import", str(spoilt))
        assert refused.returncode == 1
        assert "line 6: expected" in refused.stdout

        for name in (claim["case_id"], claim["case_number"], claim["kid"]):
            shown = inkasso(tmp_path, "case", "show", name)
            assert shown.returncode == 0, shown.stderr
            assert "3 250,00" in shown.stdout.replace("\N{NO-BREAK SPACE}", " ")
            assert "inkassovarsel" in shown.stdout.lower()
        assert inkasso(tmp_path, "case", "show", KID).returncode == 1
        assert "Ingen hendelser venter" in inkasso(tmp_path, "parked", "list").stdout
        _debtor_token(tmp_path, town, claim["case_id"])
        _creditors(tmp_path)


def _debtor_token(folder: Path, town: Town, case_id: str) -> None:
    token = inkasso(folder, "token", "debtor", ANNE.national_id).stdout.strip()
    url = f"{town.server.base_url}/claims-api/v1/cases/{case_id}"
    assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False).status_code == 200
    unknown = inkasso(folder, "token", "debtor", "03847921160")
    assert unknown.returncode == 1
    assert inkasso(folder, "token", "debtor", "12345678901").returncode == 1


def _creditors(folder: Path) -> None:
    assert "Uendret" in inkasso(folder, "creditors", "apply", str(SAMPLE_CREDITORS)).stdout
    changed = folder / "creditors.toml"
    changed.write_text(SAMPLE_CREDITORS.read_text("utf-8").replace("13150200010", "13150101837"), "utf-8")
    proposed = inkasso(folder, "creditors", "apply", str(changed), "--as", "Olav")
    assert "inkasso creditors approve" in proposed.stdout
    change_id = proposed.stdout.split("approve ")[1].split()[0]
    assert inkasso(folder, "creditors", "approve", change_id, "--as", "Olav").returncode == 1
    assert inkasso(folder, "creditors", "approve", change_id, "--as", "Kari").returncode == 0
    assert "kulturhus-as" in inkasso(folder, "creditors", "list").stdout
