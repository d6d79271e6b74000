"""Every table of payments-ingest, one module a subject; plus the plumbing's own tables."""

from __future__ import annotations

from payments_ingest.tables.base import Model
from payments_ingest.tables.days import AlarmRow, BankAccountRow, BankDayRow, DebitRow, StatementLineRow
from payments_ingest.tables.files import BankFileRow, PageRow, StagedLineRow, TransmissionRow
from payments_ingest.tables.known import (
    CaseDebtorRow,
    KnownAmountRow,
    KnownCaseRow,
    KnownClaimRow,
    KnownKidRow,
    PartyNameRow,
    PartyRow,
    PayerAccountRow,
)
from payments_ingest.tables.payments import AllocationRow, ApprovalRow, PaymentRow, SuggestionRow, WantedNumberRow
from payments_ingest.tables.refunds import PayoutFileRow, RefundRow
from shared.tables import plumbing

PLUMBING = plumbing(Model.metadata)

__all__ = [
    "PLUMBING",
    "AlarmRow",
    "AllocationRow",
    "ApprovalRow",
    "BankAccountRow",
    "BankDayRow",
    "BankFileRow",
    "CaseDebtorRow",
    "DebitRow",
    "KnownAmountRow",
    "KnownCaseRow",
    "KnownClaimRow",
    "KnownKidRow",
    "Model",
    "PageRow",
    "PartyNameRow",
    "PartyRow",
    "PayerAccountRow",
    "PaymentRow",
    "PayoutFileRow",
    "RefundRow",
    "StagedLineRow",
    "StatementLineRow",
    "SuggestionRow",
    "TransmissionRow",
    "WantedNumberRow",
]
