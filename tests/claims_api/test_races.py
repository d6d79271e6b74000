"""Many at once: nothing is made twice, nothing is lost, whoever comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from pydantic import TypeAdapter
from support.claims import KARI, OLA, PER, Desk, claim_body, desk

from claims_api.api.reading import canonical, new_claim
from claims_api.api.schemas import ClaimIn
from claims_api.app import deps_of_service
from claims_api.invariants import broken
from claims_api.store.serials import take_serials
from claims_api.tables import CaseRow, ClaimRow, DebtorRow
from claims_api.usecases.register import Registered, register_claim
from shared.db import POOL_SIZE, table_of
from shared.errors import Conflict, RetryLater

AT_ONCE = 8
_claim: TypeAdapter[ClaimIn] = TypeAdapter(ClaimIn)


@pytest.fixture
def office(office_on_both: Desk) -> Desk:
    return office_on_both


def together(work: Callable[[int], Any], count: int = AT_ONCE) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def register(office: Desk, body: dict[str, Any]) -> Registered | Conflict:
    """Register in a transaction of its own, again when another won the race."""
    claim = _claim.validate_python(body)
    deps = deps_of_service(office.service)
    for _ in range(50):
        try:
            with office.service.uow() as uow:
                return register_claim(uow, deps, new_claim(claim), canonical=canonical(claim), actor="test")
        except Conflict as conflict:
            return conflict
        except RetryLater:
            continue
    raise AssertionError("never got through")


def whole(office: Desk) -> None:
    with office.service.db.read() as tx:
        assert broken(tx) == []
    versions = Counter(event.envelope.aggregate for event in office.events())
    for case_id, count in versions.items():
        seen = [event.envelope.version for event in office.events() if event.envelope.aggregate == case_id]
        assert sorted(seen) == list(range(1, count + 1))


def test_claims_of_a_new_debtor_at_once_make_one_debtor_and_one_case(office: Desk) -> None:
    told = together(lambda n: register(office, claim_body(external_ref=f"R-{n}")))
    assert len({one.claim_id for one in told}) == AT_ONCE
    assert len({one.kid for one in told}) == AT_ONCE
    assert {one.case_id for one in told} == {told[0].case_id}
    assert sorted(one.case_version for one in told) == list(range(1, AT_ONCE + 1))
    assert (office.count(table_of(DebtorRow)), office.count(table_of(CaseRow))) == (1, 1)
    whole(office)


def test_one_claim_sent_at_once_is_one_claim_told_alike(office: Desk) -> None:
    told = together(lambda _: register(office, claim_body()))
    assert len(set(told)) == 1
    assert office.count(table_of(ClaimRow)) == 1
    whole(office)


def test_two_claims_under_one_reference_at_once_are_one_and_a_conflict(office: Desk) -> None:
    told = together(lambda n: register(office, claim_body(principal_ore=100_000 + n % 2)))
    won = [one for one in told if isinstance(one, Registered)]
    assert len(set(won)) == 1
    assert len(won) == AT_ONCE // 2
    assert office.count(table_of(ClaimRow)) == 1


def test_shared_debts_in_any_order_never_wait_for_each_other(office: Desk) -> None:
    people = [KARI, OLA, PER]

    def work(n: int) -> Any:
        first, second = people[n % 3], people[(n + 1) % 3]
        other = [{"kind": "person", "national_id": second, "name": "B"}]
        return register(office, claim_body(external_ref=f"S-{n}", debtor__national_id=first, co_debtors=other))

    told = together(work)
    assert len({one.claim_id for one in told}) == AT_ONCE
    assert office.count(table_of(DebtorRow)) == 3
    whole(office)


def test_a_case_is_opened_with_every_connection_in_use(tmp_path: Path, postgres_database: str) -> None:
    """Whoever gives serials out needs a connection: not one of those that all wait for it."""
    with desk(tmp_path, database_url=postgres_database) as office:
        connections = 2 * POOL_SIZE
        all_open = Barrier(connections)

        def take(_: int) -> int:
            with office.service.uow() as uow:
                all_open.wait()
                return take_serials(uow, 1)[0]

        assert len(set(together(take, connections))) == connections


def test_a_case_is_opened_while_another_opening_is_not_yet_committed(tmp_path: Path, postgres_database: str) -> None:
    with desk(tmp_path, database_url=postgres_database) as office:
        deps = deps_of_service(office.service)
        first = _claim.validate_python(claim_body(external_ref="C-0", debtor__national_id=KARI))
        with office.service.uow() as uow:
            told = register_claim(uow, deps, new_claim(first), canonical=canonical(first), actor="test")
            other = register(office, claim_body(external_ref="C-1", debtor__national_id=OLA))
        assert isinstance(other, Registered)
        assert other.case_number != told.case_number
        whole(office)


def test_requests_over_http_that_come_together_are_answered_each(office: Desk) -> None:
    who = office.agency()

    def post(n: int) -> Any:
        body = claim_body(external_ref=f"H-{n // 2}", principal_ore=0 if n == 0 else 5_000)
        return office.client.post("/v1/claims", json=body, headers=who | {"Idempotency-Key": f"h-{n}"})

    answers = together(post, 10)
    assert [answer.status_code for answer in answers] == [422] + [201] * 9
    claims: Sequence[str] = [answer.json()["claim_id"] for answer in answers[1:]]
    assert len(set(claims)) == 5
    whole(office)
