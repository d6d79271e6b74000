"""Every metric there is, in one typed catalogue: a name that is not here does not type-check.

Labels are few and bounded: never an id, a name or an amount. Each service has its own registry, so that several can
live in one process and ``/metrics`` of each shows its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CounterName = Literal[
    "http_requests_total",
    "events_published_total",
    "events_consumed_total",
    "outbox_relay_failures_total",
    "inbox_gaps_total",
    "inbox_failures_total",
    "job_failures_total",
    "claims_registered_total",
    "claims_rejected_total",
    "bank_files_total",
    "bank_payments_total",
    "bank_matches_total",
    "bank_forgotten_total",
    "steps_due_total",
    "timers_superseded_total",
    "letters_rendered_total",
    "letters_sent_total",
    "letters_failed_total",
]
GaugeName = Literal[
    "outbox_waiting",
    "outbox_oldest_age_seconds",
    "consumer_lag",
    "parked_keys",
    "dead_letters",
    "backlog",
    "part_up",
    "rates_missing",
    "rates_days_left",
    "ledger_imbalance_ore",
    "bank_difference_ore",
    "bank_alarms",
    "bank_days_unbooked",
    "bank_waiting",
    "bank_files_past_retention",
    "timers_due",
    "timers_held",
    "timers_late_seconds",
    "steps_open_over_a_day",
    "letters_waiting",
    "waiting_over_a_day",
    "limitation_at_risk_ore",
    "requests_overdue",
]
HistogramName = Literal["http_request_seconds", "inbox_batch_seconds", "letter_render_seconds", "bank_file_seconds"]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric says, and its labels (the service's name is one already)."""

    text: str
    labels: tuple[str, ...] = ()


CATALOGUE: dict[str, Definition] = {
    "http_requests_total": Definition("Answered requests.", ("method", "route", "status")),
    "events_published_total": Definition("Records the bus took from the outbox, by what they tell.", ("topic", "type")),
    "events_consumed_total": Definition(
        "Records taken from the bus, by what became of them: applied, duplicate, parked, dead.", ("outcome",)
    ),
    "outbox_relay_failures_total": Definition("Times a batch could not be relayed and was tried again."),
    "inbox_gaps_total": Definition("Times records were missing before a batch and it was read again."),
    "inbox_failures_total": Definition("Times a batch could not be applied and was tried again."),
    "job_failures_total": Definition("Times a periodic job raised.", ("job",)),
    "claims_registered_total": Definition("Claims taken in.", ("claim_type",)),
    "claims_rejected_total": Definition("Claims refused at intake.", ("reason",)),
    "bank_files_total": Definition("Bank files received.", ("format", "state")),
    "bank_payments_total": Definition("Transactions read from bank files.", ("kind",)),
    "bank_matches_total": Definition("Matching results.", ("result",)),
    "bank_forgotten_total": Definition("What was deleted for its age: payers, files, receivers, accounts.", ("what",)),
    "steps_due_total": Definition("Steps that came due.", ("kind",)),
    "timers_superseded_total": Definition("Timers that no longer applied when they came due."),
    "letters_rendered_total": Definition("Letters rendered.", ("kind",)),
    "letters_sent_total": Definition("Letters sent.", ("kind", "channel")),
    "letters_failed_total": Definition("Letters that could not be rendered or sent.", ("reason",)),
    "outbox_waiting": Definition("Committed events not yet on the bus."),
    "outbox_oldest_age_seconds": Definition("Age of the oldest of them, by the relay's own watch."),
    "consumer_lag": Definition("Records on the bus not yet taken."),
    "parked_keys": Definition("Keys whose events wait for a person."),
    "dead_letters": Definition("Records that could not be decoded."),
    "backlog": Definition("Unfinished work by kind.", ("kind",)),
    "part_up": Definition("1 when the part answers: database, bus; consumer: 1 unless it stopped.", ("part",)),
    "rates_missing": Definition("1 when a rate that is needed today is not known.", ("table",)),
    "rates_days_left": Definition("Days until the last one that a table of rates is known for.", ("table",)),
    "ledger_imbalance_ore": Definition("What the ledger's invariants are off by; must be 0."),
    "bank_difference_ore": Definition("Statement against booked payments, over all days that differ; must be 0."),
    "bank_alarms": Definition("Open alarms about the bank, by kind.", ("kind",)),
    "bank_days_unbooked": Definition("Complete bank days that the ledger does not add up to; 0 within minutes."),
    "bank_waiting": Definition("Payments, refunds and files that wait for a person, by what they are.", ("what",)),
    "bank_files_past_retention": Definition("Bank files older than they are kept; those of waiting payments stay."),
    "timers_due": Definition("Timers due and not fired."),
    "timers_held": Definition("Timers held back by the brake or a clock jump."),
    "timers_late_seconds": Definition("How late the oldest due timer is, by the business clock."),
    "steps_open_over_a_day": Definition("Steps that came due over 24 business hours ago and have not ended."),
    "letters_waiting": Definition("Letters neither sent nor withdrawn nor failed."),
    "waiting_over_a_day": Definition(
        "Letters and packages that have waited over a working day for a party's version or a text.", ("what",)
    ),
    "limitation_at_risk_ore": Definition("Owed on claims that are time-barred within 120 days."),
    "requests_overdue": Definition("Requests not answered although their day has passed.", ("kind",)),
    "http_request_seconds": Definition("Time to answer.", ("method", "route")),
    "inbox_batch_seconds": Definition("Time to apply one batch."),
    "letter_render_seconds": Definition("Time to render one letter.", ("kind",)),
    "bank_file_seconds": Definition("Time to read a file through and prove its totals.", ("format",)),
}

M = TypeVar("M", Counter, Gauge, Histogram)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "inkasso_"


class Metrics:
    """One service's metrics."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._service = service
        self._counters = {name: self._make(Counter, name) for name in get_args(CounterName)}
        self._gauges = {name: self._make(Gauge, name) for name in get_args(GaugeName)}
        self._histograms = {name: self._make(Histogram, name) for name in get_args(HistogramName)}

    def _make(self, kind: type[M], name: str) -> M:
        definition: Definition = CATALOGUE[name]
        return kind(f"{PREFIX}{name}", definition.text, ("service", *definition.labels), registry=self.registry)

    def count(self, name: CounterName, by: int = 1, **labels: str) -> None:
        """Add to a counter."""
        self._counters[name].labels(self._service, *self._values(name, labels)).inc(by)

    def gauge(self, name: GaugeName, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._gauges[name].labels(self._service, *self._values(name, labels)).set(value)

    def observe(self, name: HistogramName, seconds: float, **labels: str) -> None:
        """Record a duration in seconds."""
        self._histograms[name].labels(self._service, *self._values(name, labels)).observe(seconds)

    @staticmethod
    def _values(name: str, labels: dict[str, str]) -> list[str]:
        return [labels[label] for label in CATALOGUE[name].labels]

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
