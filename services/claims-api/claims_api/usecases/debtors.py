"""Finding or creating the debtors of a claim, and the record of each that the ``parties`` topic shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.new_claim import NewDebtor
from claims_api.store import debtors
from claims_api.store.debtors import Debtor
from claims_api.store.sealed import DEBTOR_ID, REPRESENTATIVE_ID
from shared.clock import Clock
from shared.events import Envelope, encode
from shared.events.claims import Address, PartyState
from shared.ids import derived
from shared.party import check_national_id
from shared.uow import Uow

_STRICTNESS = {"none": 0, "confidential": 1, "strictly_confidential": 2}
PARTIES = "parties"


def ensure_debtors(uow: Uow, deps: Deps, wanted: Sequence[NewDebtor]) -> list[Debtor]:
    """Return the debtors as they now are, in the order given, created or brought up to date, and locked.

    A person is found by the blind index of the national id, a business by its organisation number. Someone without a
    number is always new: two foreign patients of one name are two people until a person says otherwise.
    """
    refs, created = _resolve(uow, deps, wanted)
    debtors.lock_debtors(uow.tx, set(refs) - created)
    now = debtors.find_debtors(uow.tx, refs)
    changed: dict[str, dict[str, Any]] = {}
    for ref, who in zip(refs, wanted, strict=True):
        changes = _changes(now[ref], who)
        if _put_representative(uow, deps, ref, who) or changes:
            changed.setdefault(ref, {}).update(changes)
            now[ref] = replace(now[ref], **changes)
    for ref, changes in sorted(changed.items()):
        debtors.update_debtor(uow, ref, changes)
        now[ref] = replace(now[ref], version=now[ref].version + 1)
    for ref in sorted({*created, *changed}):
        uow.state(PARTIES, ref)
    return [now[ref] for ref in refs]


def _resolve(uow: Uow, deps: Deps, wanted: Sequence[NewDebtor]) -> tuple[list[str], set[str]]:
    """Return the reference of each, and which of them were created."""
    index = {
        who.national_id: deps.vault.index_of(who.national_id, domain=debtors.ID_DOMAIN)
        for who in wanted
        if who.national_id is not None
    }
    known = _known(uow.tx, index, wanted)
    new: dict[str, tuple[Debtor, str | None]] = {}
    refs: list[str] = []
    for who in wanted:
        number = who.national_id or who.org_number
        ref = known.get(number) if number else None
        if ref is None:
            debtor = _new_debtor(uow, deps, who)
            ref = debtor.debtor_ref
            new[ref] = (debtor, index.get(who.national_id) if who.national_id else None)
            if number:
                known[number] = ref
        refs.append(ref)
    if debtors.insert_debtors(uow.tx, list(new.values())) == len(new):
        return refs, set(new)
    # Another transaction stored one of the numbers first: whoever has it now is who is meant.
    stored = set(debtors.find_debtors(uow.tx, new))
    known = _known(uow.tx, index, wanted)
    refs = [
        ref if ref not in new or ref in stored else known[who.national_id or who.org_number or ""]
        for ref, who in zip(refs, wanted, strict=True)
    ]
    return refs, stored


def _known(tx: Connection, index: Mapping[str, str], wanted: Sequence[NewDebtor]) -> dict[str, str]:
    """Return references by number, national ids and organisation numbers alike."""
    by_index = debtors.refs_by(tx, "id_index", index.values())
    by_org = debtors.refs_by(tx, "org_number", [who.org_number for who in wanted if who.org_number is not None])
    return {number: by_index[hashed] for number, hashed in index.items() if hashed in by_index} | by_org


def find_person(tx: Connection, deps: Deps, national_id: str) -> str | None:
    """Return the reference of the person with this national id, or None."""
    return debtors.find_by_national_id(tx, deps.vault, national_id)


def party_states(
    tx: Connection, deps: Deps, source: str, clock: Clock, keys: Sequence[str]
) -> dict[str, tuple[Mapping[str, str], bytes | None]]:
    """Return headers and value of each debtor's record for the ``parties`` topic; a value of None erases.

    A protected address is never in it. The national id is sealed to notifications.
    """
    found: dict[str, tuple[Mapping[str, str], bytes | None]] = {}
    for ref, debtor in debtors.find_debtors(tx, keys).items():
        envelope = Envelope(
            event_id=derived(ref, PARTIES, debtor.version),
            type=PartyState.TYPE,
            source=source,
            time=clock.now(),
            aggregate=ref,
            version=debtor.version,
        )
        value = None if debtor.erased_at else encode(_party_state(tx, deps, debtor))
        found[ref] = (envelope.headers(), value)
    return found


def _party_state(tx: Connection, deps: Deps, debtor: Debtor) -> PartyState:
    sealed = None
    if debtor.id_sealed is not None and debtor.id_key is not None:
        place = DEBTOR_ID.place(debtor.debtor_ref)
        national_id = deps.vault.open_field(debtor.id_sealed, debtor.id_key, place=place)
        sealed = deps.vault.seal_for_notifications(national_id, context=debtor.debtor_ref)
    shown = debtor.address if debtor.protection == "none" else None
    acting = debtors.representative_of(tx, debtor.debtor_ref)
    state: dict[str, Any] = {
        "debtor_ref": debtor.debtor_ref,
        "kind": debtor.kind,
        "name": debtor.name,
        "address": Address(**shown) if shown else None,
        "language": debtor.language,
        "sealed_national_id": sealed,
        "org_number": debtor.org_number,
        "protection": debtor.protection,
    }
    if acting is not None:
        state["representative"] = {"kind": acting["kind"], "name": acting["name"], "address": acting["address"]}
    return PartyState.model_validate(state)


def _new_debtor(uow: Uow, deps: Deps, who: NewDebtor) -> Debtor:
    ref = uow.new_id("debtor")
    sealed, birth_date = None, who.birth_date
    if who.national_id is not None:
        sealed = deps.vault.seal_field(who.national_id, place=DEBTOR_ID.place(ref))
        told = check_national_id(who.national_id, allow_synthetic=deps.settings.synthetic_ids).birth_date
        birth_date = birth_date or told
    return Debtor(
        debtor_ref=ref,
        kind=who.kind,
        id_sealed=sealed.data if sealed else None,
        id_key=sealed.key_id if sealed else None,
        org_number=who.org_number,
        birth_date=birth_date,
        name=who.name,
        address=who.address.as_json() if who.address else None,
        language=who.language or "nb",
        protection=who.protection,
        version=1,
        created_at=uow.now,
        changed_at=uow.now,
        erased_at=None,
    )


def _changes(known: Debtor, who: NewDebtor) -> dict[str, Any]:
    """Return what a unit knows newer; protection only ever grows stricter by what a unit says."""
    changes: dict[str, Any] = {}
    if who.name != known.name:
        changes["name"] = who.name
    address = who.address.as_json() if who.address else None
    if address is not None and address != known.address:
        changes["address"] = address
    if who.language is not None and who.language != known.language:
        changes["language"] = who.language
    if _STRICTNESS[who.protection] > _STRICTNESS[known.protection]:
        changes["protection"] = who.protection
    if who.birth_date is not None and known.birth_date is None:
        changes["birth_date"] = who.birth_date
    return changes


def _put_representative(uow: Uow, deps: Deps, debtor_ref: str, who: NewDebtor) -> bool:
    """Store who acts for the debtor; tells whether that is news."""
    acting = who.representative
    if acting is None:
        return False
    known = debtors.representative_of(uow.tx, debtor_ref)
    place = REPRESENTATIVE_ID.place(debtor_ref)
    if known is not None:
        number = None
        if known["id_sealed"] is not None:
            number = deps.vault.open_field(known["id_sealed"], known["id_key"], place=place)
        address = acting.address.as_json() if acting.address else None
        told = (acting.kind, acting.name, acting.national_id, acting.org_number, json.dumps(address))
        if told == (known["kind"], known["name"], number, known["org_number"], json.dumps(known["address"])):
            return False
    sealed = deps.vault.seal_field(acting.national_id, place=place) if acting.national_id else None
    debtors.put_representative(uow, debtor_ref, acting, sealed)
    return True
