"""The plain way to store a claim: a session per request, an object per row, one commit.

The rules and the rows are the same; what differs is how things are looked up and written. Two things are spared it:
the look-up of an earlier claim under the same reference, and the counter of case numbers, which come for nothing.
"""

from __future__ import annotations

from dataclasses import fields
from itertools import count
from typing import Any

from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import registry
from sqlmodel import Session, select

from claims_api.api.intake import accepted, rules_of
from claims_api.api.views import ClaimOut
from claims_api.domain.claim_types import claim_type
from claims_api.store.cases import Case
from claims_api.store.debtors import ID_DOMAIN, Debtor
from claims_api.store.sealed import DEBTOR_ID
from claims_api.tables import (
    CaseRow,
    ClaimPartyRow,
    ClaimRow,
    DebtorRow,
    KidRow,
    LedgerRow,
    TimelineRow,
)
from claims_api.usecases.case_places import Place
from claims_api.usecases.claim_rows import Intake, NewRow, judged, new_row
from claims_api.usecases.register import UnitTerms, registered_event, timeline_of
from shared.bus import partition_for
from shared.events import Envelope, encode
from shared.kid import KidKind, make_case_number, make_kid
from shared.uow import Uow, open_uow

FIRST_NUMBER = 5_000_000
"""Case numbers from here on are the benchmark's own."""


class Mapped:
    """An object of a table that has no class of its own."""

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class EventRow(Mapped):
    """An event."""


class OutboxRow(Mapped):
    """A pointer to an event that waits for the bus."""


class StreamRow(Mapped):
    """How many events a key has."""


class OnceRow(Mapped):
    """The stored answer to a call."""


