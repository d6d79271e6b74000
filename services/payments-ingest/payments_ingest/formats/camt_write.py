"""Writes camt.054 and camt.053 messages, versions 02 and 08: for tests, the sandbox and benchmarks.

The inverse of the readers for everything they look at, in the shape of the ISO schemas. Amounts are øre.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from lxml import etree

from payments_ingest.formats.xml_write import Nodes, document, kroner
from shared.party import iban as iban_of

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:{family}.001.{version}"

_END = time(23, 59, 59)


@dataclass(frozen=True, slots=True, kw_only=True)
class CamtTransaction:
    """One transaction below an entry.

    ``parts`` are the KIDs with the amount each pays, None where the payer gave none. ``foreign`` is the amount and
    currency it was paid in. ``credit`` is its own direction (version 08 only), None to leave it out.
    """

    amount_ore: int | None = None
    parts: tuple[tuple[str, int | None], ...] = ()
    texts: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    payer_name: str | None = None
    payer_account: str | None = None
    payer_bic: str | None = None
    payee_account: str | None = None
    bank_ref: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    accepted: datetime | None = None
    foreign: tuple[str, str] | None = None
    credit: bool | None = None
    return_code: str | None = None
    info: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CamtEntry:
    """One entry; its amount is that of its transactions unless it is given."""

    transactions: tuple[CamtTransaction, ...] = ()
    amount_ore: int | None = None
    currency: str = "NOK"
    credit: bool = True
    reversal: bool = False
    status: str = "BOOK"
    booked_on: date | None = None
    value_on: date | None = None
    bank_ref: str | None = None
    entry_ref: str | None = None
    batch_count: int | None = None
    info: str | None = None

    @property
    def ore(self) -> int:
        """The entry's amount."""
        if self.amount_ore is not None:
            return self.amount_ore
        return sum(transaction.amount_ore or 0 for transaction in self.transactions)


@dataclass(frozen=True, slots=True, kw_only=True)
class CamtAccount:
    """A notification (camt.054) or a statement (camt.053) of one account.

    ``closing_ore`` is what adds up unless it is given. ``period`` is the first and last day it tells of.
    """

    account: str
    entries: tuple[CamtEntry, ...] = ()
    identity: str = "1"
    number: int | None = None
    copy: str | None = None
    summary: bool = True
    opening_ore: int = 0
    closing_ore: int | None = None
    iban: bool = False
    period: tuple[date, date] | None = None


def write_camt054(
    *accounts: CamtAccount,
    created: datetime,
    message_id: str = "M1",
    version: str = "08",
    page: tuple[int, bool] = (1, True),
) -> bytes:
    """A camt.054 message; ``page`` is its number and whether it is the last."""
    writer = _Writer("camt.054", version, created)
    return writer.message("BkToCstmrDbtCdtNtfctn", message_id, page, [writer.account("Ntfctn", a) for a in accounts])


def write_camt053(
    *accounts: CamtAccount,
    created: datetime,
    message_id: str = "M1",
    version: str = "08",
    page: tuple[int, bool] = (1, True),
) -> bytes:
    """A camt.053 message; ``page`` is its number and whether it is the last."""
    writer = _Writer("camt.053", version, created)
    return writer.message("BkToCstmrStmt", message_id, page, [writer.account("Stmt", a) for a in accounts])


