"""Words that people write: sealed at rest, opened for who may read them, and on ``parties`` while a letter needs them.

What a letter prints (reasons, answers) travels sealed to notifications under its ``text_id``, and is erased there once
the letter is archived (decisions A5). It stays here, sealed, for the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.objections import folded
from claims_api.store import requests_texts as store
from claims_api.store.requests_texts import RequestText
from claims_api.store.sealed import REQUEST_TEXT
from shared.clock import Clock
from shared.events import Envelope, encode
from shared.events.requests import TextState
from shared.ids import derived
from shared.uow import Uow

PARTIES = "parties"
DIGEST_DOMAIN = "request-text"


def write_text(uow: Uow, deps: Deps, text: str, *, case_id: str, request_id: str | None, printed: bool = False) -> str:
    """Store words sealed and return their id; ``printed``: a letter will print them, so they are sent along."""
    text_id = uow.new_id("text")
    sealed = deps.vault.seal_field(text, place=REQUEST_TEXT.place(text_id))
    row = RequestText(
        text_id=text_id,
        case_id=case_id,
        request_id=request_id,
        sealed=sealed.data,
        sealed_key=sealed.key_id,
        printed=printed,
        version=1,
        written_at=uow.now,
    )
    store.insert_text(uow.tx, row)
    if printed:
        uow.state(PARTIES, text_id)
    return text_id


def read_texts(tx: Connection, deps: Deps, text_ids: Sequence[str]) -> dict[str, str]:
    """Open words for someone who may read them."""
    return {text_id: _open(deps, text) for text_id, text in store.find_texts(tx, text_ids).items()}


def digest_of(deps: Deps, text: str) -> str:
    """Return a keyed digest of the words alone, to tell whether the same was said before."""
    return deps.vault.index_of(folded(text), domain=DIGEST_DOMAIN)


def erase_printed(uow: Uow, text_ids: Sequence[str]) -> None:
    """Erase words from ``parties``: the letter that prints them is archived, or will never be."""
    for text_id in store.erase_printed(uow.tx, text_ids, uow.now):
        uow.state(PARTIES, text_id)


def forget_words(uow: Uow, deps: Deps, debtor_ref: str) -> None:
    """Erase the words of and to a debtor who is erased: here they become empty, on ``parties`` they go."""
    text_ids = store.texts_of_debtor(uow.tx, debtor_ref)
    for text_id in text_ids:
        sealed = deps.vault.seal_field("", place=REQUEST_TEXT.place(text_id))
        store.replace_text(uow.tx, text_id, sealed.data, sealed.key_id)
    erase_printed(uow, text_ids)


def text_states(
    tx: Connection, deps: Deps, source: str, clock: Clock, keys: Sequence[str]
) -> dict[str, tuple[Mapping[str, str], bytes | None]]:
    """Return headers and value of the texts among ``keys`` for the ``parties`` topic; a value of None erases."""
    found: dict[str, tuple[Mapping[str, str], bytes | None]] = {}
    for text_id, text in store.find_texts(tx, keys).items():
        envelope = Envelope(
            event_id=derived(text_id, PARTIES, text.version),
            type=TextState.TYPE,
            source=source,
            time=clock.now(),
            aggregate=text_id,
            version=text.version,
        )
        value = None
        if text.erased_at is None:
            sealed = deps.vault.seal_for_notifications(_open(deps, text), context=text_id)
            value = encode(TextState(text_id=text_id, case_id=text.case_id, sealed_text=sealed))
        found[text_id] = (envelope.headers(), value)
    return found


def _open(deps: Deps, text: RequestText) -> str:
    return deps.vault.open_field(text.sealed, text.sealed_key, place=REQUEST_TEXT.place(text.text_id))
