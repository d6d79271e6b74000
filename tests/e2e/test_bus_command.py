"""``inkasso bus`` against a running server: read again, publish again, and nothing changes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from support.town import running

from inkasso.demo.persons import ANNE


def bus(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("INKASSO_")}
    return subprocess.run(
        [sys.executable, "-m", "inkasso.main", "bus", *arguments, "--reason", "a drill"],
        env={**given, "INKASSO_DATA_DIR": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_reading_and_publishing_again_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, date(2025, 12, 20), "F-1")
        town.go_to(date(2026, 1, 16))
        before = [town.claim(claim["claim_id"]), town.letters(claim["case_id"]), town.steps(claim["case_id"])]
        rewound = bus(tmp_path, "rewind", "escalation", "claims", "--time", "2020-01-01")
        assert rewound.returncode == 0, rewound.stderr
        assert "0: 0, 1: 0" in rewound.stdout
        again = bus(tmp_path, "republish", "claims-api", "claims")
        assert again.returncode == 0, again.stderr
        assert int(again.stdout.split()[0]) > 0
        persons = bus(tmp_path, "republish", "claims-api", "parties", "--as", "Oda Operatør")
        assert persons.stdout.startswith("1 "), persons.stderr
        town.settle()
        assert [town.claim(claim["claim_id"]), town.letters(claim["case_id"]), town.steps(claim["case_id"])] == before
        assert bus(tmp_path, "republish", "claims-api", "payments").returncode == 1
        assert bus(tmp_path, "rewind", "escalation", "claims").returncode == 2