class _Writer:
    def __init__(self, family: str, version: str, created: datetime) -> None:
        self._new = version != "02"
        self._namespace = NAMESPACE.format(family=family, version=version)
        self._node = Nodes(self._namespace)
        self._created = created

    def message(self, name: str, message_id: str, page: tuple[int, bool], inside: list[etree._Element]) -> bytes:
        node = self._node
        pages = node("MsgPgntn", node("PgNb", str(page[0])), node("LastPgInd", "true" if page[1] else "false"))
        header = node("GrpHdr", node("MsgId", message_id), node("CreDtTm", self._created.isoformat()), pages)
        return document(node("Document", node(name, header, *inside)))

    def account(self, name: str, account: CamtAccount) -> etree._Element:
        node = self._node
        element = node(
            name,
            node("Id", account.identity),
            node.maybe("ElctrncSeqNb", str(account.number) if account.number is not None else None),
            node("CreDtTm", self._created.isoformat()),
            self._period(account.period) if account.period else None,
            node.maybe("CpyDplctInd", account.copy),
            node("Acct", self._account_id(account.account, iban=account.iban), node("Ccy", "NOK")),
            *(self._balances(account) if name == "Stmt" else ()),
            self._summary(account.entries) if account.summary else None,
        )
        element.extend(self._entry(entry) for entry in account.entries)
        return element

    def _period(self, period: tuple[date, date]) -> etree._Element:
        node = self._node
        begin, end = (datetime.combine(day, at).isoformat() for day, at in zip(period, (time.min, _END), strict=True))
        return node("FrToDt", node("FrDtTm", begin), node("ToDtTm", end))

    def _balances(self, account: CamtAccount) -> list[etree._Element]:
        booked = [entry.ore if entry.credit else -entry.ore for entry in account.entries if entry.status == "BOOK"]
        closing = account.opening_ore + sum(booked) if account.closing_ore is None else account.closing_ore
        return [self._balance("OPBD", account.opening_ore), self._balance("CLBD", closing)]

    def _balance(self, kind: str, ore: int) -> etree._Element:
        node = self._node
        return node(
            "Bal",
            node.path("Tp/CdOrPrtry/Cd", kind),
            node.money("Amt", abs(ore)),
            node("CdtDbtInd", "DBIT" if ore < 0 else "CRDT"),
            node.path("Dt/Dt", self._created.date().isoformat()),
        )

    def _summary(self, entries: tuple[CamtEntry, ...]) -> etree._Element:
        node = self._node
        credits = [entry.ore for entry in entries if entry.credit]
        debits = [entry.ore for entry in entries if not entry.credit]

        def total(name: str, amounts: list[int]) -> etree._Element:
            return node(name, node("NbOfNtries", str(len(amounts))), node("Sum", kroner(sum(amounts))))

        every = total("TtlNtries", credits + debits)
        return node("TxsSummry", every, total("TtlCdtNtries", credits), total("TtlDbtNtries", debits))

    def _entry(self, entry: CamtEntry) -> etree._Element:
        node = self._node
        details = None
        if entry.transactions or entry.batch_count is not None:
            count = entry.batch_count
            batch = node("Btch", node("NbOfTxs", str(count))) if count is not None else None
            details = node("NtryDtls", batch, *(self._transaction(entry, each) for each in entry.transactions))
        return node(
            "Ntry",
            node.maybe("NtryRef", entry.entry_ref),
            node.money("Amt", entry.ore, entry.currency),
            node("CdtDbtInd", "CRDT" if entry.credit else "DBIT"),
            node("RvslInd", "true") if entry.reversal else None,
            node("Sts", node("Cd", entry.status)) if self._new else node("Sts", entry.status),
            node.path("BookgDt/Dt", entry.booked_on.isoformat()) if entry.booked_on else None,
            node.path("ValDt/Dt", entry.value_on.isoformat()) if entry.value_on else None,
            node.maybe("AcctSvcrRef", entry.bank_ref),
            node("BkTxCd", self._code(entry)),
            details,
            node.maybe("AddtlNtryInf", entry.info),
        )

    def _code(self, entry: CamtEntry) -> etree._Element:
        node = self._node
        family = node("Fmly", node("Cd", "RCDT" if entry.credit else "ICDT"), node("SubFmlyCd", "DMCT"))
        return node("Domn", node("Cd", "PMNT"), family)

    def _transaction(self, entry: CamtEntry, each: CamtTransaction) -> etree._Element:
        node = self._node
        direction = {None: None, True: "CRDT", False: "DBIT"}[each.credit] if self._new else None
        return node(
            "TxDtls",
            node(
                "Refs",
                node.maybe("AcctSvcrRef", each.bank_ref),
                node.maybe("EndToEndId", each.end_to_end_id),
                node.maybe("TxId", each.transaction_id),
            ),
            *self._amounts(each),
            node.maybe("CdtDbtInd", direction),
            self._parties(each),
            self._payers_bank(each),
            self._remittance(each),
            node("RltdDts", node("AccptncDtTm", each.accepted.isoformat())) if each.accepted else None,
            node("RtrInf", node.path("Rsn/Cd", each.return_code)) if each.return_code else None,
            node.maybe("AddtlTxInf", each.info),
        )

    def _amounts(self, each: CamtTransaction) -> list[etree._Element]:
        node = self._node
        if each.foreign:
            amount = node("Amt", each.foreign[0], Ccy=each.foreign[1])
        elif each.amount_ore is not None:
            amount = node.money("Amt", each.amount_ore)
        else:
            return []
        return [amount] if self._new else [node.path("AmtDtls/TxAmt", amount)]

    def _parties(self, each: CamtTransaction) -> etree._Element | None:
        node = self._node
        name = node.maybe("Nm", each.payer_name)
        parts = [
            (node("Dbtr", node("Pty", name)) if self._new else node("Dbtr", name)) if name is not None else None,
            node("DbtrAcct", self._account_id(each.payer_account)) if each.payer_account else None,
            node("CdtrAcct", self._account_id(each.payee_account)) if each.payee_account else None,
        ]
        return node("RltdPties", *parts) if any(part is not None for part in parts) else None

    def _payers_bank(self, each: CamtTransaction) -> etree._Element | None:
        if each.payer_bic is None:
            return None
        name = "BICFI" if self._new else "BIC"
        return self._node("RltdAgts", self._node.path(f"DbtrAgt/FinInstnId/{name}", each.payer_bic))

    def _remittance(self, each: CamtTransaction) -> etree._Element | None:
        node = self._node
        texts = [node("Ustrd", text) for text in each.texts]
        documents = [node.path("RfrdDocInf/Nb", number) for number in each.documents]
        groups = [self._structured(kid, ore) for kid, ore in each.parts]
        if documents:
            groups.append(node("Strd", *documents))
        return node("RmtInf", *texts, *groups) if texts or groups else None

    def _structured(self, kid: str, ore: int | None) -> etree._Element:
        node = self._node
        amount = node("RfrdDocAmt", node.money("RmtdAmt", ore)) if ore is not None else None
        kind = node("Tp", node.path("CdOrPrtry/Cd", "SCOR"))
        return node("Strd", amount, node("CdtrRefInf", kind, node("Ref", kid)))

    def _account_id(self, account: str, *, iban: bool = False) -> etree._Element:
        node = self._node
        if iban or not account.isdecimal():
            return node("Id", node("IBAN", iban_of(account) if account.isdecimal() else account))
        return node("Id", node("Othr", node("Id", account), node("SchmeNm", node("Cd", "BBAN"))))