class OneByOne:
    """Stands where the group commit does."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.deps = service.app.state.deps
        self.numbers = count(FIRST_NUMBER)
        tables = service.tables
        mapping = registry()
        mapping.map_imperatively(EventRow, tables.events)
        mapping.map_imperatively(OutboxRow, tables.outbox)
        mapping.map_imperatively(StreamRow, tables.stream_version)
        mapping.map_imperatively(OnceRow, tables.idempotency)

    async def submit(self, call: Any) -> Response:
        return await run_in_threadpool(self._store, call)

    def _store(self, call: Any) -> Response:
        with Session(self.service.db.engine) as session:
            uow = self._uow(session)
            terms = UnitTerms(uow.tx, uow.today)
            handed = accepted(call.asked, terms, rules_of(call.asked.ctx))
            creditor, agreement = terms.of(handed.new.unit)
            debtor = self._debtor(session, uow, handed.new.debtor)
            case, opened = self._case(session, uow, handed, debtor, creditor)
            kid = make_kid(KidKind.CLAIM, case.case_number, 1)
            intake = Intake(
                new=judged(handed.new, self.deps),
                kind=claim_type(handed.new.claim_type),
                creditor=creditor,
                agreement=agreement,
                parties=[debtor],
                acting=None,
                place=Place(case=case, kid=kid, opened=opened),
                digest=self.deps.vault.index_of(handed.canonical, domain="claim-body"),
                actor=handed.actor,
            )
            row = new_row(uow, self.deps, intake)
            self._add_claim(session, uow, row)
            answer = ClaimOut(
                **row.claim.first_answer,
                claim_id=row.claim.claim_id,
                case_id=case.case_id,
                case_number=case.case_number,
                kid=kid,
                prior_notice="none",
            ).model_dump_json()
            session.add(
                OnceRow(
                    client=call.client,
                    route=call.once.route,
                    key=call.once.key,
                    fingerprint=call.once.fingerprint,
                    status=201,
                    body=answer,
                    created_at=uow.machine.now(),
                )
            )
            session.commit()
        return Response(answer, status_code=201, media_type="application/json")

    def _uow(self, session: Session) -> Uow:
        service = self.service
        return open_uow(
            session.connection(),
            db=service.db,
            tables=service.tables,
            source=service.name,
            clock=service.clock,
            machine=service.machine,
        )

    def _debtor(self, session: Session, uow: Uow, who: Any) -> Debtor:
        index = self.deps.vault.index_of(who.national_id, domain=ID_DOMAIN)
        found = session.exec(select(DebtorRow).where(DebtorRow.id_index == index)).first()
        if found is None:
            ref = uow.new_id("debtor")
            sealed = self.deps.vault.seal_field(who.national_id, place=DEBTOR_ID.place(ref))
            found = DebtorRow(
                debtor_ref=ref,
                kind=who.kind,
                id_sealed=sealed.data,
                id_key=sealed.key_id,
                id_index=index,
                name=who.name,
                address=who.address.as_json(),
                language="nb",
                protection=who.protection,
                version=1,
                created_at=uow.now,
                changed_at=uow.now,
            )
            session.add(found)
            session.flush()
            session.add(OutboxRow(topic="parties", shard=partition_for(ref, 12), key=ref, event_id=None))
        return Debtor(**{field.name: getattr(found, field.name) for field in fields(Debtor)})

    def _case(self, session: Session, uow: Uow, handed: Any, debtor: Debtor, creditor: Any) -> tuple[Case, bool]:
        group = claim_type(handed.new.claim_type).merge_group.value
        found = session.exec(
            select(CaseRow).where(
                CaseRow.debtor_ref == debtor.debtor_ref, CaseRow.unit == handed.new.unit, CaseRow.merge_group == group
            )
        ).first()
        opened = found is None
        if found is None:
            number = make_case_number(uow.today.year, next(self.numbers))
            found = CaseRow(
                case_id=uow.new_id("case"),
                case_number=number,
                kid=make_kid(KidKind.CASE, number, 0),
                unit=handed.new.unit,
                legal_person=creditor.legal_person,
                debtor_ref=debtor.debtor_ref,
                merge_group=group,
                state="open",
                version=1,
                last_recorded_at=uow.now,
                last_sequence=1,
                opened_on=uow.today,
            )
            session.add(found)
            session.flush()
            session.add(KidRow(kid=found.kid, kind=2, case_id=found.case_id, issued_at=uow.now))
        return Case(**{field.name: getattr(found, field.name) for field in fields(Case)}), opened

    def _add_claim(self, session: Session, uow: Uow, row: NewRow) -> None:
        claim, case = row.claim, row.intake.place.case
        session.add(ClaimRow(**{field.name: getattr(claim, field.name) for field in fields(claim)}))
        session.flush()
        session.add(ClaimPartyRow(claim_id=claim.claim_id, debtor_ref=claim.debtor_ref, position=0))
        session.add(KidRow(kid=claim.kid, kind=1, case_id=case.case_id, claim_id=claim.claim_id, issued_at=uow.now))
        for posting in row.postings:
            values = {field.name: getattr(posting, field.name) for field in fields(posting)}
            session.add(LedgerRow(**values | {"trace": posting.trace.as_json()}))
        for entry in timeline_of(uow, row):
            session.add(TimelineRow(**{field.name: getattr(entry, field.name) for field in fields(entry)}))
        payload, event_id = registered_event(self.deps, row, ladder="collect"), uow.new_id("event")
        envelope = Envelope(
            event_id=event_id,
            type=payload.TYPE,
            source=self.service.name,
            time=uow.now,
            aggregate=case.case_id,
            version=1,
        )
        session.add(StreamRow(topic="claims", key=case.case_id, version=1))
        session.add(
            EventRow(
                event_id=event_id,
                topic="claims",
                key=case.case_id,
                version=1,
                type=payload.TYPE,
                headers=envelope.headers(),
                payload=encode(payload).decode(),
                recorded_at=uow.now,
            )
        )
        session.add(
            OutboxRow(topic="claims", shard=partition_for(case.case_id, 12), key=case.case_id, event_id=event_id)
        )
