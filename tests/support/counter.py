"""A claims-api with its people around it, all over HTTP: a debtor, the desk, the bank, the letters and the days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from support.claims import Desk, desk

from claims_api.app import deps_of_service
from claims_api.domain.limitation import Interrupted, Interruption
from claims_api.store.claims import find_claims
from claims_api.usecases.requests.acknowledging import interrupt
from shared.calendar import is_bank_day
from shared.events import Envelope, Event, Payload
from shared.events.claims import DemandIssued
from shared.events.escalation import StepDue
from shared.events.notifications import LetterReady, LetterSent, RenderedLetter
from shared.events.payments import BankDayCompleted, PaymentMatched, PaymentReversed
from shared.events.requests import NoticeIssued
from shared.ids import derived

ACCOUNT = "13150101837"
WORDS = "Jeg har aldri hatt barn i denne barnehagen."
P = TypeVar("P", bound=Payload)


class Counter:
    """One office. ``ask`` is a debtor's or clerk's call, ``at`` lets days pass as the sandbox does."""

    def __init__(self, office: Desk) -> None:
        self.office = office
        self._count = 0
        self._banked: dict[date, list[int]] = {}

    # -- people

    def case(self, **changes: Any) -> dict[str, Any]:
        """Register a claim and return it with whoever owes it."""
        self._count += 1
        claim = self.office.register(
            **{"external_ref": f"R-{self._count}", "invoice_number": f"9{self._count:05}", **changes}
        )
        shown = self.office.get(f"/v1/cases/{claim['case_id']}", self.office.clerk()).json()
        return {**claim, "debtor_ref": shown["debtor"]["debtor_ref"]}

    def debtor(self, claim: dict[str, Any]) -> dict[str, str]:
        return self.office.debtor(claim["debtor_ref"])

    def ask(self, claim: dict[str, Any], what: str, body: dict[str, Any], who: dict[str, str] | None = None) -> Any:
        return self.office.post(f"/v1/cases/{claim['case_id']}/{what}", body, who or self.debtor(claim))

    def asked(self, claim: dict[str, Any], what: str, body: dict[str, Any], who: dict[str, str] | None = None) -> Any:
        answer = self.ask(claim, what, body, who)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def decide(self, request: dict[str, Any], **body: Any) -> Any:
        kind = {"deferral": "deferrals", "objection": "objections"}.get(request["kind"], "plans")
        path = f"/v1/cases/{request['case_id']}/{kind}/{request['request_id']}/decision"
        return self.office.post(path, body, self.office.clerk())

    def read(self, request: dict[str, Any], who: dict[str, str] | None = None) -> Any:
        return self.office.get(f"/v1/requests/{request['request_id']}", who or self.office.clerk()).json()

    def balance(self, claim: dict[str, Any]) -> Any:
        return self.office.get(f"/v1/cases/{claim['case_id']}/balance", self.office.clerk()).json()

    def claim(self, claim: dict[str, Any]) -> Any:
        return self.office.get(f"/v1/claims/{claim['claim_id']}", self.office.clerk()).json()

    def judge(self, claim: dict[str, Any]) -> None:
        """A court has judged the claim."""
        service = self.office.service
        with service.uow() as uow:
            about = [find_claims(uow.tx, [claim["claim_id"]])[claim["claim_id"]]]
            step = Interrupted(kind=Interruption.JUDGED, on=self.today)
            interrupt(uow, deps_of_service(service), about, step, "judgment", uow.now)

    # -- days

    @property
    def today(self) -> date:
        return self.office.clock.today()

    def at(self, day: date, *, banked: bool = True) -> Counter:
        """Let days pass: bank days close, what is due happens."""
        while self.today < day:
            if banked and is_bank_day(self.today):
                self.close_bank_day(self.today)
            self.office.clock.set(self.today + timedelta(days=1))
            self.work()
        return self

    def work(self) -> None:
        """Do everything that is due today."""
        for _ in range(20):
            if not sum(self.office.run_job(name) for name in ("end-holds", "requests", "requests-overdue")):
                return
        raise AssertionError("the jobs find no end")

    def close_bank_day(self, day: date) -> None:
        amounts = self._banked.get(day, [])
        payload = BankDayCompleted(
            account=ACCOUNT, day=day, count=len(amounts), sum_ore=sum(amounts), completed_by="sandbox"
        )
        self.send(payload, key=f"{ACCOUNT}:{day}")

    # -- the other services

    def send(self, payload: Payload, key: str) -> Event:
        self._count += 1
        envelope = Envelope(
            event_id=derived(f"event-{self._count}", "test"),
            type=payload.TYPE,
            source="test",
            time=self.office.clock.now(),
            aggregate=key,
            version=self._count,
        )
        event = Event(envelope, payload)
        with self.office.service.uow() as uow:
            self.office.service.inbox.handlers[type(payload)](uow, [event])
        return event

    def pay(
        self, case_id: str, amount_ore: int, kid: str, *, claim_id: str | None = None, paid_on: date | None = None
    ) -> PaymentMatched:
        self._count += 1
        self._banked.setdefault(self.today, []).append(amount_ore)
        payload = PaymentMatched(
            payment_id=f"payment-{self._count}",
            account=ACCOUNT,
            day=self.today,
            amount_ore=amount_ore,
            paid_on=paid_on or self.today,
            kid=kid,
            case_id=case_id,
            claim_id=claim_id,
        )
        self.send(payload, case_id)
        return payload

    def take_back(self, paid: PaymentMatched) -> None:
        self._count += 1
        self._banked.setdefault(self.today, []).append(-paid.amount_ore)
        payload = PaymentReversed(
            reversal_id=f"reversal-{self._count}",
            payment_id=paid.payment_id,
            account=ACCOUNT,
            day=self.today,
            amount_ore=paid.amount_ore,
            reversed_on=self.today,
            case_id=paid.case_id,
        )
        self.send(payload, paid.case_id)

    def step(self, kind: str, *claims: dict[str, Any]) -> None:
        self._count += 1
        case_id = claims[0]["case_id"]
        payload = StepDue(
            step_id=f"step-{self._count}",
            case_id=case_id,
            kind=kind,  # type: ignore[arg-type]
            claim_ids=[claim["claim_id"] for claim in claims],
            due_on=self.today,
        )
        self.send(payload, case_id)

    def letter(self, kind: str, *claims: dict[str, Any]) -> DemandIssued:
        """A whole letter: due, issued, rendered, released and sent today."""
        self.step(kind, *claims)
        issued = self.last(DemandIssued)
        self.deliver(issued)
        return issued

    def deliver(self, issued: DemandIssued) -> None:
        """A demand that was issued is rendered and sent today."""
        rendered = [
            RenderedLetter(letter_id=who.letter_id, debtor_ref=who.debtor_ref, sha256="0" * 64, pages=1)
            for who in issued.recipients
        ]
        self.send(LetterReady(demand_id=issued.demand_id, case_id=issued.case_id, letters=rendered), issued.case_id)
        self.send_letter(issued)

    def send_letter(self, issued: DemandIssued | NoticeIssued) -> None:
        demand = isinstance(issued, DemandIssued)
        for at, who in enumerate(issued.recipients):
            payload = LetterSent(
                demand_id=issued.demand_id if isinstance(issued, DemandIssued) else issued.notice_id,
                letter_id=who.letter_id,
                case_id=issued.case_id,
                debtor_ref=who.debtor_ref,
                kind=issued.kind,
                sent_on=self.today,
                deadline=issued.deadline if isinstance(issued, DemandIssued) else None,
                channel="folder",
                first=at == 0,
                last=at == len(issued.recipients) - 1,
            )
            self.send(payload, issued.case_id)
        assert demand or issued.recipients

    # -- what is told

    def told(self, kind: type[P]) -> list[P]:
        return self.office.payloads(kind)

    def last(self, kind: type[P]) -> P:
        return self.told(kind)[-1]

    def notices(self) -> list[str]:
        return [one.kind for one in self.told(NoticeIssued)]


def objected(desk: Counter, claim: dict[str, Any], who: dict[str, str] | None = None, **changes: Any) -> Any:
    """An objection to a claim, by its debtor unless told otherwise."""
    body = {"claim_ids": [claim["claim_id"]], "text": WORDS, **changes}
    return desk.asked(claim, "objections", body, who)


def demanded(desk: Counter) -> dict[str, Any]:
    """A claim that has had its inkassovarsel and its betalingsoppfordring, each with a fee."""
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    desk.at(date(2026, 2, 13))
    desk.letter("betalingsoppfordring", claim)
    return claim


@contextmanager
def counter(folder: Path, today: date, **settings: Any) -> Iterator[Counter]:
    with desk(folder, today, **settings) as office:
        yield Counter(office)
