"""Keys at rest in use: sealing old values anew after a rotation, and noticing a key that is gone before it hurts."""

from __future__ import annotations

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.store import sealed
from shared.errors import Crash
from shared.uow import Uow


def reseal(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Seal up to ``limit`` values anew that another key than the current one sealed; returns how many.

    The old key may leave the ring once this returns 0.
    """
    done = 0
    for column in sealed.COLUMNS:
        for row_id, data, key_id in sealed.sealed_otherwise(uow.tx, column, deps.vault.current_key, limit - done):
            place = column.place(row_id)
            text = deps.vault.open_field(data, key_id, place=place)
            sealed.replace_sealed(uow.tx, column, row_id, deps.vault.seal_field(text, place=place))
            done += 1
        if done >= limit:
            break
    return done


def check_keys(tx: Connection, deps: Deps) -> None:
    """Raise Crash when a stored value needs a key that is not in the ring: a lost key must stop the start."""
    missing = sealed.keys_in_use(tx) - deps.vault.key_ids
    if missing:
        raise Crash(f"keys: expected {', '.join(sorted(missing))} in the ring, because stored values need them")
