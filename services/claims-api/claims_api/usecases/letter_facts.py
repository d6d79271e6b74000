"""What letters name besides amounts: the unit, where the money goes, and who gets a letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from claims_api.settings import Settings
from claims_api.store import creditors, debtors
from claims_api.store.debtors import Debtor
from shared.errors import Crash
from shared.events.claims import CreditorFacts, Payee, Recipient
from shared.events.legal import LegalPerson
from shared.ids import letter_id
from shared.party import iban


def creditor_facts(tx: Connection, unit: str) -> CreditorFacts:
    """Return the unit on whose behalf a letter is sent (inkassoloven § 10 a)."""
    creditor = creditors.find_creditor(tx, unit)
    if creditor is None:
        raise Crash("letter: expected the case's unit among the creditors")
    return CreditorFacts(unit=creditor.unit, name=creditor.name, org_number=creditor.org_number)


def legal_person(tx: Connection, unit: str) -> LegalPerson:
    """Return the creditor in the law's sense: who a unit belongs to, or is."""
    creditor = creditors.find_creditor(tx, unit)
    if creditor is None:
        raise Crash("petition: expected the case's unit among the creditors")
    return LegalPerson(org_number=creditor.legal_person, name=creditor.legal_person_name)


def payee(settings: Settings) -> Payee:
    """Return where the money goes."""
    return Payee(
        account=settings.payee_account,
        iban=iban(settings.payee_account),
        bic=settings.payee_bic,
        name=settings.payee_name,
    )


def recipients_of(tx: Connection, demand_id: str, debtor_refs: Iterable[str]) -> list[Recipient]:
    """Return who gets a letter, each with the version of their party record as it is now; the erased get none."""
    refs = list(debtor_refs)
    return recipients(demand_id, refs, debtors.find_debtors(tx, refs))


def recipients(demand_id: str, debtor_refs: Iterable[str], known: Mapping[str, Debtor]) -> list[Recipient]:
    """Return who gets a letter of those that are known, each with the version of their party record."""
    return [
        Recipient(debtor_ref=ref, party_version=known[ref].version, letter_id=letter_id(demand_id, ref))
        for ref in debtor_refs
        if ref in known and known[ref].erased_at is None
    ]
