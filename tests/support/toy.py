"""Two small services that do nothing but talk to one another: what the plumbing's tests run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select

from shared.assembly import assemble
from shared.auth import Role, TokenIssuer, local_key
from shared.bus import Bus
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock, SystemMachine
from shared.db import insert_ignore
from shared.errors import Park
from shared.events import Event
from shared.events.claims import ClaimEnded, PartyState
from shared.http import Ctx, allow
from shared.idempotency import Idempotent
from shared.inbox import StateRecord
from shared.problems import problems
from shared.service import Service
from shared.settings import BaseServiceSettings
from shared.tables import naming, plumbing
from shared.uow import Uow

METADATA = MetaData(naming_convention=naming)
NOTE = Table(
    "note",
    METADATA,
    Column("row", Integer, primary_key=True, autoincrement=True),
    Column("case_id", String(80), nullable=False),
    Column("claim_id", String(80), nullable=False),
    Column("event_id", String(36), nullable=False, unique=True),
)
TABLES = plumbing(METADATA)
MIGRATIONS = Path(__file__).parent / "toy_migrations"
TODAY = date(2026, 1, 15)
QUIET_ROUNDS_MAX = 400


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case_id: str
    claim_id: str


class NoteOut(BaseModel):
    event_id: str


router = APIRouter(prefix="/v1")


@router.post("/notes", status_code=201, responses=problems(400, 401, 403, 409, 422))
def write_note(body: NoteIn, ctx: Annotated[Ctx, allow(Role.AGENCY)], once: Idempotent) -> Any:
    return once.run(ctx, lambda uow: NoteOut(event_id=emit(uow, body.case_id, body.claim_id)))


def emit(uow: Uow, case_id: str, claim_id: str) -> str:
    payload = ClaimEnded(case_id=case_id, claim_id=claim_id, ended_on=TODAY, reason="settled")
    return uow.emit(payload, key=case_id)


def take_notes(uow: Uow, events: Sequence[Event]) -> None:
    for event in events:
        assert isinstance(event.payload, ClaimEnded)
        if event.payload.claim_id == "poison":
            raise Park("poison", "a claim that nobody can take")
        if event.payload.claim_id == "bug":
            raise KeyError("bug")
    uow.tx.execute(
        NOTE.insert(),
        [
            {"case_id": e.envelope.aggregate, "claim_id": e.payload.claim_id, "event_id": e.envelope.event_id}  # type: ignore[attr-defined]
            for e in events
        ],
    )


def take_names(uow: Uow, states: Sequence[StateRecord]) -> None:
    """Note each person's name; one called "bug" cannot be noted."""
    for state in states:
        name = state.payload.name if isinstance(state.payload, PartyState) else "erased"
        if name == "bug":
            raise KeyError("bug")
        row = {"case_id": state.key, "claim_id": name, "event_id": f"{state.key}:{state.version}"}
        insert_ignore(uow.tx, NOTE, [row])


def toy(name: str, data_dir: Path, bus: Bus, *, url: str | None = None, installation: str = "") -> Service:
    settings = BaseServiceSettings(data_dir=data_dir, database_url=url, installation=installation)  # type: ignore[arg-type]
    consumes = name in {"escalation", "notifications"}
    return assemble(
        name=name,
        version="1",
        settings=settings,
        bus=bus,
        clock=ManualClock(TODAY),
        machine=SystemMachine(),
        tables=TABLES,
        routers=[router],
        handlers={ClaimEnded: take_notes} if consumes else {},
        states={"parties": take_names} if name == "notifications" else {},
        jobs=[],
        backlog=lambda tx: {},
        migrations=MIGRATIONS,
    )


def token(data_dir: Path, role: Role = Role.AGENCY, **claims: str) -> str:
    from datetime import timedelta

    issuer = TokenIssuer(local_key(data_dir / "keys"), "urn:inkasso:local", "inkasso", SystemMachine())
    claims = claims or {"unit": "bydel-frogner"}
    return issuer.issue(role, claims.get("name", "test"), timedelta(hours=1), **claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """What a pair stands on: the folder, the address of each one's database (None: SQLite), and a bus to be started."""

    data_dir: Path
    url: Callable[[str], str | None]
    make_bus: Callable[[], Bus]

    @classmethod
    def embedded(cls, data_dir: Path) -> Rig:
        return cls(
            data_dir=data_dir,
            url=lambda name: None,
            make_bus=lambda: EmbeddedBus(data_dir / "bus.db", machine=SystemMachine()),
        )

    def service(self, name: str, bus: Bus) -> Service:
        return toy(name, self.data_dir, bus, url=self.url(name))


@asynccontextmanager
async def pair(where: Path | Rig) -> AsyncIterator[tuple[Service, Service, Bus]]:
    """A sender and a receiver on one log, running; a folder alone means SQLite and the embedded log."""
    rig = where if isinstance(where, Rig) else Rig.embedded(where)
    bus = rig.make_bus()
    await bus.start()
    sender, receiver = rig.service("claims-api", bus), rig.service("escalation", bus)
    await sender.start()
    await receiver.start()
    try:
        yield sender, receiver, bus
    finally:
        await sender.stop()
        await receiver.stop()
        await bus.stop()


async def quiet(*services: Service) -> None:
    """Wait until nothing is on its way."""
    before = -1
    for _ in range(QUIET_ROUNDS_MAX):
        left = [await service.backlog() for service in services]
        now = sum(service.progress() for service in services)
        if not any(count for counts in left for count in counts.values()) and now == before:
            return
        before = now
        await asyncio.sleep(0.02)
    raise AssertionError(f"not quiet: {left}")


def notes(service: Service) -> list[tuple[str, str]]:
    with service.db.read() as tx:
        return [(r.case_id, r.claim_id) for r in tx.execute(select(NOTE).order_by(NOTE.c.row))]


def count(service: Service, table: Table) -> int:
    with service.db.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def run(where: Path | Rig, scenario: Callable[[Service, Service, Bus], Awaitable[None]]) -> None:
    """Run a scenario with a running pair."""

    async def whole() -> None:
        async with pair(where) as (sender, receiver, bus):
            await scenario(sender, receiver, bus)

    asyncio.run(whole())
