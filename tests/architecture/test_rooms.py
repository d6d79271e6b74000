"""Every service has the same rooms, and every route names who may use it."""

from __future__ import annotations

import importlib
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
