"""Every service has the same rooms, and every route names who may use it."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest
from architecture.tree import ROOT, SERVICES

ROOMS = ("app", "settings", "api", "domain", "usecases", "consumers", "jobs", "store", "tables", "invariants")


@pytest.mark.parametrize("package", SERVICES)
def test_a_service_has_every_room_as_a_module_or_a_package(package: str) -> None:
    folder = SERVICES[package]
    missing = [r for r in ROOMS if not (folder / f"{r}.py").exists() and not (folder / r / "__init__.py").exists()]
    assert missing == []
    assert (folder.parent / "README.md").exists()
    assert (folder.parent / "migrations" / "env.py").exists()


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml: services apart, shared below all, domain pure, layers in order."""
    done = subprocess.run(
        [sys.executable, "-m", "importlinter.cli", "lint", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", SERVICES)
def test_only_the_composition_root_imports_services(package: str) -> None:
    importlib.import_module(f"{package}.app")
    others = [other for other in SERVICES if other != package]
    code = f"import sys, {package}.app; print([m for m in {others} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PAST_THE_CALLER = {
    "claims_api/api/intake.py": "a commit that callers share, confined to the units of them all",
    "claims_api/api/cases.py": "a snapshot that is begun anew while it waits for a version, confined each time",
    "claims_api/api/token.py": "asks who a debtor is, before there is a caller",
}


def test_a_request_reaches_the_database_only_as_its_caller_may() -> None:
    """``ctx.read`` and ``ctx.uow`` confine a transaction to the caller's units (row-level security)."""
    found = {
        file.relative_to(folder.parent).as_posix()
        for folder in SERVICES.values()
        for file in (folder / "api").rglob("*.py")
        if re.search(r"\bservice\.(db|uow)\b", file.read_text("utf-8"))
    }
    assert found == set(PAST_THE_CALLER)


def test_no_unit_asks_the_service_whose_tables_have_no_policies() -> None:
    for file in (SERVICES["payments_ingest"] / "api").rglob("*.py"):
        assert "Role.AGENCY" not in file.read_text("utf-8"), file.name
