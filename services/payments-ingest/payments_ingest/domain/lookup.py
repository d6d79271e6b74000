"""What has to be looked up for a set of candidates, and how the answers become ``Known``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from payments_ingest.domain.matching import CaseFacts, Known
from payments_ingest.domain.numbers import Candidate, Kind, neighbours, twins


class Wanted(NamedTuple):
    """Numbers to look up: saksnumre and KIDs, invoice numbers, and per number what it may be a slip of."""

    numbers: frozenset[str]
    invoices: frozenset[str]
    slips: Mapping[str, tuple[str, ...]]

    @property
    def own_numbers(self) -> frozenset[str]:
        """Every saksnummer and KID to ask for, neighbours included."""
        return self.numbers.union(*self.slips.values()) if self.slips else self.numbers


def wanted(candidates: Iterable[Candidate]) -> Wanted:
    """Return what to look up. A bare saksnummer is asked for as an invoice number too: agencies use such numbers."""
    numbers: set[str] = set()
    invoices: set[str] = set()
    slips: dict[str, tuple[str, ...]] = {}
    for candidate in candidates:
        if candidate.kind is Kind.NEAR:
            slips[candidate.number] = neighbours(candidate.number)
        elif candidate.kind is Kind.INVOICE:
            invoices.add(candidate.number)
        else:
            numbers.add(candidate.number)
            invoices.add(candidate.number)
            if others := twins(candidate.number):
                slips[candidate.number] = others
    return Wanted(numbers=frozenset(numbers), invoices=frozenset(invoices), slips=slips)


def known(
    asked: Wanted, numbers: Mapping[str, str], invoices: Mapping[str, frozenset[str]], cases: Mapping[str, CaseFacts]
) -> Known:
    """Put the answers together: ``numbers`` maps each number of ours that exists to its case."""
    slips = {}
    for number, nears in asked.slips.items():
        if found := [numbers[near] for near in nears if near in numbers]:
            slips[number] = frozenset(found)
    return Known(
        cases=cases,
        numbers={number: numbers[number] for number in asked.numbers if number in numbers},
        invoices=invoices,
        slips=slips,
    )
