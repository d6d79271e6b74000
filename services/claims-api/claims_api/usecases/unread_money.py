"""Money in events that cannot be applied or read: it is in the bank, so it counts in its bank day (decisions A3).

A parked payment event is known whole, one among the dead letters by its headers alone: payment, account, day, amount.
Either way the bank's transaction is booked to suspense at once, so that one bad event holds its own case and not every
demand of the day. What the event says of a case is booked when it is replayed; the bank's row is then there already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from claims_api.store import cases, payments
from claims_api.store.payments import BankEntry
from claims_api.usecases.payments import bank_entries, book_entries
from shared.events import Undecodable, decode
from shared.events.base import PREFIX
from shared.events.catalogue import TOPICS
from shared.tables import Plumbing
from shared.uow import Uow

TOPIC = "payments"
LOOK_MAX = 500
"""Newest parked events and dead letters that are looked at; far more than there may be before an alarm."""
_AMOUNT = re.compile(r"-?[1-9][0-9]{0,14}")


def anything_unread(tx: Connection, tables: Plumbing, installation: str) -> bool:
    """Tell whether a bank transaction is known only from an event that was not applied."""
    parked, dead = _unread(tx, tables, installation)
    return bool(parked or dead)


def book_unread(uow: Uow) -> int:
    """Book bank transactions of events that were not applied; returns how many.

    The case that an unreadable event is about takes no step until the payment is matched anew or sent back.
    """
    parked, dead = _unread(uow.tx, uow.tables, uow.installation)
    entries = {entry.entry_id: entry for entry in [*parked, *(entry for entry, _ in dead)]}
    book_entries(uow, list(entries.values()))
    found = cases.find_cases(uow.tx, [key for _, key in dead])
    for entry, key in dead:
        if key in found and entry.amount_ore > 0:
            payments.add_candidates(uow.tx, entry.entry_id, [key], uow.today)
    return len(entries)


def _unread(tx: Connection, tables: Plumbing, installation: str) -> tuple[list[BankEntry], list[tuple[BankEntry, str]]]:
    """Return the unbooked transactions of parked events, and those of dead letters with their keys."""
    parked = _parked(tx, tables)
    dead = _dead(tx, tables, installation)
    known = payments.find_entries(tx, [one.entry_id for one in [*parked, *(entry for entry, _ in dead)]])
    return (
        [entry for entry in parked if entry.entry_id not in known],
        [(entry, key) for entry, key in dead if entry.entry_id not in known],
    )


def _parked(tx: Connection, tables: Plumbing) -> list[BankEntry]:
    table = tables.parked_event
    query = select(table.c.headers, table.c.value).where(table.c.topic == TOPIC)
    found: list[BankEntry] = []
    for row in tx.execute(query.order_by(table.c.parked_at.desc(), table.c.event_id).limit(LOOK_MAX)):
        try:
            found.extend(bank_entries([decode(row.headers, row.value)]))
        except Undecodable:  # newer than this code: its headers say enough
            entry = _of_headers(row.headers)
            found.extend([entry] if entry else [])
    return found


def _dead(tx: Connection, tables: Plumbing, installation: str) -> list[tuple[BankEntry, str]]:
    table = tables.dead_letter
    query = select(table.c.headers, table.c.key).where(table.c.topic == TOPIC)
    found = []
    for row in tx.execute(query.order_by(table.c.row.desc()).limit(LOOK_MAX)):
        entry = _of_headers(row.headers) if _ours(row.headers, row.key, installation) else None
        if entry is not None:
            found.append((entry, row.key))
    return found


def _ours(headers: Mapping[str, Any], key: str, installation: str) -> bool:
    """Tell whether a record that could not be read is a payment event of our own sender, about its own key."""
    return (
        str(headers.get("ce_type", "")).startswith(f"{PREFIX}.payment.")
        and headers.get("ce_source") == TOPICS[TOPIC].producer
        and headers.get("ce_installation", "") == installation
        and headers.get("ce_subject") == key
    )


def _of_headers(headers: Mapping[str, Any]) -> BankEntry | None:
    """Read a bank transaction out of headers; None when they do not say it whole."""
    texts: Sequence[str] = [
        str(headers.get(f"ce_{name}", "")) for name in ("payment_id", "account", "day", "amount_ore")
    ]
    entry_id, account, day, amount = texts
    if not 0 < len(entry_id) <= 80 or not 0 < len(account) <= 34 or not _AMOUNT.fullmatch(amount):
        return None
    try:
        booked_on = date.fromisoformat(day)
    except ValueError:
        return None
    amount_ore = int(amount)
    payment_id = entry_id if amount_ore > 0 else None
    return BankEntry(entry_id=entry_id, account=account, day=booked_on, amount_ore=amount_ore, payment_id=payment_id)
