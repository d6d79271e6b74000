"""Golden files: what was approved by eye, compared word for word. ``INKASSO_WRITE_GOLDEN=1`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def assert_golden(name: str, text: str) -> None:
    """Fail unless ``text`` is what tests/golden/``name`` holds."""
    path = GOLDEN / name
    if os.environ.get("INKASSO_WRITE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{name}: no golden file; look at the result, then run with INKASSO_WRITE_GOLDEN=1"
    assert text == path.read_text(encoding="utf-8")
