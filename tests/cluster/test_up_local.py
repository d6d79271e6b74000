"""``make up-local`` and ``make down-local``: everything comes up with one command, works, and is gone with another."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from support.claims import claim_body
from typer.testing import CliRunner

from local.__main__ import app
from local.layout import SERVICES
from local.process import answers, free_port, runs

pytestmark = [pytest.mark.needs_part("own_kafka_possible"), pytest.mark.needs_part("postgres_url")]


def four_ports() -> int:
    """The first of four free ports in a row."""
    while True:
        first = free_port()
        if first < 65_000 and not any(answers(first + n) for n in range(len(SERVICES))):
            return first


def test_it_comes_up_takes_a_claim_and_leaves_nothing_running(
    parts_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    folder, port = parts_folder / "up-local", four_ports()

    def local(*arguments: str) -> str:
        run = CliRunner().invoke(app, ["cluster", *arguments, "--folder", str(folder)])
        assert run.exit_code == 0, run.output
        return run.output

    try:
        said = local("up", "--port", str(port))
        assert all(f"http://127.0.0.1:{port + n}/docs" in said for n in range(len(SERVICES)))
        running = local("status")
        assert local("up", "--port", str(port)).count("(process ") == len(SERVICES)
        assert local("status") == running, "what runs is left alone"
        for n in range(len(SERVICES)):
            assert httpx.get(f"http://127.0.0.1:{port + n}/ready", trust_env=False).status_code == 200
        token = local("token", "agency", "bydel-frogner").strip()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
        body = claim_body(due_date="2026-01-10")
        taken = httpx.post(f"http://127.0.0.1:{port}/v1/claims", json=body, headers=headers, trust_env=False)
        assert taken.status_code == 201, taken.text
        told = dict(line.removeprefix("export ").split("=", 1) for line in local("env", "auditor").splitlines())
        assert told["INKASSO_URL"].startswith(f"claims-api=http://127.0.0.1:{port},")
        processes = [int(line.split("process ")[1].split(",")[0]) for line in running.splitlines()]
    finally:
        stopped = local("down")
        shutil.rmtree(folder, ignore_errors=True)
    assert [line.removesuffix(" stopped") for line in stopped.splitlines()] == [*SERVICES, "kafka", "postgres"]
    assert not any(runs(process, "") for process in processes)
    assert not any(answers(port + n) for n in range(len(SERVICES)))
