"""Every process dies where it hurts most, broker and database too: nothing is lost, nothing is done twice.

An undisturbed life writes down every place at which a process could have died (``shared/failpoints.py``), and what an
auditor finds in the end; whatever is done to the processes in later lives, the auditor finds the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from signal import SIGKILL
from typing import Any, NamedTuple

import pytest
from support.cluster import Cluster
from support.lives import Lives, places_of

from local.layout import SERVICES
from shared.auth import Role
from shared.events.catalogue import TOPICS
from shared.failpoints import KILLED, pattern

pytestmark = [pytest.mark.needs_part("own_kafka_possible"), pytest.mark.needs_part("postgres_url")]

LIVES_MAX = 5


class Undisturbed(NamedTuple):
    lives: Lives
    books: dict[str, Any]
    places: dict[str, list[str]]


@pytest.fixture(scope="module")
def undisturbed(cluster: Cluster) -> Undisturbed:
    """A life in which nothing happened: its books, and every place that each service passed."""
    lives = Lives(cluster)
    books = lives.live()
    assert cluster.deaths == []
    assert books["noticed"]["status"] == "settled"
    assert (books["noticed"]["letters"], books["fresh"]["letters"]) == (
        [("betalingsoppfordring", "sent")],
        [("inkassovarsel", "sent")],
    )
    return Undisturbed(lives, books, {service: places_of(cluster.passed(service)) for service in SERVICES})


def test_every_process_dies_at_every_commit_boundary(cluster: Cluster, undisturbed: Undisturbed) -> None:
    lives, expected, places = undisturbed
    for service, events in {
        "claims-api": ("claim.registered", "demand.issued", "demand.released", "claim.ended"),
        "payments-ingest": ("payment.matched", "payment.unmatched", "bank_day.completed"),
        "escalation": ("step.due",),
        "notifications": ("letter.ready", "letter.dispatched", "letter.sent"),
    }.items():
        assert all(any(event in place for place in places[service]) for event in events)
        assert any(place.startswith(f"{service}.relay.") for place in places[service])
    cluster.deaths.clear()
    cluster.places.update({service: deque(found) for service, found in places.items()})
    for _ in range(LIVES_MAX):
        cluster.arm()
        assert lives.live() == expected
        lives.check()
        if not any(cluster.places.values()):
            break
        for left in cluster.places.values():  # the first was not passed again: another one's turn
            left.rotate(-1)
    assert {death.status for death in cluster.deaths} == {KILLED}
    for service, found in places.items():
        died_at = [death.place for death in cluster.deaths if death.service == service]
        assert [name for name in found if not any(map(pattern(name).fullmatch, died_at))] == []
    assert lives.check_the_log() > 0, "the relays that died sent something twice"


def test_processes_broker_and_database_are_killed_and_everything_is_read_again(
    cluster: Cluster, undisturbed: Undisturbed
) -> None:
    lives, expected, _ = undisturbed
    cluster.deaths.clear()
    first = lives.begin()
    for service in SERVICES:
        cluster.kill(service)
    cluster.kafka.kill()
    second = lives.begin()  # claims-api was started again without a broker, and takes it all the same
    assert {death.service for death in cluster.deaths if death.status == -SIGKILL} == set(SERVICES)
    for service in SERVICES:
        cluster.until_ready_says(service, "bus:")
    cluster.kafka.start()
    cluster.kill("escalation")
    cluster.postgres.kill()
    cluster.start("escalation", wait=False)
    for service in SERVICES:
        cluster.until_ready_says(service, "database:")
    cluster.postgres.start()
    lives.end(first, second)
    assert [lives.books(number) for number in (first, second)] == [expected, expected]
    lives.check()
    lives.check_the_log()
    reading_again_changes_nothing(cluster, lives, lives.live, expected)


def reading_again_changes_nothing(
    cluster: Cluster, lives: Lives, live: Callable[[], dict[str, Any]], expected: dict[str, Any]
) -> None:
    """Every service reads every topic from its start; then a life goes on as before."""
    before, old = {service: lives.stored(service) for service in SERVICES}, len(lives.lives)
    letters = lives.letters()
    assert sum(rewind_to_the_start(cluster, service) for service in SERVICES) >= 7
    assert live() == expected
    lives.check()
    after = {service: lives.stored(service) for service in SERVICES}
    old_cases = {claim["case_id"] for life in lives.lives[:old] for claim in life}
    for service in SERVICES:
        assert before[service].items() <= after[service].items()
        new = {event_id: place for event_id, place in after[service].items() if event_id not in before[service]}
        assert not old_cases & {key for _, key, _ in new.values()}
    assert lives.letters() == letters + 2


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
