"""The sample municipality: its creditors are loaded once, when an installation starts for the first time."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

from claims_api.app import deps_of_service
from claims_api.store.creditors import has_creditors
from claims_api.usecases.creditors import apply_creditors
from shared.service import Service

log = logging.getLogger(__name__)

WHO = "installation"


def seed_creditors(claims: Service, path: Path) -> None:
    """Load the creditors file at ``path`` unless there are creditors already; raises Reject for one with errors."""
    with claims.db.read() as tx:
        if has_creditors(tx):
            return
    content = tomllib.loads(path.read_text("utf-8"))
    with claims.uow() as uow:
        applied = apply_creditors(uow, deps_of_service(claims), content, who=WHO, approved_by=WHO)
    log.info("loaded %d creditors from %s", len(applied.units), path.name)
