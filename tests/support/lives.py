"""Claims' lives in a cluster that is being disturbed: handed over, demanded, paid; and that all of it happened once.

A life is two debtors: one who had a notice from the unit itself and gets a betalingsoppfordring, pays too much and is
done; one who is new and gets an inkassovarsel. With their payment comes another that nobody knows.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from support.cluster import Cluster
from support.crowd import national_ids

from inkasso.demo.persons import Person
from inkasso.demo.town import Payment
from local.layout import SERVICES
from shared.auth import Role
from shared.calendar import is_working_day
from shared.db import Database
from shared.events.catalogue import TOPICS

PRINCIPAL_ORE = 1_500_00
TOO_MUCH_ORE = 2_000_00
TRANSACTION = re.compile(r"(?P<service>[\w-]+)\[(?P<events>[^]]*)\](<-(?P<topics>.+))?\.(?P<when>before|after)_commit")
UNKNOWN_KID = "126000009900019"
UNKNOWN_ORE = 75_00


class Lives:
    """Lives in one cluster, one after the other."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.town = cluster.town
        self.lives: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.files = 0
        self._ids = national_ids()

    def live(self) -> dict[str, Any]:
        """Live one life to its end; returns what an auditor would compare with another."""
        number = self.begin()
        self.end(number)
        return self.books(number)

    def begin(self) -> int:
        """Hand both claims over, on a working day; returns the life's number."""
        while not is_working_day(self.cluster.day):
            self.cluster.go_to(self.cluster.day + timedelta(days=1))
        number, today = len(self.lives), self.cluster.day
        notice = {
            "sent_on": (today - timedelta(days=23)).isoformat(),
            "deadline": (today - timedelta(days=6)).isoformat(),
            "fee_ore": 0,
        }
        due = today - timedelta(days=44)

        def register(invoice: str, prior_notice: Any) -> dict[str, Any]:
            street = {"street": "Prøveveien 1", "postal_code": "0261"}
            person = Person(national_id=next(self._ids), name=f"Test Person {invoice}", **street)
            kind = ("bydel-frogner", person, "kindergarten", PRINCIPAL_ORE)
            return self.town.register(*kind, due, invoice, prior_notice=prior_notice)

        self.lives.append((register(f"N-{number}", notice), register(f"F-{number}", None)))
        return number

    def end(self, *numbers: int) -> None:
        """Let the letters go out the next working day, and the first debtor of each life pay too much at once."""
        lives = [self.lives[number] for number in numbers]
        self.cluster.rest()
        while not all(self.town.letters(claim["case_id"]) for life in lives for claim in life):
            self.cluster.go_to(self.cluster.day + timedelta(days=1))
        paid = [Payment(kid=noticed["kid"], amount_ore=TOO_MUCH_ORE) for noticed, _ in lives]
        unknown = [Payment(kid=UNKNOWN_KID, amount_ore=UNKNOWN_ORE + number) for number in numbers]
        self.town.pay(*paid, *unknown)
        self.files += 1
        self.cluster.rest()
        self.cluster.go_to(self.cluster.day + timedelta(days=1))

    def books(self, number: int) -> dict[str, Any]:
        """What became of a life: everything but ids, days and what a day's interest is."""
        town, found = self.town, {}
        for name, claim in zip(("noticed", "fresh"), self.lives[number], strict=True):
            case_id = claim["case_id"]
            entries = town.server.items(f"/claims-api/v1/cases/{case_id}/timeline", role=Role.AUDITOR)
            lines = town.statement(case_id)
            found[name] = {
                "status": town.claim(claim["claim_id"])["status"],
                "letters": [(one["kind"], one["state"]) for one in town.letters(case_id)],
                "timeline": Counter(entry["type"] for entry in entries),
                "statement": Counter(line["kind"] for line in lines),
                "paid_ore": sum(line["amount_ore"] for line in lines if line["kind"] == "payment"),
            }
        return found

    def check(self) -> None:
        """The bank's money is the ledger's, every letter is there once, and nothing waits for a person."""
        town = self.town
        proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
        files = [one for one in town.files() if one["state"] != "duplicate"]  # sent again when no answer came
        assert [one["state"] for one in files] == ["partly_accepted"] * self.files
        assert proof["bank_ore"] == sum(one["amount_ore"] for one in files)
        owned = ("units_ore", "collector_ore", "overpaid_ore", "suspense_ore", "in_transit_ore")
        assert proof["bank_ore"] == sum(proof[name] for name in owned)
        assert self.letters() == 2 * len(self.lives)
        for service in SERVICES:
            assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
            assert list(town.server.items(f"/{service}/v1/operator/dead-letters")) == []

    def letters(self) -> int:
        """Count the letters that were given to the channel."""
        return sum(1 for _ in (self.cluster.layout.data_dir("notifications") / "letters").rglob("*.pdf"))

    def check_the_log(self) -> int:
        """What was stored is what was published, in order of each key; returns how many were sent more than once."""
        known = {event_id for service in SERVICES for event_id in self.stored(service)}
        log = asyncio.run(_published(self.cluster.kafka.bootstrap))
        assert {event_id for event_id, *_ in log} == known
        versions: dict[tuple[str, str], list[int]] = defaultdict(list)
        for _, topic, key, version in log:
            if version not in versions[topic, key]:
                versions[topic, key].append(version)
        assert all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())
        return len(log) - len(known)

    def stored(self, service: str) -> dict[str, tuple[str, str, int]]:
        """Every event of a service as its database keeps it: id → topic, key and version."""
        db = Database(self.cluster.databases[service], service)
        with db.read() as tx:
            rows = tx.exec_driver_sql("SELECT event_id, topic, key, version FROM events").all()
        db.close()
        return {event_id: (topic, key, version) for event_id, topic, key, version in rows}


async def _published(bootstrap: str) -> list[tuple[str, str, str, int]]:
    """Every record of the event topics in the order of its partition: id, topic, key, version."""
    everything = [KafkaPartition(t.name, n) for t in TOPICS.values() if t.kind == "events" for n in range(t.partitions)]
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    client.assign(everything)
    await client.start()
    ends = await client.end_offsets(everything)
    found = []
    while [tp for tp in everything if await client.position(tp) < ends[tp]]:
        for records in (await client.getmany(timeout_ms=1_000)).values():
            for record in records:
                headers = {name: value.decode() for name, value in record.headers}
                version = int(headers["ce_aggregateversion"])
                found.append((headers["ce_id"], record.topic, record.key.decode(), version))
    await client.stop()
    return found


def places_of(log: Path) -> list[str]:
    """Name the places that a process passed and wrote down, in the order it first did.

    Which events share a transaction depends on how fast they come, so a transaction's places are: the one that tells
    of this event, the one that takes this topic.
    """
    found: dict[str, None] = {}
    for line in log.read_text("utf-8").splitlines():
        at = TRANSACTION.fullmatch(line)
        found.update(dict.fromkeys([line] if at is None else _of_transaction(at)))
    return list(found)


def _of_transaction(at: re.Match[str]) -> Iterator[str]:
    service, when = at["service"], at["when"]
    for topic in (at["topics"] or "").split("+"):
        if topic:
            yield f"{service}[*]<-*{topic}*.{when}_commit"
    for event in at["events"].split("+"):
        if event:
            yield f"{service}[*{event}*]*.{when}_commit"
    if not (at["topics"] or at["events"]):
        yield at[0]
