"""Writes pain.002 messages, versions 03 and 10: the bank's answers, for tests and the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from payments_ingest.formats.xml_write import Nodes, document

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one payout: the bank's status code, and reason codes when it is refused."""

    end_to_end_id: str
    status: str
    reasons: tuple[str, ...] = ()


def write_pain002(
    original_message_id: str,
    answers: Sequence[Answer] = (),
    *,
    created: datetime,
    message_id: str = "A1",
    version: str = "10",
    group_status: str | None = None,
    batch_status: str | None = None,
    reasons: tuple[str, ...] = (),
) -> bytes:
    """An answer to the whole message (``group_status``, for ``reasons``), to its batch, or to single payouts."""
    node = Nodes(NAMESPACE.format(version=version))
    new = version != "03"
    group = node(
        "OrgnlGrpInfAndSts",
        node("OrgnlMsgId", original_message_id),
        node("OrgnlMsgNmId", "pain.001.001.09" if new else "pain.001.001.03"),
        node.maybe("GrpSts", group_status),
        *(_reason(node, code) for code in reasons),
    )
    batch = None
    if answers or batch_status:
        payments = (_payment(node, answer) for answer in answers)
        status = node.maybe("PmtInfSts", batch_status)
        batch = node("OrgnlPmtInfAndSts", node("OrgnlPmtInfId", original_message_id), status, *payments)
    header = node("GrpHdr", node("MsgId", message_id), node("CreDtTm", created.isoformat()))
    return document(node("Document", node("CstmrPmtStsRpt", header, group, batch)))


def _payment(node: Nodes, answer: Answer) -> etree._Element:
    return node(
        "TxInfAndSts",
        node("OrgnlEndToEndId", answer.end_to_end_id),
        node("TxSts", answer.status),
        *(_reason(node, code) for code in answer.reasons),
    )


def _reason(node: Nodes, code: str) -> etree._Element:
    return node("StsRsnInf", node.path("Rsn/Cd", code))
