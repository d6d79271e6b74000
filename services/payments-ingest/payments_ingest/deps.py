"""What use cases need beside their unit of work."""

from __future__ import annotations

from dataclasses import dataclass

from payments_ingest.hashing import Hasher
from payments_ingest.settings import Settings
from shared.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Settings and the hasher of names and accounts; made once by ``app``."""

    settings: Settings
    hasher: Hasher


def deps_of(service: Service) -> Deps:
    """Return what this service was built with."""
    deps: Deps = service.app.state.deps
    return deps
