"""Where things stand in camt.053 and camt.054, versions 02 and 08, and the walk that picks them up.

A table maps a path below an element to the name of a field. The versions differ in a few places only, so each is the
common table with its own lines added.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from lxml import etree

from payments_ingest.formats.camt_values import Odd

Fields = dict[str, Any]
Table = dict[str, Any]


class Many(NamedTuple):
    """A field that may stand several times: its texts become a list."""

    name: str


class Money(NamedTuple):
    """An amount: its text and its currency become two fields."""

    name: str
    currency: str


class Each(NamedTuple):
    """A group that may stand several times: a list of the fields of each."""

    name: str
    paths: dict[str, Any]
    table: Table | None = None


_AMOUNTS = {"RfrdDocAmt/RmtdAmt": Money("remitted", "remitted_ccy"), "RfrdDocAmt/DuePyblAmt": Money("due", "due_ccy")}
_STRUCTURED = {
    "CdtrRefInf/Ref": "reference",
    "RfrdDocInf/Nb": Many("documents"),
    "AddtlRmtInf": Many("texts"),
    "RfrdDocAmt/CdtNoteAmt": Money("credit_note", "credit_note_ccy"),
    **_AMOUNTS,
}

HEADER = {"MsgId": "message_id", "CreDtTm": "created", "MsgPgntn/PgNb": "page", "MsgPgntn/LastPgInd": "last_page"}

CONTAINER = {
    "Id": "id",
    "CreDtTm": "created",
    "ElctrncSeqNb": "number",
    "CpyDplctInd": "copy",
    "FrToDt/FrDtTm": "from",
    "FrToDt/ToDtTm": "to",
    "Acct/Id/IBAN": "iban",
    "Acct/Id/Othr/Id": "other_account",
}
CONTAINER_08 = {
    **CONTAINER,
    **{f"{pages}/PgNb": "page" for pages in ("NtfctnPgntn", "StmtPgntn")},
    **{f"{pages}/LastPgInd": "last_page" for pages in ("NtfctnPgntn", "StmtPgntn")},
}

SUMMARY = {
    "TxsSummry/TtlNtries/NbOfNtries": "entries",
    "TxsSummry/TtlNtries/Sum": "sum",
    "TxsSummry/TtlCdtNtries/NbOfNtries": "credits",
    "TxsSummry/TtlCdtNtries/Sum": "credit_sum",
    "TxsSummry/TtlDbtNtries/NbOfNtries": "debits",
    "TxsSummry/TtlDbtNtries/Sum": "debit_sum",
}

BALANCES = {
    "Bal": Each(
        "balances",
        {
            "Tp/CdOrPrtry/Cd": "type",
            "Amt": Money("amount", "amount_ccy"),
            "CdtDbtInd": "direction",
            "Dt/Dt": "day",
            "Dt/DtTm": "instant",
        },
    )
}

ENTRY = {
    "NtryRef": "entry_ref",
    "Amt": Money("amount", "amount_ccy"),
    "CdtDbtInd": "direction",
    "RvslInd": "reversal",
    "BookgDt/Dt": "booked_day",
    "BookgDt/DtTm": "booked_time",
    "ValDt/Dt": "value_day",
    "ValDt/DtTm": "value_time",
    "AcctSvcrRef": "bank_ref",
    "BkTxCd/Domn/Cd": "domain",
    "BkTxCd/Domn/Fmly/Cd": "family",
    "BkTxCd/Domn/Fmly/SubFmlyCd": "sub_family",
    "NtryDtls/Btch/NbOfTxs": Many("batch_counts"),
    "AddtlNtryInf": "info",
}
ENTRY_02 = {**ENTRY, "Sts": "status"}
ENTRY_08 = {**ENTRY, "Sts/Cd": "status", "Sts/Prtry": "own_status"}

TRANSACTION = {
    "Refs/AcctSvcrRef": "bank_ref",
    "Refs/PmtInfId": "payment_info_id",
    "Refs/InstrId": "instruction_id",
    "Refs/EndToEndId": "end_to_end_id",
    "Refs/TxId": "transaction_id",
    "AmtDtls/TxAmt/Amt": Money("details_amount", "details_amount_ccy"),
    "RltdPties/DbtrAcct/Id/IBAN": "debtor_iban",
    "RltdPties/DbtrAcct/Id/Othr/Id": "debtor_other",
    "RltdPties/CdtrAcct/Id/IBAN": "creditor_iban",
    "RltdPties/CdtrAcct/Id/Othr/Id": "creditor_other",
    "RmtInf/Ustrd": Many("texts"),
    "RmtInf/Strd": Each("structured", _STRUCTURED),
    "RltdDts/AccptncDtTm": "accepted",
    "RtrInf/Rsn/Cd": "return_code",
    "RtrInf/Rsn/Prtry": "return_own",
    "RtrInf/AddtlInf": Many("return_texts"),
    "AddtlTxInf": "info",
}
TRANSACTION_02 = {
    **TRANSACTION,
    "RltdPties/Dbtr/Nm": "debtor",
    "RltdPties/UltmtDbtr/Nm": "ultimate_debtor",
    "RltdAgts/DbtrAgt/FinInstnId/BIC": "debtor_bic",
}
TRANSACTION_08 = {
    **TRANSACTION,
    "Amt": Money("amount", "amount_ccy"),
    "CdtDbtInd": "direction",
    "RltdPties/Dbtr/Pty/Nm": "debtor",
    "RltdPties/UltmtDbtr/Pty/Nm": "ultimate_debtor",
    "RltdAgts/DbtrAgt/FinInstnId/BICFI": "debtor_bic",
}


class Tables(NamedTuple):
    """The tables of one message version, with the namespace in every name."""

    header: Table
    container: Table
    summary: Table
    balances: Table
    entry: Table
    transaction: Table


@cache
def tables(namespace: str, version: str) -> Tables:
    """The tables for a message in ``namespace`` (in braces)."""
    new = version != "02"
    return Tables(
        compile_table(HEADER, namespace),
        compile_table(CONTAINER_08 if new else CONTAINER, namespace),
        compile_table(SUMMARY, namespace),
        compile_table(BALANCES, namespace),
        compile_table(ENTRY_08 if new else ENTRY_02, namespace),
        compile_table(TRANSACTION_08 if new else TRANSACTION_02, namespace),
    )


def compile_table(paths: dict[str, Any], namespace: str) -> Table:
    """Nested tables, one level an element, from a flat table of paths."""
    root: Table = {}
    for path, step in paths.items():
        *above, leaf = path.split("/")
        node = root
        for name in above:
            node = node.setdefault(namespace + name, {})
        if isinstance(step, Each):
            step = step._replace(table=compile_table(step.paths, namespace))
        node[namespace + leaf] = step
    return root


def collect(element: etree._Element, table: Table, fields: Fields) -> Fields:
    """Adds to ``fields`` what ``table`` asks for below ``element``; returns it.

    Raises :class:`Odd` when data has elements inside it, or stands twice where once is allowed: parsers would differ
    in what they read.
    """
    if len(element):
        _walk(element[0], table, fields)
    return fields


def _walk(child: etree._Element | None, table: Table, fields: Fields) -> None:
    """Looks at a child and its later siblings; stepping to the next is a third faster than iterating over them."""
    while child is not None:
        step = table.get(child.tag)
        if step.__class__ is str:
            if step in fields or len(child):
                raise _unclear(child)
            fields[step] = child.text or ""
        elif step.__class__ is dict:
            if len(child):
                _walk(child[0], step, fields)
        elif step.__class__ is Money:
            if step.name in fields or len(child):
                raise _unclear(child)
            fields[step.name], fields[step.currency] = child.text or "", child.get("Ccy")
        elif step is not None:
            _collect_repeated(child, step, fields)
        child = child.getnext()


def _collect_repeated(child: etree._Element, step: Many | Each, fields: Fields) -> None:
    if isinstance(step, Each):
        fields.setdefault(step.name, []).append(collect(child, step.table or {}, {}))
    elif len(child):
        raise _unclear(child)
    else:
        fields.setdefault(step.name, []).append(child.text or "")


def _unclear(child: etree._Element) -> Odd:
    name = etree.QName(child).localname
    if len(child):
        return Odd("element_in_data", f"text only in {name}", "elements inside it")
    return Odd("element_twice", f"one {name}", "several")
