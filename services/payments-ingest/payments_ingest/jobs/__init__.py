"""Periodic work: taking files from the drop folder, staging and releasing them, payouts, bank days, retention."""

from __future__ import annotations

from collections.abc import Sequence

from payments_ingest.jobs.days import watch_days
from payments_ingest.jobs.intake import take_inbox
from payments_ingest.jobs.payouts import send_payouts
from payments_ingest.jobs.release import release_next
from payments_ingest.jobs.retention import forget_old
from payments_ingest.jobs.staging import stage_next
from payments_ingest.sources.inbox import Inbox
from shared.service import Job


def jobs(inbox: Inbox) -> Sequence[Job]:
    """Return the jobs of this service, in the order in which a file passes them."""
    return [
        Job("inbox", lambda service: take_inbox(service, inbox), every_s=1.0),
        Job("stage", stage_next, every_s=1.0),
        Job("release", release_next, every_s=1.0),
        Job("payouts", send_payouts, every_s=5.0),
        Job("bank-days", watch_days, every_s=30.0),
        Job("retention", forget_old, every_s=3_600.0),
    ]
