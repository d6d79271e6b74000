"""Every process dies where it hurts most, broker and database too: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from support.cluster import Cluster

from inkasso.demo.persons import ANNE, BERNT, CAMILLA, DAVID, EVA, FREDRIK, Person
from inkasso.demo.town import Payment
from local.layout import SERVICES
from shared.auth import Role
from shared.calendar import is_working_day
from shared.db import Database
from shared.events.catalogue import TOPICS
from shared.failpoints import KILLED

pytestmark = [pytest.mark.needs_part("own_kafka_possible"), pytest.mark.needs_part("postgres_url")]

PRINCIPAL_ORE = 1_000_00

ROUNDS = [
    {  # nothing of it is stored yet: all of it is done again
        "claims-api": "claims-api[*claim.registered*].before_commit",
        "payments-ingest": "payments-ingest[*payment.matched*].before_commit",
        "escalation": "escalation[*step.due*].before_commit",
        "notifications": "notifications[*letter.ready*].before_commit",
    },
    {  # all of it is stored, and nobody was told
        "claims-api": "claims-api[*]<-payments.after_commit",
        "payments-ingest": "payments-ingest[*payment.matched*].after_commit",
        "escalation": "escalation[*]<-*claims*.after_commit",
        "notifications": "notifications.folder.written",
    },
    {  # the bus has it, and the outbox does not know: it is sent twice
        "claims-api": "claims-api.relay.claims.published#2",
        "payments-ingest": "payments-ingest.relay.payments.published",
        "escalation": "escalation.relay.escalation.published",
        "notifications": "notifications.relay.notifications.published",
    },
]


class Lives:
    """Claims that live from being handed over to being paid, one after the other."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.claims: list[dict[str, Any]] = []

    def begin(self, person: Person) -> dict[str, Any]:
        """Hand a claim over, on a working day."""
        while not is_working_day(self.cluster.day):
            self.cluster.go_to(self.cluster.day + timedelta(days=1))
        due = self.cluster.day - timedelta(days=25)
        claim = self.cluster.town.register(
            "bydel-frogner", person, "kindergarten", PRINCIPAL_ORE, due, f"F-{len(self.claims)}"
        )
        self.claims.append(claim)
        return claim

    def end(self, claim: dict[str, Any]) -> None:
        """Let the letter go out the next working day, and the debtor pay it at once."""
        town = self.cluster.town
        self.cluster.rest()
        while not town.letters(claim["case_id"]):
            self.cluster.go_to(self.cluster.day + timedelta(days=1))
        (letter,) = town.letters(claim["case_id"])
        town.pay(Payment(kid=claim["kid"], amount_ore=letter["amount_ore"]))
        self.cluster.rest()

    def check(self) -> None:
        """Every claim: one letter, paid once, ended as it should."""
        town = self.cluster.town
        for claim in self.claims:
            shown = town.claim(claim["claim_id"])
            assert shown["status"] == "settled"
            assert shown["balance"]["total_ore"] == 0
            (letter,) = town.letters(claim["case_id"])
            paid = [line["amount_ore"] for line in town.statement(claim["case_id"]) if line["kind"] == "payment"]
            assert -sum(paid) == letter["amount_ore"]
        proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
        owned = ("units_ore", "collector_ore", "overpaid_ore", "suspense_ore", "in_transit_ore")
        assert proof["bank_ore"] == sum(proof[name] for name in owned)
        files = [one for one in town.files() if one["state"] == "accepted"]
        assert proof["bank_ore"] == sum(one["amount_ore"] for one in files)
        for service in SERVICES:
            assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
            assert list(town.server.items(f"/{service}/v1/operator/dead-letters")) == []


@pytest.fixture(scope="module")
def lives(cluster: Cluster) -> Lives:
    return Lives(cluster)


def stored(cluster: Cluster, service: str) -> dict[str, tuple[str, str, int]]:
    """Every event of a service as its database keeps it: id → topic, key and version."""
    db = Database(cluster.databases[service], service)
    with db.read() as tx:
        rows = tx.exec_driver_sql("SELECT event_id, topic, key, version FROM events").all()
    db.close()
    return {event_id: (topic, key, version) for event_id, topic, key, version in rows}


async def published(bootstrap: str) -> list[tuple[str, str, str, int]]:
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


def check_the_log(cluster: Cluster) -> int:
    """What was stored is what was published, in order of each key; returns how many records were sent twice."""
    known = {event_id: place for service in SERVICES for event_id, place in stored(cluster, service).items()}
    log = asyncio.run(published(cluster.kafka.bootstrap))
    assert {event_id for event_id, *_ in log} == set(known)
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for _, topic, key, version in log:
        if version not in versions[topic, key]:
            versions[topic, key].append(version)
    assert all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())
    return len(log) - len(known)


def rewind_to_the_start(cluster: Cluster, service: str) -> int:
    """Let a service read every topic again that it reads; returns how many those are."""
    done = 0
    for topic in TOPICS:
        body = {"topic": topic, "offset": 0, "reason": "a drill"}
        headers = {"Authorization": f"Bearer {cluster.layout.token(Role.OPERATOR, 'Olav')}"}
        answer = cluster.insist("POST", service, "/v1/operator/rewind", json=body, headers=headers)
        assert answer.status_code in {200, 404}, "404: it does not read this one"
        if answer.status_code == 200:
            assert set(answer.json()["offsets"].values()) == {0}
            done += 1
    return done


def test_every_service_is_killed_at_its_commits_and_so_are_broker_and_database(cluster: Cluster, lives: Lives) -> None:
    for person, places in zip((ANNE, BERNT, CAMILLA), ROUNDS, strict=True):
        cluster.deaths.clear()
        cluster.arm(places)
        lives.end(lives.begin(person))
        cluster.rest()
        assert sorted(cluster.deaths) == sorted((service, KILLED) for service in places)

    assert cluster.stop("escalation") == 0, "told to stop, it ends in order"
    claim = lives.begin(DAVID)
    cluster.kafka.kill()
    late = lives.begin(EVA)  # what is handed over now waits in the outbox
    assert "bus:" in cluster.http.get(f"{cluster.url('claims-api')}/ready").text
    cluster.kafka.start()
    lives.end(claim)

    cluster.postgres.kill()
    assert cluster.http.get(f"{cluster.url('claims-api')}/ready").status_code == 503
    cluster.postgres.start()
    lives.end(late)

    lives.check()
    assert check_the_log(cluster) > 0, "the relays that died sent something twice"

    before = {service: stored(cluster, service) for service in SERVICES}
    letters = sum(1 for _ in (cluster.layout.data_dir("notifications") / "letters").rglob("*.pdf"))
    assert sum(rewind_to_the_start(cluster, service) for service in SERVICES) >= 7
    lives.end(lives.begin(FREDRIK))
    lives.check()
    after = {service: stored(cluster, service) for service in SERVICES}

    for service in SERVICES:
        new = {event_id: place for event_id, place in after[service].items() if event_id not in before[service]}
        assert before[service].items() <= after[service].items()
        old_cases = {claim["case_id"] for claim in lives.claims[:-1]}
        assert not old_cases & {key for _, key, _ in new.values()}
    assert sum(1 for _ in (cluster.layout.data_dir("notifications") / "letters").rglob("*.pdf")) == letters + 1
