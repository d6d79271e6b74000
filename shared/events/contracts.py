"""Writes the published contracts: ``python -m shared.events.contracts FOLDER`` (``make contracts``).

``asyncapi.json`` is the whole; ``schemas/`` holds the data of each event version as it was published, ``examples/`` one
of each. A schema that would break an old reader or an old record is not overwritten: that change is a new version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from shared.events import REGISTRY
from shared.events.asyncapi import document, message_name, schema_of
from shared.events.examples import example_of


def breaks(old: dict[str, Any], new: dict[str, Any], at: str = "") -> list[str]:
    """Return what an old record, or a reader that is older than the sender, would trip over.

    Fields may be added if they are optional, and an enumeration may grow: consumers are renewed before the sender.
    """
    found: list[str] = []
    now = new.get("properties", {})
    for name, field in old.get("properties", {}).items():
        if name not in now:
            found.append(f"{at}/{name}: removed")
        elif not _still(field, now[name]):
            found.append(f"{at}/{name}: changed")
    was = old.get("required", [])
    found += [f"{at}/{name}: newly required" for name in new.get("required", []) if name not in was]
    own = new.get("$defs", {})
    for name, part in old.get("$defs", {}).items():
        found += breaks(part, own[name], f"{at}/{name}") if name in own else [f"{at}/{name}: removed"]
    return found


_SAID = frozenset({"description", "title", "default"})
"""What is said about a field and not asked of it."""


def _still(old: Any, new: Any) -> bool:
    """Say whether everything that fitted ``old`` fits ``new``."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return bool(old == new)
    if "enum" in old and "enum" in new and set(old["enum"]) <= set(new["enum"]):
        old, new = ({k: v for k, v in one.items() if k != "enum"} for one in (old, new))
    if "anyOf" in old and "anyOf" in new and len(old["anyOf"]) == len(new["anyOf"]):
        return all(_still(a, b) for a, b in zip(old["anyOf"], new["anyOf"], strict=True))
    kept = [{k: v for k, v in one.items() if k not in _SAID} for one in (old, new)]
    return kept[0].keys() == kept[1].keys() and all(_still(kept[0][k], kept[1][k]) for k in kept[0])


def write(folder: Path) -> list[str]:
    """Write every contract; returns what would break, and then writes nothing."""
    schemas, examples = folder / "schemas", folder / "examples"
    broken = []
    for kind in REGISTRY.values():
        published = schemas / f"{message_name(kind)}.json"
        if published.exists():
            old = json.loads(published.read_text(encoding="utf-8"))
            broken += [f"{message_name(kind)}{what}" for what in breaks(old, schema_of(kind))]
    if broken:
        return broken
    for place in (schemas, examples):
        place.mkdir(parents=True, exist_ok=True)
    for kind in REGISTRY.values():
        _write(schemas / f"{message_name(kind)}.json", schema_of(kind))
        _write(examples / f"{message_name(kind)}.json", example_of(kind))
    _write(folder / "asyncapi.json", document())
    return []


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    faults = write(Path(sys.argv[1]))
    for fault in faults:
        sys.stderr.write(f"{fault}: an event that was published cannot change so; give it a new version\n")
    sys.exit(1 if faults else 0)
