"""The table of claim types: interest, dispute body, enforcement, secrecy and the case they may share."""

from __future__ import annotations

from datetime import date

import pytest

from claims_api.domain.claim_types import (
    CLAIM_TYPES,
    DisputeBody,
    InterestBasis,
    MergeGroup,
    claim_type,
    dispute_body_for,
    interest_from,
)
from claims_api.domain.rates import load_rates

RATES = load_rates()
DUE, INVOICE = date(2026, 1, 15), date(2026, 1, 5)
LATER = date(2026, 2, 4)


@pytest.mark.parametrize(
    ("name", "starts", "body", "basis", "group", "sensitive"),
    [
        ("kindergarten", DUE, "forliksraad", "f", "general", False),
        ("after_school", DUE, "forliksraad", "f", "general", False),
        ("emergency_clinic", LATER, "forliksraad", "f", "health", True),
        ("dental_emergency", LATER, "forliksraad", "f", "health", True),
        ("library_replacement", LATER, "forliksraad", "f", "general", False),
        ("nursing_home", DUE, "forliksraad", "f", "health", True),
        ("home_care", DUE, "forliksraad", "f", "health", True),
        ("rent", DUE, "husleietvistutvalg", "f", "general", False),
        ("coercive_fine", None, "unit", "d", "fine", False),
        ("other_invoice", LATER, "forliksraad", "f", "general", False),
    ],
)
def test_what_the_law_makes_of_each_type(
    name: str, starts: date | None, body: str, basis: str, group: str, sensitive: bool
) -> None:
    kind = claim_type(name)
    assert interest_from(kind, due_date=DUE, invoice_date=INVOICE, rates=RATES) == starts
    assert dispute_body_for(kind) == body
    assert kind.enforceable_by == f"tvangsfullbyrdelsesloven § 7-2 {basis}"
    assert (kind.merge_group, kind.sensitive) == (MergeGroup(group), sensitive)


def test_there_are_ten_types_and_no_other() -> None:
    assert len(CLAIM_TYPES) == 10
    with pytest.raises(ValueError, match="parking"):
        claim_type("parking")


def test_a_sensitive_type_has_a_name_that_says_nothing() -> None:
    names = {kind.service_name for kind in CLAIM_TYPES.values() if kind.sensitive}
    assert names == {"Kommunal tjeneste"}


def test_the_later_of_due_date_and_thirty_days_after_the_invoice() -> None:
    kind = claim_type("other_invoice")
    assert interest_from(kind, due_date=date(2026, 3, 1), invoice_date=INVOICE, rates=RATES) == date(2026, 3, 1)
    assert interest_from(kind, due_date=DUE, invoice_date=INVOICE, rates=RATES) == LATER


def test_an_agreement_may_override() -> None:
    kind = claim_type("coercive_fine")
    agreed = interest_from(kind, due_date=DUE, invoice_date=INVOICE, rates=RATES, basis=InterestBasis.DUE_DATE)
    assert agreed == DUE
    assert dispute_body_for(claim_type("rent"), override=DisputeBody.FORLIKSRAAD) is DisputeBody.FORLIKSRAAD


def test_business_premises_go_to_forliksraadet() -> None:
    assert dispute_body_for(claim_type("rent"), premises="business") is DisputeBody.FORLIKSRAAD
    assert dispute_body_for(claim_type("rent"), premises="home") is DisputeBody.HUSLEIETVISTUTVALG
