"""The style that matters is a test: sizes, clocks, money, silence about people and about ourselves."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from architecture.tree import PACKAGES, ROOT, parsed, short, sources

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
SHARED_LINES_MAX = 8_500
CLOCK_CALLS = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
CLOCK_OWNERS = {"datetime", "date", "time", "dt"}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [f for f in files if f.is_file()]


def test_no_file_is_too_long() -> None:
    """A migration is exempt: it is one subject, however many tables it makes, and it is never edited."""
    lines = {
        short(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(tests=True)
        if "migrations" not in path.parts
    }
    assert {name: count for name, count in lines.items() if count > FILE_LINES_MAX} == {}


def test_no_function_is_too_long() -> None:
    long = {}
    for path in sources():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "migrations" not in path.parts:
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long[f"{short(path)}:{node.name}"] = lines
    assert long == {}


def test_shared_stays_small() -> None:
    """Contracts (``shared/events``) grow with the product and are not counted."""
    files = [p for p in PACKAGES["shared"].rglob("*.py") if "events" not in p.parts]
    lines = sum(len(p.read_text(encoding="utf-8").splitlines()) for p in files)
    assert lines <= SHARED_LINES_MAX


def test_only_the_clock_reads_a_clock() -> None:
    found = []
    for path in sources():
        if path == PACKAGES["shared"] / "clock.py":
            continue
        for node in ast.walk(parsed(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CLOCK_CALLS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in CLOCK_OWNERS
            ):
                found.append(f"{short(path)}:{node.lineno}")
    assert found == []


def _asks_the_database_for_the_time(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in {"current_timestamp", "current_date", "localtimestamp"}:
        return True
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "now"):
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id == "func"


def test_no_sql_reads_a_clock() -> None:
    found = [
        f"{short(path)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in sources()
        for node in ast.walk(parsed(path))
        if _asks_the_database_for_the_time(node)
    ]
    assert found == []


def _is_float(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    return isinstance(node, ast.Name) and node.id == "float"


@pytest.mark.parametrize("room", ["domain", "usecases", "store", "formats"])
def test_no_float_near_money(room: str) -> None:
    found = [
        f"{short(path)}:{node.lineno}"
        for path in sources()
        if room in path.parts or path.name == f"{room}.py"
        for node in ast.walk(parsed(path))
        if _is_float(node)
    ]
    found += [
        f"shared/{n}.py"
        for n in ("money", "law", "kid")
        for node in ast.walk(parsed(PACKAGES["shared"] / f"{n}.py"))
        if _is_float(node)
    ]
    assert found == []


def test_amounts_say_their_unit() -> None:
    """A parameter or field called ``…amount`` or ``…balance`` without a unit hides whether it is kroner or øre."""
    found = []
    for path in sources():
        for node in ast.walk(parsed(path)):
            names = [node.arg] if isinstance(node, ast.arg) else []
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.append(node.target.id)
            found += [
                f"{short(path)}: {n}"
                for n in names
                if re.search(r"(^|_)(amount|balance|fee|principal|interest)$", n) and _is_number(node)
            ]
    assert found == []


def _is_number(node: ast.AST) -> bool:
    annotation = getattr(node, "annotation", None)
    return isinstance(annotation, ast.Name) and annotation.id in {"int", "Decimal", "float"}


def test_transitions_never_swallow() -> None:
    """``except …: pass`` hides a fault; the few that are right say why on the same line."""
    found = []
    for path in sources():
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(parsed(path)):
            empty = isinstance(node, ast.ExceptHandler) and len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            if empty and "#" not in lines[node.body[0].lineno - 1] + lines[node.lineno - 1]:
                found.append(f"{short(path)}:{node.lineno}")
    assert found == []


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|for now|placeholder)\b")
    own = Path(__file__).name
    found = [
        f"{short(path)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".html", ".typ", ".toml"} and path.name != own
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def test_locks_pin_by_hash_and_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "index-url" not in text
        pins = [line for line in text.splitlines() if re.match(r"^[A-Za-z0-9]", line)]
        assert pins
        assert all("==" in line for line in pins)
        assert text.count("--hash=sha256:") >= len(pins)
