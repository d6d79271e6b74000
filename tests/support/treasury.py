"""The money side of claims-api on a real SQLite file: claims are registered, events of the other services come in.

The rig plays escalation (a step is due), notifications (letters ready and sent), and the bank.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from claims_api.deps import make_deps
from claims_api.domain.ledger import Transfer
from claims_api.domain.new_claim import NewClaim, NewDebtor, NewNotice, PostalAddress
from claims_api.domain.objections import About
from claims_api.domain.remittance import ClosingProof
from claims_api.domain.requests import Channel
from claims_api.settings import Settings
from claims_api.store import ledger
from claims_api.store.requests import Request
from claims_api.tables import PLUMBING
from claims_api.usecases import audit, demands, letters, payments, refunds
from claims_api.usecases.balance import Owed, case_balance
from claims_api.usecases.creditors import apply_creditors
from claims_api.usecases.register import Registered, register_claim
from claims_api.usecases.requests.asking import Asker, hold_request
from claims_api.usecases.requests.objections import Asked, raise_objection, withdraw_objection
from claims_api.usecases.statement import Statement, statement
from shared.calendar import is_bank_day
from shared.clock import ManualClock, SystemMachine
from shared.db import Database
from shared.events import Envelope, Event, Payload, decode
from shared.events.claims import DemandIssued
from shared.events.escalation import StepDue
from shared.events.notifications import LetterFailed, LetterReady, LetterSent, RenderedLetter
from shared.events.payments import BankDayCompleted, PaymentMatched, PaymentReversed, PaymentUnmatched
from shared.ids import derived
from shared.migrate import upgrade
from shared.uow import Uow, open_uow

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "deploy" / "embedded" / "creditors.toml"
MIGRATIONS = ROOT / "services" / "claims-api" / "migrations"
ACCOUNT = "13150101837"
KARI, OLA = "01818510159", "02829012041"

P = TypeVar("P", bound=Payload)
Handle = Callable[[Uow, Any, Sequence[Event]], None]

HANDLERS: dict[str, Handle] = {
    "payment.matched": payments.on_matched,
    "payment.unmatched": payments.on_unmatched,
    "payment.reversed": payments.on_reversed,
    "payment.unallocated": payments.on_unallocated,
    "bank_day.completed": payments.on_bank_day,
    "refund.approved": refunds.on_refund_approved,
    "payout.settled": refunds.on_payout_settled,
    "payout.rejected": refunds.on_payout_rejected,
    "step.due": demands.on_step_due,
    "letter.ready": letters.on_letter_ready,
    "letter.sent": letters.on_letter_sent,
    "letter.failed": letters.on_letter_failed,
}


class Treasury:
    """One installation's ledger and the people around it."""

    def __init__(self, folder: Path, today: date, **settings: Any) -> None:
        self.clock = ManualClock(today)
        self.machine = SystemMachine()
        self.deps = make_deps(Settings(data_dir=folder, **settings))
        self.db = Database(f"sqlite:///{folder / 'claims-api.db'}", "claims-api")
        upgrade(self.db, MIGRATIONS)
        self._count = 0
        with self.uow() as uow:
            content = tomllib.loads(SAMPLE.read_text("utf-8"))
            apply_creditors(uow, self.deps, content, who="installation", approved_by="installation")

    @contextmanager
    def uow(self) -> Iterator[Uow]:
        with self.db.begin() as tx:
            uow = open_uow(tx, db=self.db, tables=PLUMBING, source="claims-api", clock=self.clock, machine=self.machine)
            yield uow
            uow.flush()

    @property
    def today(self) -> date:
        return self.clock.today()

    def at(self, day: date) -> Treasury:
        """Let the business date be ``day``; the bank days passed are closed as the sandbox closes them."""
        while self.clock.today() < day:
            if is_bank_day(self.clock.today()):
                self.close_bank_day(self.clock.today())
            self.clock.set(self.clock.today() + timedelta(days=1))
        return self

    # -- what comes in

    def send(self, payload: Payload, key: str | None = None, event_id: str | None = None) -> Event:
        """Let an event arrive, alone in its batch."""
        event = self.event(payload, key, event_id)
        self.deliver([event])
        return event

    def event(self, payload: Payload, key: str | None = None, event_id: str | None = None) -> Event:
        self._count += 1
        aggregate = key or getattr(payload, "case_id", None) or f"key-{self._count}"
        envelope = Envelope(
            event_id=event_id or derived(f"event-{self._count}", "test"),
            type=payload.TYPE,
            source="test",
            time=self.clock.now(),
            aggregate=aggregate,
            version=self._count,
        )
        return Event(envelope, payload)

    def deliver(self, events: Sequence[Event]) -> None:
        kind = events[0].payload.TYPE.removeprefix("no.kommune.innkreving.").removesuffix(".v1")
        with self.uow() as uow:
            HANDLERS[kind](uow, self.deps, events)

    def register(self, *, due: date, principal_ore: int = 100_000, who: str = KARI, **changes: Any) -> Registered:
        self._count += 1
        values: dict[str, Any] = {
            "external_ref": f"F-{self._count}",
            "claim_type": "kindergarten",
            "unit": "bydel-frogner",
            "debtor": person(who),
            "co_debtors": (),
            "principal_ore": principal_ore,
            "original_principal_ore": principal_ore,
            "invoice_number": f"{100_000 + self._count}",
            "invoice_date": due - timedelta(days=21),
            "due_date": due,
            "description": None,
            "service_from": None,
            "service_to": None,
            "prior_notice": None,
            "earlier_reminders": (),
            "limitation_date": None,
            "legal_basis": None,
            "premises": None,
            "attachments": (),
        }
        new = NewClaim(**{**values, **changes})
        with self.uow() as uow:
            return register_claim(uow, self.deps, new, canonical=new.external_ref, actor="test")

    def step(self, kind: str, *claims: Registered, step_id: str | None = None) -> Event:
        self._count += 1
        payload = StepDue(
            step_id=step_id or f"step-{self._count}",
            case_id=claims[0].case_id,
            kind=kind,  # type: ignore[arg-type]
            claim_ids=[claim.claim_id for claim in claims],
            due_on=self.today,
        )
        return self.send(payload)

    def ready(self, issued: DemandIssued) -> None:
        rendered = [
            RenderedLetter(letter_id=who.letter_id, debtor_ref=who.debtor_ref, sha256="0" * 64, pages=1)
            for who in issued.recipients
        ]
        self.send(LetterReady(demand_id=issued.demand_id, case_id=issued.case_id, letters=rendered))

    def sent(self, issued: DemandIssued, sent_on: date | None = None) -> None:
        for at, who in enumerate(issued.recipients):
            payload = LetterSent(
                demand_id=issued.demand_id,
                letter_id=who.letter_id,
                case_id=issued.case_id,
                debtor_ref=who.debtor_ref,
                kind=issued.kind,
                sent_on=sent_on or self.today,
                deadline=issued.deadline,
                channel="folder",
                first=at == 0,
                last=at == len(issued.recipients) - 1,
            )
            self.send(payload)

    def letter(self, kind: str, *claims: Registered) -> DemandIssued:
        """A whole letter: due, issued, rendered, released and sent today."""
        self.step(kind, *claims)
        issued = self.last(DemandIssued)
        self.ready(issued)
        self.sent(issued)
        return issued

    def fail(self, issued: DemandIssued, reason: str = "no_address") -> None:
        failed = LetterFailed(
            demand_id=issued.demand_id, letter_id=issued.recipients[0].letter_id, case_id=issued.case_id, reason=reason
        )
        self.send(failed)

    def object(self, claim: Registered, disputed_ore: int | None = None) -> Request:
        """The debtor objects to a claim, or to a part of it."""
        self._count += 1
        asked = Asked(
            claim_ids=[claim.claim_id],
            disputed_ore=disputed_ore,
            text=f"Dette stemmer ikke, sak {self._count}",
            ground=None,
            about=next(iter(About)),
        )
        with self.uow() as uow:
            asker = Asker(who="debtor", debtor_ref=None, channel=Channel("portal"))
            return raise_objection(uow, self.deps, claim.case_id, asked, asker)

    def give_up(self, request: Request) -> None:
        """The debtor takes an objection back."""
        with self.uow() as uow:
            withdraw_objection(uow, self.deps, hold_request(uow, request), who="debtor")

    def pay(
        self, claim: Registered, amount_ore: int, paid_on: date, *, to_claim: bool = False, **changes: Any
    ) -> PaymentMatched:
        self._count += 1
        values: dict[str, Any] = {
            "payment_id": f"payment-{self._count}",
            "account": ACCOUNT,
            "day": self.today,
            "amount_ore": amount_ore,
            "paid_on": paid_on,
            "kid": claim.kid if to_claim else "",
            "case_id": claim.case_id,
            "claim_id": claim.claim_id if to_claim else None,
        }
        payload = PaymentMatched(**{**values, **changes})
        self.send(payload)
        return payload

    def unmatched(self, amount_ore: int, *candidates: Registered) -> PaymentUnmatched:
        self._count += 1
        payload = PaymentUnmatched(
            payment_id=f"payment-{self._count}",
            account=ACCOUNT,
            day=self.today,
            amount_ore=amount_ore,
            paid_on=self.today,
            reason="no_kid",
            candidate_case_ids=tuple(claim.case_id for claim in candidates),
        )
        self.send(payload, key=payload.payment_id)
        return payload

    def take_back(self, paid: PaymentMatched) -> None:
        self._count += 1
        payload = PaymentReversed(
            reversal_id=f"reversal-{self._count}",
            payment_id=paid.payment_id,
            account=paid.account,
            day=self.today,
            amount_ore=paid.amount_ore,
            reversed_on=self.today,
            case_id=paid.case_id,
        )
        self.send(payload)

    def close_bank_day(self, day: date, *, count: int | None = None, sum_ore: int | None = None) -> None:
        with self.db.read() as tx:
            rows = [
                row
                for row in ledger.everything(tx)
                if row.value_date == day and row.kind.value in ("paid_in", "taken_back")
            ]
        total = sum(row.amount_ore if row.kind.value == "paid_in" else -row.amount_ore for row in rows)
        payload = BankDayCompleted(
            account=ACCOUNT,
            day=day,
            count=len(rows) if count is None else count,
            sum_ore=total if sum_ore is None else sum_ore,
            completed_by="sandbox",
        )
        self.send(payload, key=f"{ACCOUNT}:{day}")

    # -- what comes out

    def events(self) -> list[Event]:
        with self.db.read() as tx:
            rows = tx.execute(PLUMBING.events.select().order_by(PLUMBING.events.c.row)).all()
        return [decode(row.headers, row.payload.encode()) for row in rows]

    def told(self, kind: type[P]) -> list[P]:
        return [event.payload for event in self.events() if isinstance(event.payload, kind)]

    def last(self, kind: type[P]) -> P:
        return self.told(kind)[-1]

    def balance(self, claim: Registered, as_of: date | None = None, known_at: datetime | None = None) -> Owed:
        with self.db.read() as tx:
            return case_balance(tx, self.deps, claim.case_id, as_of=as_of or self.today, known_at=known_at)

    def statement(self, claim: Registered, as_of: date | None = None, known_at: datetime | None = None) -> Statement:
        with self.db.read() as tx:
            return statement(tx, self.deps, claim.case_id, as_of=as_of or self.today, known_at=known_at)

    def entries(self, claim: Registered) -> list[Transfer]:
        with self.db.read() as tx:
            return ledger.of_cases(tx, [claim.case_id])[claim.case_id]

    def proof(self) -> ClosingProof:
        with self.db.read() as tx:
            return audit.proof(tx)


def person(national_id: str, **changes: Any) -> NewDebtor:
    values: dict[str, Any] = {
        "kind": "person",
        "name": "Kari Nordmann",
        "national_id": national_id,
        "address": PostalAddress(line1="Storgata 1", postal_code="0155", city="Oslo"),
    }
    return NewDebtor(**{**values, **changes})


def notice(sent_on: date, deadline: date, fee_ore: int = 0) -> NewNotice:
    return NewNotice(sent_on=sent_on, deadline=deadline, fee_ore=fee_ore)
