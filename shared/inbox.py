"""The inbox: a batch of records becomes one transaction, exactly once in effect.

Offsets say what this database has taken, versions say what each aggregate has seen. An offset behind is dropped, an
offset ahead is a gap and the batch is refused; a version behind is a duplicate, a version ahead parks the key until
the missing one comes, the same version with another event id is a fork and stops everything. The offset rows are
locked first, so a consumer that wrongly believes it still owns a partition waits and then finds its records behind.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from sqlalchemy import Connection, select, tuple_

from shared import parking
from shared.bus import Record, TopicPartition
from shared.clock import Clock, Machine
from shared.db import Database, among, chunks, insert_ignore, passing, upsert
from shared.errors import Crash, Park, RetryLater
from shared.events import Envelope, Event, Payload, Undecodable, UnknownType, decode, read_envelope
from shared.events.catalogue import TOPICS
from shared.failpoints import reach
from shared.tables import Plumbing
from shared.uow import Uow, open_uow
from shared.waves import Folding as Folding
from shared.waves import Handler as Handler
from shared.waves import waves

log = logging.getLogger(__name__)

FAULTS_RATIO_MAX = 0.5
FAULTS_MIN = 20


@dataclass(frozen=True, slots=True)
class StateRecord:
    """The newest state of one key of a compacted topic; ``payload`` None is a tombstone: erase."""

    key: str
    version: int
    payload: Payload | None


StateHandler = Callable[[Uow, Sequence[StateRecord]], None]


class Unread(Payload):
    """The data of an event whose type this code does not know, as it came."""

    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[str] = ""

    headers: dict[str, str]
    value: bytes


class Gap(Exception):
    """Records are missing before these: read again from ``expected``."""

    def __init__(self, tp: TopicPartition, expected: int, got: int) -> None:
        super().__init__(f"{tp.topic}/{tp.partition}: expected offset {expected}, got {got}")
        self.tp = tp
        self.expected = expected


@dataclass(slots=True)
class Outcome:
    """What became of a batch: consumed = applied + duplicate + parked + dead."""

    next_offsets: dict[TopicPartition, int] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    duplicate: int = 0
    parked: int = 0
    dead: int = 0
    emitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Takes batches of records into one service's database."""

    db: Database
    tables: Plumbing
    service: str
    clock: Clock
    machine: Machine
    handlers: Mapping[type[Payload], Handler]
    states: Mapping[str, StateHandler]
    installation: str = ""

    def positions(self, starts: Mapping[TopicPartition, int], epoch: str) -> dict[TopicPartition, int]:
        """Return where to read each partition from: what this database has taken, else the log's start.

        Another epoch is another log: offsets of the old one mean nothing in it, so it is read from its start and
        versions drop what was taken before.
        """
        table = self.tables.inbox_offset
        rows = [
            {"topic": tp.topic, "part": tp.partition, "next_offset": at, "epoch": epoch} for tp, at in starts.items()
        ]
        with self.db.begin() as tx:
            insert_ignore(tx, table, rows)
            known = {
                TopicPartition(row.topic, row.part): (row.next_offset, row.epoch) for row in tx.execute(select(table))
            }
            stale = [row for row in rows if known[TopicPartition(row["topic"], row["part"])][1] != epoch]  # type: ignore[arg-type]
            upsert(tx, table, stale, key=["topic", "part"], update=["next_offset", "epoch"])
        return {tp: start if known[tp][1] != epoch else known[tp][0] for tp, start in starts.items()}

    def take(self, records: Sequence[Record], epoch: str) -> Outcome:
        """Apply a batch in one transaction.

        Raises Gap when records before it are missing, Crash on a fork or when most of a batch fails. A handler that
        raises Park makes the batch be applied again event by event, and that event's key is parked.
        """
        try:
            return self._take(records, epoch, isolate=False)
        except Exception as fault:
            if not one_events_fault(fault):
                raise
            # One of the events cannot be applied: find out which, without letting it take the others down.
            log.info("%s: a batch of %d failed; applying it event by event", self.service, len(records))
            return self._take(records, epoch, isolate=True)

    def _take(self, records: Sequence[Record], epoch: str, *, isolate: bool) -> Outcome:
        outcome = Outcome()
        with self.db.begin() as tx:
            uow = open_uow(
                tx,
                db=self.db,
                tables=self.tables,
                source=self.service,
                clock=self.clock,
                machine=self.machine,
                installation=self.installation,
            )
            fresh = self._fence(tx, records, epoch, outcome)
            events = [r for r in fresh if TOPICS[r.topic].kind == "events"]
            states = [r for r in fresh if TOPICS[r.topic].kind == "state"]
            self._apply_states(uow, states, epoch, outcome, isolate=isolate)
            self._apply_events(uow, events, epoch, outcome, isolate=isolate)
            label = f"{uow.label()}<-{'+'.join(sorted({r.topic for r in records}))}"
            outcome.emitted = uow.flush()
            reach(f"{label}.before_commit")
        reach(f"{label}.after_commit")
        return outcome

    def _fence(self, tx: Connection, records: Sequence[Record], epoch: str, outcome: Outcome) -> list[Record]:
        """Lock the offset rows, drop what is behind them, refuse a gap, advance them."""
        table = self.tables.inbox_offset
        wanted = sorted({record.topic_partition for record in records})
        query = (
            select(table)
            .where(tuple_(table.c.topic, table.c.part).in_([tuple(tp) for tp in wanted]))
            .order_by(table.c.topic, table.c.part)
        )
        if self.db.dialect == "postgresql":
            query = query.with_for_update()
        rows_now = tx.execute(query).all()
        expected = {TopicPartition(row.topic, row.part): row.next_offset for row in rows_now if row.epoch == epoch}
        if len(expected) < len(wanted):
            raise RetryLater(
                "inbox: expected a position for every partition of this log; the reader asks for them anew"
            )
        fresh = []
        for record in records:
            tp, offset = record.topic_partition, record.offset
            if offset < expected[tp]:
                outcome.duplicate += 1
                continue
            if offset > expected[tp] and TOPICS[record.topic].kind == "events":
                raise Gap(tp, expected[tp], offset)
            expected[tp] = offset + 1
            fresh.append(record)
        rows = [{"topic": t, "part": p, "next_offset": at, "epoch": epoch} for (t, p), at in expected.items()]
        upsert(tx, table, rows, key=["topic", "part"], update=["next_offset", "epoch"])
        outcome.next_offsets = expected
        return fresh

    def _apply_states(
        self, uow: Uow, records: Sequence[Record], epoch: str, outcome: Outcome, *, isolate: bool
    ) -> None:
        newest: dict[tuple[str, str], tuple[Record, StateRecord]] = {}
        for record in records:
            try:
                state = self._read_state(record)
            except Undecodable as wrong:
                parking.dead_letter(uow, record, epoch, str(wrong))
                outcome.dead += 1
                continue
            known = newest.get((record.topic, record.key))
            if known is None or state.version >= known[1].version:
                newest[(record.topic, record.key)] = (record, state)
            outcome.applied[record.topic] += 1
        for topic in dict.fromkeys(t for t, _ in newest):
            of_topic = [found for (t, _), found in newest.items() if t == topic]
            if not isolate:
                self.states[topic](uow, [state for _, state in of_topic])
                continue
            for record, state in of_topic:
                fault = _alone(uow, lambda topic=topic, state=state: self.states[topic](uow, [state]))  # type: ignore[misc]
                if fault is not None:  # nothing waits behind a state: the next one replaces it
                    log.error("%s cannot apply a state of %s", self.service, topic, exc_info=fault)
                    parking.dead_letter(uow, record, epoch, f"handler_error: {type(fault).__name__}")
                    outcome.applied[topic] -= 1
                    outcome.dead += 1

    def _read_state(self, record: Record) -> StateRecord:
        if record.value is None:
            version = record.headers.get("ce_aggregateversion", "0")
            if not version.isascii() or not version.isdigit():
                raise Undecodable("ce_aggregateversion: expected a whole number, got something else")
            return StateRecord(record.key, int(version), None)
        event = decode(record.headers, record.value)
        self._check_origin(record, event.envelope, event.payload.TOPIC)
        return StateRecord(record.key, event.envelope.version, event.payload)

    def _check_origin(self, record: Record, envelope: Envelope, topic: str) -> None:
        """Refuse what is well-formed and not meant for us: another key, topic, sender or installation."""
        if envelope.aggregate != record.key:
            raise Undecodable("ce_subject: expected the record's key, got another value")
        if topic != record.topic:
            raise Undecodable(f"ce_type: expected an event of {record.topic}, got one of {topic}")
        if envelope.source != TOPICS[record.topic].producer:
            raise Undecodable(f"ce_source: expected {TOPICS[record.topic].producer}, got another sender")
        if envelope.extra.get("installation", "") != self.installation:
            raise Undecodable("ce_installation: expected our own, got another installation's")

    def _read(self, record: Record) -> Event:
        """Read a record; raises Undecodable. What only newer code can read comes back as ``Unread``."""
        if record.value is None:
            raise Undecodable("value: expected JSON, got nothing")
        try:
            event = decode(record.headers, record.value)
        except UnknownType:
            event = Event(read_envelope(record.headers), Unread(headers=record.headers, value=record.value))
        topic = record.topic if isinstance(event.payload, Unread) else event.payload.TOPIC
        self._check_origin(record, event.envelope, topic)
        return event

    def _apply_events(
        self, uow: Uow, records: Sequence[Record], epoch: str, outcome: Outcome, *, isolate: bool
    ) -> None:
        decoded: list[tuple[str, Event]] = []
        for record in records:
            try:
                decoded.append((record.topic, self._read(record)))
            except Undecodable as wrong:
                parking.dead_letter(uow, record, epoch, str(wrong))
                outcome.dead += 1
        ready = self._in_version_order(uow, decoded, outcome)
        faults = 0
        kinds = ((self.handlers.get(type(event.payload)), event) for _, event in ready)
        # An event of a topic we read that says nothing to us has no handler.
        for wave in waves((handler, event) for handler, event in kinds if handler is not None):
            for handler, events in wave:
                if isolate:
                    faults += self._one_by_one(uow, handler, events, outcome)
                else:
                    handler(uow, events)
                    outcome.applied.update(event.payload.TOPIC for event in events)
        if faults >= FAULTS_MIN and faults > FAULTS_RATIO_MAX * len(records):
            raise Crash(f"{self.service}: {faults} of {len(records)} events failed; this is the code, not the events")

    def _one_by_one(self, uow: Uow, handler: Handler, events: Sequence[Event], outcome: Outcome) -> int:
        faults = 0
        for event in events:
            if parking.is_parked(uow.tx, self.tables, event.payload.TOPIC, event.envelope.aggregate):
                parking.park(uow, event, "behind_parked", "an earlier event of this key is parked")
                outcome.parked += 1
                continue
            fault = _alone(uow, lambda event=event: handler(uow, [event]))  # type: ignore[misc]
            if fault is None:
                outcome.applied[event.payload.TOPIC] += 1
                continue
            reason = fault.reason if isinstance(fault, Park) else "handler_error"
            detail = fault.detail if isinstance(fault, Park) else type(fault).__name__
            log.error("%s parks a key: %s", self.service, reason, exc_info=None if isinstance(fault, Park) else fault)
            parking.park(uow, event, reason, detail)
            outcome.parked += 1
            faults += reason == "handler_error"
        return faults

    def _in_version_order(
        self, uow: Uow, decoded: Sequence[tuple[str, Event]], outcome: Outcome
    ) -> list[tuple[str, Event]]:
        """Drop duplicates, park what is ahead, let go what a missing version had held back."""
        if not decoded:
            return []
        keys = sorted({(topic, event.envelope.aggregate) for topic, event in decoded})
        seen = self._versions(uow.tx, keys)
        parked = parking.parked_among(uow.tx, self.tables, keys)
        ready: list[tuple[str, Event]] = []
        for topic, event in decoded:
            stream = (topic, event.envelope.aggregate)
            version, last_id = seen.get(stream, (0, ""))
            got = event.envelope.version
            if got <= version:
                if got == version and event.envelope.event_id != last_id:
                    raise Crash(f"{topic}: version {got} of one aggregate exists twice with different ids")
                outcome.duplicate += 1
            elif stream in parked and parked[stream] != parking.VERSION_GAP:
                self._park(uow, topic, event, "behind_parked", "an earlier event of this key is parked")
                seen[stream] = (got, event.envelope.event_id)
                outcome.parked += 1
            elif got > version + 1:
                self._park(uow, topic, event, parking.VERSION_GAP, f"expected version {version + 1}, got {got}")
                parked[stream] = parking.VERSION_GAP
                outcome.parked += 1
            elif isinstance(event.payload, Unread):
                self._park(uow, topic, event, parking.UNKNOWN_TYPE, f"{event.envelope.type} is newer than this code")
                seen[stream], parked[stream] = (got, event.envelope.event_id), parking.UNKNOWN_TYPE
                outcome.parked += 1
            else:
                ready.append((topic, event))
                seen[stream] = (got, event.envelope.event_id)
                if parked.get(stream) == parking.VERSION_GAP:
                    released = parking.release_after(uow, topic, event)
                    ready.extend((topic, later) for later in released)
                    if released:
                        seen[stream] = (released[-1].envelope.version, released[-1].envelope.event_id)
        rows = [{"topic": t, "key": k, "version": v, "event_id": i} for (t, k), (v, i) in seen.items()]
        upsert(uow.tx, self.tables.inbox_version, rows, key=["topic", "key"], update=["version", "event_id"])
        return ready

    def _versions(self, tx: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, str]]:
        table = self.tables.inbox_version
        found: dict[tuple[str, str], tuple[int, str]] = {}
        for piece in chunks(keys):
            wanted = among(tx, [table.c.topic, table.c.key], piece)
            columns = (table.c.topic, table.c.key, table.c.version, table.c.event_id)
            query = select(*columns).where(wanted).order_by(table.c.topic, table.c.key)
            if self.db.dialect == "postgresql":
                query = query.with_for_update()
            rows = tx.execute(query).all()
            found.update({(topic, key): (version, event_id) for topic, key, version, event_id in rows})
        return found

    @staticmethod
    def _park(uow: Uow, topic: str, event: Event, reason: str, detail: str) -> None:
        if isinstance(event.payload, Unread):
            value, headers = event.payload.value, event.payload.headers
            parking.park_record(uow, topic, event.envelope, headers, value, reason, detail)
        else:
            parking.park(uow, event, reason, detail)


def one_events_fault(fault: Exception) -> bool:
    """Say whether a fault may be about one event: not a passing one, and none that must stop everything."""
    return not isinstance(fault, Gap | Crash | RetryLater) and not passing(fault)


def _alone(uow: Uow, work: Callable[[], None]) -> Exception | None:
    """Do something that may fail without taking the rest of the transaction down; returns its fault."""
    mark, savepoint = uow.mark(), uow.tx.begin_nested()
    try:
        work()
    except Exception as fault:
        if not one_events_fault(fault):
            raise
        savepoint.rollback()
        uow.forget_since(mark)
        return fault
    savepoint.commit()
    return None
