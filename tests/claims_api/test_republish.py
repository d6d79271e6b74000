"""A topic that lost its records is filled again from the database: persons as they are now, erasures included."""

from __future__ import annotations

from support.claims import KARI, OLA, Desk

from claims_api.store.states import state_keys


def test_every_person_is_published_again(office_on_both: Desk) -> None:
    office = office_on_both
    office.register(debtor__national_id=KARI)
    office.register(external_ref="F-2", debtor__national_id=OLA)
    body = {"topic": "parties", "reason": "the topic was lost"}
    answer = office.post("/v1/operator/republish", body, office.operator())
    assert answer.json() == {"records": 2, "next": None}
    assert office.count(office.service.tables.operator_action) == 1
    with office.service.db.read() as tx:
        both = state_keys(tx, "parties", "", 10)
        assert len(both) == 2
        assert state_keys(tx, "parties", both[0], 1) == [both[1]]
