"""Every table of claims-api, one module a subject, plus the plumbing's own tables."""

from __future__ import annotations

from claims_api.tables.base import Model
from claims_api.tables.cases import (
    CaseCounterRow,
    CaseRow,
    ClaimPartyRow,
    ClaimRow,
    HoldClaimRow,
    HoldRow,
    KidRow,
    TimelineRow,
)
from claims_api.tables.creditors import AgreementRow, CreditorChangeRow, CreditorRow
from claims_api.tables.debtors import DebtorRow, RepresentativeRow
from claims_api.tables.demands import DemandClaimRow, DemandRow
from claims_api.tables.documents import DocumentRow
from claims_api.tables.feed import FeedCaseRow, FeedEntryRow, FeedUnitRow, FeedWriterRow, WebhookRow
from claims_api.tables.money import (
    BankDayRow,
    BankEntryRow,
    LedgerRow,
    MoneyDecisionRow,
    PaymentCandidateRow,
    PaymentChoiceRow,
    PaymentPartRow,
    RefundRow,
)
from claims_api.tables.periods import PeriodRow, VoucherRow, VoucherSeriesRow
from claims_api.tables.remittance import RemittanceLineRow, RemittanceRow
from claims_api.tables.requests import (
    InstalmentRow,
    InterruptionRow,
    NoticeRow,
    PayByRow,
    PlanRow,
    RequestClaimRow,
    RequestRow,
    RequestTextRow,
)
from claims_api.tables.writeoff import LimitationWarningRow, WriteOffRow
from shared.tables import plumbing

PLUMBING = plumbing(Model.metadata)

__all__ = [
    "PLUMBING",
    "AgreementRow",
    "BankDayRow",
    "BankEntryRow",
    "CaseCounterRow",
    "CaseRow",
    "ClaimPartyRow",
    "ClaimRow",
    "CreditorChangeRow",
    "CreditorRow",
    "DebtorRow",
    "DemandClaimRow",
    "DemandRow",
    "DocumentRow",
    "FeedCaseRow",
    "FeedEntryRow",
    "FeedUnitRow",
    "FeedWriterRow",
    "HoldClaimRow",
    "HoldRow",
    "InstalmentRow",
    "InterruptionRow",
    "KidRow",
    "LedgerRow",
    "LimitationWarningRow",
    "Model",
    "MoneyDecisionRow",
    "NoticeRow",
    "PayByRow",
    "PaymentCandidateRow",
    "PaymentChoiceRow",
    "PaymentPartRow",
    "PeriodRow",
    "PlanRow",
    "RefundRow",
    "RemittanceLineRow",
    "RemittanceRow",
    "RepresentativeRow",
    "RequestClaimRow",
    "RequestRow",
    "RequestTextRow",
    "TimelineRow",
    "VoucherRow",
    "VoucherSeriesRow",
    "WebhookRow",
    "WriteOffRow",
]
