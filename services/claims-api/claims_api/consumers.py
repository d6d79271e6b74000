"""What claims-api does with the events of the other services: each kind goes to the use case that knows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from claims_api.deps import Deps
from claims_api.store.remittance import known_among
from claims_api.usecases import demands, documents, legal_steps, letters, payments, petitions, refunds, remittance
from claims_api.usecases.requests import notices
from shared.events import Event, Payload
from shared.events.escalation import (
    LegalStepApproved,
    LegalStepDropped,
    LegalStepEnded,
    LegalStepRefused,
    LegalStepSubmitted,
    StepDue,
)
from shared.events.notifications import DocumentReceived, LetterFailed, LetterReady, LetterSent
from shared.events.payments import (
    BankDayCompleted,
    PaymentMatched,
    PaymentReversed,
    PaymentUnallocated,
    PaymentUnmatched,
    PayoutRejected,
    PayoutSettled,
    RefundApproved,
)
from shared.inbox import Handler, StateHandler
from shared.uow import Uow

UseCase = Callable[[Uow, Deps, Sequence[Event]], None]


def _both(first: UseCase, second: UseCase) -> UseCase:
    """Let two use cases see the same events: a letter is a demand's or a notice's, and each knows its own."""

    def handle(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
        first(uow, deps, events)
        second(uow, deps, events)

    return handle


def _payouts(of_refunds: UseCase, of_units: UseCase) -> UseCase:
    """Let what the bank says of payouts go to whom they are: refunds, or what is remitted to a unit."""

    def handle(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
        told = [(event, getattr(event.payload, "refund_id", "")) for event in events]
        remitted = known_among(uow.tx, [payout_id for _, payout_id in told])
        of_refunds(uow, deps, [event for event, payout_id in told if payout_id not in remitted])
        of_units(uow, deps, [event for event, payout_id in told if payout_id in remitted])

    return handle


_USE_CASES: dict[type[Payload], UseCase] = {
    StepDue: demands.on_step_due,
    DocumentReceived: documents.on_received,
    LetterReady: letters.on_letter_ready,
    LetterSent: _both(letters.on_letter_sent, notices.on_letter_sent),
    LetterFailed: _both(letters.on_letter_failed, notices.on_letter_failed),
    LegalStepApproved: petitions.on_approved,
    LegalStepRefused: legal_steps.on_refused,
    LegalStepDropped: legal_steps.on_dropped,
    LegalStepSubmitted: legal_steps.on_submitted,
    LegalStepEnded: legal_steps.on_ended,
    PaymentMatched: payments.on_matched,
    PaymentUnmatched: payments.on_unmatched,
    PaymentReversed: payments.on_reversed,
    PaymentUnallocated: payments.on_unallocated,
    BankDayCompleted: payments.on_bank_day,
    RefundApproved: refunds.on_refund_approved,
    PayoutSettled: _payouts(refunds.on_payout_settled, remittance.on_payout_settled),
    PayoutRejected: _payouts(refunds.on_payout_rejected, remittance.on_payout_rejected),
}


def handlers(deps: Deps) -> dict[type[Payload], Handler]:
    """Return the handler of every event kind this service listens to."""
    return {kind: _bound(use_case, deps) for kind, use_case in _USE_CASES.items()}


def states(_deps: Deps) -> dict[str, StateHandler]:
    """Return the handlers of state topics: claims-api listens to none."""
    return {}


def on_discard(deps: Deps) -> Handler:
    """Return what is done when an operator discards parked events: money in them goes to suspense."""
    return _bound(payments.book_discarded, deps)


def _bound(use_case: UseCase, deps: Deps) -> Handler:
    def handle(uow: Uow, events: Sequence[Event]) -> None:
        use_case(uow, deps, events)

    return handle
