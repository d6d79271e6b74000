"""The source tree as the architecture tests read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = {
    "claims_api": ROOT / "services/claims-api/claims_api",
    "payments_ingest": ROOT / "services/payments-ingest/payments_ingest",
    "escalation": ROOT / "services/escalation/escalation",
    "notifications": ROOT / "services/notifications/notifications",
}
PACKAGES = {
    "shared": ROOT / "shared",
    "embedded": ROOT / "deploy/embedded",
    "inkasso": ROOT / "deploy/inkasso",
    **SERVICES,
}


def sources(*, tests: bool = False) -> Iterator[Path]:
    """Every Python file of the product (and of its tests)."""
    folders = [*PACKAGES.values(), *(ROOT / s.parent / "migrations" for s in SERVICES.values())]
    if tests:
        folders += [ROOT / "tests", ROOT / "benchmarks"]
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))
