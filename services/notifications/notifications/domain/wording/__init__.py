"""What confirmations and answers say: one file of headings, labels and sentences for each language.

The files have the same keys and the same fields in braces; the tests hold them against one another.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from notifications.domain.formats import Language

Wording = Mapping[str, Mapping[str, str]]
"""Sections ``heading``, ``section``, ``label`` and ``say``, each with its phrases by key."""

_HERE = Path(__file__).resolve().parent


@lru_cache(maxsize=8)
def wording(language: Language) -> Wording:
    """Return every phrase of a language."""
    loaded: Wording = tomllib.loads((_HERE / f"{language}.toml").read_text(encoding="utf-8"))
    return loaded
