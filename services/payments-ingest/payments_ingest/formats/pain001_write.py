"""Writes pain.001 ("betalingsoppdrag"): refunds and remittance that leave our account.

Version 001.001.09, or 001.001.03 for a bank that has not moved on. The same approved batch gives the same message id,
so that a bank refuses it when it is uploaded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Literal

from lxml import etree
from stdnum import iban as iban_rules

from payments_ingest.formats.bank_text import bank_reference, bank_text, is_bic
from payments_ingest.formats.xml_write import Nodes, document, kroner
from shared.calendar import bank_day_after, is_bank_day
from shared.kid import has_valid_check_digit
from shared.party import PartyIdError, check_account
from shared.party import iban as iban_of

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}"
MAX_PAYOUTS = 10_000
MAX_NAME = 70
MAX_MESSAGE = 140
MAX_ORE = 10**12

Version = Literal["09", "03"]


class Unpayable(StrEnum):
    """Why no payment file can hold a payout to an account."""

    NO_ACCOUNT = "no_account"
    ACCOUNT = "account_not_payable"  # neither a Norwegian account nor an IBAN
    NO_BIC = "bic_missing"  # a transfer in kroner abroad names the receiver's bank; only euro within SEPA does without


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One transfer ("utbetaling"). ``identity`` comes back as EndToEndId (see :func:`own_identity`).

    ``account`` is an 11-digit account or an IBAN; an IBAN abroad needs ``bic``, and says which country the receiver is
    in. At most one of ``kid`` and ``message``.
    """

    identity: str
    amount_ore: int
    name: str
    account: str
    kid: str | None = None
    message: str | None = None
    bic: str | None = None

    @property
    def country(self) -> str:
        """The country of the receiver's account (ISO 3166-1)."""
        return "NO" if self.account.isdecimal() else self.account[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """What leaves one account on one bank day. ``customer`` is the id the bank knows us by."""

    account: str
    name: str
    customer: str
    bic: str
    execute_on: date
    created: datetime
    payouts: tuple[Payout, ...] = field(default=())

    @property
    def message_id(self) -> str:
        """The same for the same payouts, whatever their order and whenever it is written."""
        return stable_message_id(self.account, (payout.identity for payout in self.payouts))


def stable_message_id(account: str, identities: Iterable[str]) -> str:
    """A message id of 34 characters that depends on the account and on which payouts there are, and on nothing else."""
    content = "\n".join([account, *sorted(identities)])
    return f"KI{blake2b(content.encode(), digest_size=16).hexdigest()}"


def execution_day(day: date) -> date:
    """The day itself when banks settle on it, else the first bank day after it."""
    return day if is_bank_day(day) else bank_day_after(day)


def write_pain001(order: PayoutOrder, *, version: Version = "09", scheme: str = "BBAN", iban: bool = False) -> bytes:
    """The message for an approved batch.

    ``scheme`` is what the bank calls a Norwegian account number (BBAN; BANK at some), ``iban`` writes those as IBAN.
    Raises ValueError naming every payout that cannot be written, by its place: a batch is written whole or not at all.
    """
    wrong = list(_wrong(order))
    if wrong:
        raise ValueError("; ".join(wrong[:20]))
    return _Writer(order, version, scheme, iban).message()


def _wrong(order: PayoutOrder) -> Iterable[str]:
    if not 0 < len(order.payouts) <= MAX_PAYOUTS:
        yield f"payouts: from 1 to {MAX_PAYOUTS} are expected, got {len(order.payouts)}"
    if len({payout.identity for payout in order.payouts}) != len(order.payouts):
        yield "payouts: each identity once is expected, got one twice"
    if not is_bank_day(order.execute_on):
        yield f"execute_on: a bank day is expected, got {order.execute_on.isoformat()}"
    if not _is_account(order.account):
        yield "account: a Norwegian account is expected, got something else"
    for number, payout in enumerate(order.payouts, 1):
        for problem in _wrong_payout(payout):
            yield f"payout {number}: {problem}"


def _wrong_payout(payout: Payout) -> Iterable[str]:
    if not 0 < payout.amount_ore <= MAX_ORE:
        yield f"an amount from 1 to {MAX_ORE} øre is expected"
    if not bank_text(payout.name, MAX_NAME):
        yield "a name is expected"
    reason = unpayable(payout.account, payout.bic)
    if reason is Unpayable.NO_BIC:
        yield "a BIC is expected with an IBAN abroad"
    elif reason is not None:
        yield "an account number or IBAN is expected"
    if payout.kid and payout.message:
        yield "a KID or a message is expected, got both"
    if payout.kid and not has_valid_check_digit(payout.kid):
        yield "a KID with a valid check digit is expected"
    if payout.message and len(payout.message) > MAX_MESSAGE:
        yield f"a message of at most {MAX_MESSAGE} characters is expected"
    try:
        bank_reference(payout.identity)
    except ValueError as error:
        yield str(error)


def unpayable(account: str | None, bic: str | None) -> Unpayable | None:
    """Why a payment file of ours cannot pay to ``account``; None when it can."""
    if not account:
        return Unpayable.NO_ACCOUNT
    if _is_account(account):
        return None
    if account != iban_rules.compact(account) or not iban_rules.is_valid(account):
        return Unpayable.ACCOUNT
    if account.startswith("NO"):
        return None
    return None if bic and is_bic(bic) else Unpayable.NO_BIC


def _is_account(text: str) -> bool:
    try:
        return check_account(text) == text
    except PartyIdError:
        return False


class _Writer:
    def __init__(self, order: PayoutOrder, version: Version, scheme: str, iban: bool) -> None:
        self._order = order
        self._new = version == "09"
        self._scheme = scheme
        self._iban = iban
        self._node = Nodes(NAMESPACE.format(version=version))

    def message(self) -> bytes:
        node, order = self._node, self._order
        other = node("Othr", node("Id", order.customer), node("SchmeNm", node("Cd", "CUST")))
        sender = node("InitgPty", node("Nm", bank_text(order.name, MAX_NAME)), node.path("Id/OrgId", other))
        header = node(
            "GrpHdr",
            node("MsgId", order.message_id),
            node("CreDtTm", order.created.replace(microsecond=0).isoformat()),
            *self._totals(order.payouts),
            sender,
        )
        return document(node("Document", node("CstmrCdtTrfInitn", header, self._batch())))

    def _batch(self) -> etree._Element:
        node, order = self._node, self._order
        day = order.execute_on.isoformat()
        element = node(
            "PmtInf",
            node("PmtInfId", order.message_id),
            node("PmtMtd", "TRF"),
            node("BtchBookg", "false"),  # each payout is booked on its own, so that its EndToEndId comes back
            *self._totals(order.payouts),
            node("ReqdExctnDt", node("Dt", day)) if self._new else node("ReqdExctnDt", day),
            self._party("Dbtr", order.name, "NO"),
            node("DbtrAcct", self._account(order.account), node("Ccy", "NOK")),
            self._agent("DbtrAgt", order.bic),
        )
        element.extend(self._payout(payout) for payout in order.payouts)
        return element

    def _totals(self, payouts: Sequence[Payout]) -> tuple[etree._Element, etree._Element]:
        total = sum(payout.amount_ore for payout in payouts)
        return self._node("NbOfTxs", str(len(payouts))), self._node("CtrlSum", kroner(total))

    def _payout(self, payout: Payout) -> etree._Element:
        node, reference = self._node, bank_reference(payout.identity)
        return node(
            "CdtTrfTxInf",
            node("PmtId", node("InstrId", reference), node("EndToEndId", reference)),
            node("Amt", node.money("InstdAmt", payout.amount_ore)),
            node("ChrgBr", "SHAR") if payout.country != "NO" else None,  # each pays its own bank, as abroad
            self._agent("CdtrAgt", payout.bic) if payout.bic and payout.country != "NO" else None,
            self._party("Cdtr", payout.name, payout.country),
            node("CdtrAcct", self._account(payout.account)),
            self._remittance(payout),
        )

    def _remittance(self, payout: Payout) -> etree._Element | None:
        node = self._node
        if payout.kid:
            kind = node("Tp", node.path("CdOrPrtry/Cd", "SCOR"))
            return node("RmtInf", node("Strd", node("CdtrRefInf", kind, node("Ref", payout.kid))))
        message = bank_text(payout.message or "", MAX_MESSAGE)
        return node("RmtInf", node("Ustrd", message)) if message else None

    def _party(self, name: str, who: str, country: str) -> etree._Element:
        node = self._node
        return node(name, node("Nm", bank_text(who, MAX_NAME)), node("PstlAdr", node("Ctry", country)))

    def _agent(self, name: str, bic: str) -> etree._Element:
        return self._node(name, self._node("FinInstnId", self._node("BICFI" if self._new else "BIC", bic)))

    def _account(self, account: str) -> etree._Element:
        node = self._node
        if not account.isdecimal():
            return node("Id", node("IBAN", iban_rules.compact(account)))
        if self._iban:
            return node("Id", node("IBAN", iban_of(account)))
        return node("Id", node("Othr", node("Id", account), node("SchmeNm", node("Cd", self._scheme))))
