"""Confirmations and answers for tests: a sample of every kind, as facts and as the event that claims-api publishes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

from support import letters as sample
from support.mailroom import CREDITOR, PAYEE, TODAY

from notifications.domain.formats import Language
from notifications.domain.letters import Common, ConfirmationFacts, Instalment
from notifications.domain.notices import NoticeFacts, NoticeLine, PayTo, confirmation
from shared.events.claims import Recipient
from shared.events.requests import Instalment as EventInstalment
from shared.events.requests import NoticeClaim, NoticeIssued, NoticeKind
from shared.ids import letter_id

KINDS: tuple[str, ...] = get_args(NoticeKind)
PLAN_KID = "326000000100013"
PLAN = ((1, date(2026, 3, 2), 110_000), (2, date(2026, 4, 1), 110_000), (3, date(2026, 5, 4), 106_212))
REASONS = "Du har fått barnehageplass i hele perioden.\nPlassen ble ikke sagt opp før 1. februar."
ANSWER = "Faktura 4711 gjelder januar.\n\nDu finner kopi av fakturaen på Min side."

_CLAIM = {"service_name": "Barnehage", "invoice_number": "4711", "case_number": sample.CASE_NUMBER}
_ASKED = {"payee": PAYEE, "kid": sample.CLAIM_KID}
_SAMPLES: dict[str, dict[str, Any]] = {
    "request_received": {"request_kind": "deferral", "answer_by": date(2026, 2, 12), "freezes": True},
    "deferral_granted": {"until": date(2026, 3, 2), **_ASKED},
    "deferral_refused": {"pay_by": date(2026, 2, 26), "text_ids": ["text-1"], **_ASKED},
    "plan_agreed": {
        "amount_ore": 326_212,
        "instalments": PLAN,
        "estimated": True,
        "acknowledges": True,
        "payee": PAYEE,
        "kid": PLAN_KID,
    },
    "plan_changed": {"amount_ore": 216_212, "instalments": PLAN[1:], "payee": PAYEE, "kid": PLAN_KID},
    "plan_change_refused": {"text_ids": ["text-1"]},
    "plan_refused": {"text_ids": ["text-1"]},
    "plan_reminder": {
        "amount_ore": 60_000,
        "missing_ore": 60_000,
        "pay_by": date(2026, 3, 19),
        "instalments": PLAN[:1],
        "payee": PAYEE,
        "kid": PLAN_KID,
    },
    "plan_broken": {"amount_ore": 326_212, "pay_by": date(2026, 4, 7), "payee": PAYEE, "kid": PLAN_KID},
    "plan_kept": {},
    "objection_received": {"answer_by": date(2026, 2, 19), "freezes": True, "dispute_body": "forliksraad"},
    "objection_preliminary": {"answer_by": date(2026, 2, 19), "freezes": True},
    "objection_decided": {
        "outcome": "partly",
        "reasonable": True,
        "pay_by": date(2026, 3, 5),
        "amount_ore": 226_212,
        "withdrawn_ore": 100_000,
        "fees_reversed_ore": 3_800,
        "interest_ore": 1_250,
        "dispute_body": "forliksraad",
        "text_ids": ["text-1"],
        **_ASKED,
    },
    "objection_withdrawn": {},
    "message_answered": {"text_ids": ["text-1"], "claims": []},
}


def notice(kind: str, notice_id: str = "notice-1", debtors: Sequence[str] = ("kari",), **changes: Any) -> NoticeIssued:
    """Return a notice as claims-api publishes it on 29 January 2026."""
    rows = {**_SAMPLES[kind], **changes}
    owed = {"plan_kept": 0, "objection_decided": 226_212}.get(kind, 326_212)
    values: dict[str, Any] = {
        "notice_id": notice_id,
        "request_id": "request-1",
        "case_id": "case-1",
        "case_number": sample.CASE_NUMBER,
        "kind": kind,
        "issued_on": TODAY,
        "creditor": CREDITOR,
        "received_on": date(2026, 1, 27),
        "claims": [NoticeClaim(claim_id="claim-1", amount_ore=owed, **_CLAIM)],
        "recipients": [
            Recipient(debtor_ref=ref, party_version=1, letter_id=letter_id(notice_id, ref)) for ref in debtors
        ],
        **rows,
        "instalments": [
            EventInstalment(number=n, due_on=due, amount_ore=ore) for n, due, ore in rows.get("instalments", ())
        ],
    }
    return NoticeIssued(**values)


def facts(kind: str, language: Language = "nb", **changes: Any) -> NoticeFacts:
    """Return the facts of a sample letter; the words a caseworker wrote are in it where its kind has some."""
    event = notice(kind)
    words = ANSWER if kind == "message_answered" else REASONS
    common = Common(language=language, dated=TODAY, case_number=sample.CASE_NUMBER, recipient=sample.KARI)
    names = ("request_kind", "received_on", "until", "pay_by", "answer_by", "amount_ore", "missing_ore")
    flags = (
        "estimated",
        "acknowledges",
        "outcome",
        "reasonable",
        "dispute_body",
        "complain_by",
        "complained_on",
        "complaint_body",
    )
    values: dict[str, Any] = {
        **{name: getattr(common, name) for name in ("language", "dated", "case_number", "recipient")},
        **{name: getattr(event, name) for name in (*names, *flags)},
        "kind": kind,
        "creditor": sample.FROGNER,
        "claims": tuple(NoticeLine(**line.model_dump(exclude={"claim_id"})) for line in event.claims),
        "freezes": bool(event.freezes),
        "fees_reversed_ore": event.fees_reversed_ore or 0,
        "withdrawn_ore": event.withdrawn_ore or 0,
        "interest_ore": event.interest_ore or 0,
        "instalments": tuple(Instalment(**one.model_dump()) for one in event.instalments),
        "pay_to": pay_to(event.kid) if event.payee else None,
        "texts": (words,) if event.text_ids else (),
        **changes,
    }
    return NoticeFacts(**values)


def pay_to(kid: str | None) -> PayTo:
    return PayTo(account=PAYEE.account, iban=PAYEE.iban, bic=PAYEE.bic, payee_name=PAYEE.name, kid=kid)


def letter(kind: str, language: Language = "nb", **changes: Any) -> ConfirmationFacts:
    """Return a sample letter, ready to be set."""
    return confirmation(facts(kind, language, **changes))
