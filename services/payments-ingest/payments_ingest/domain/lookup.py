"""What has to be looked up for a set of candidates, and how the answers become ``Known``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from payments_ingest.domain.matching import CaseFacts, Known
from payments_ingest.domain.numbers import Candidate, Kind, neighbours, twins


class Wanted(NamedTuple):
    """Numbers to look up: saksnumre and KIDs, invoice numbers, and per number what it may be a slip of."""

    numbers: Set[str]
    invoices: Set[str]
    slips: Mapping[str, tuple[str, ...]]

    @property
    def own_numbers(self) -> Set[str]:
        """Every saksnummer and KID to ask for, neighbours included."""
        return frozenset(self.numbers).union(*self.slips.values()) if self.slips else self.numbers


def wanted(candidates: Iterable[Candidate]) -> Wanted:
    """Return what to look up. A bare saksnummer is asked for as an invoice number too: agencies use such numbers."""
    numbers: set[str] = set()
    invoices: set[str] = set()
    slips: dict[str, tuple[str, ...]] = {}
    for number, kind, *_ in candidates:
        if kind is Kind.NEAR:
            slips[number] = neighbours(number)
        elif kind is Kind.INVOICE:
            invoices.add(number)
        else:
            numbers.add(number)
            invoices.add(number)
            if others := twins(number):
                slips[number] = others
    return Wanted(numbers, invoices, slips)


def known(
    asked: Wanted, numbers: Mapping[str, str], invoices: Mapping[str, frozenset[str]], cases: Mapping[str, CaseFacts]
) -> Known:
    """Put the answers together: ``numbers`` maps each number of ours that exists to its case."""
    slips = {}
    for number, nears in asked.slips.items():
        if found := [numbers[near] for near in nears if near in numbers]:
            slips[number] = frozenset(found)
    return Known(cases, {number: numbers[number] for number in asked.numbers if number in numbers}, invoices, slips)
