"""Which credit a reversal takes back."""

from __future__ import annotations

from collections.abc import Iterable

from payments_ingest.domain.lines import Line, Payment


def find_original(reversal: Line, credits: Iterable[Payment]) -> Payment | None:
    """Return the credit that ``reversal`` takes back, None when none fits or it is unclear which.

    The same account and amount, not booked later. The bank's own reference decides; else the same KID, newest first;
    a reversal that says neither names nothing.
    """
    fitting = [
        credit
        for credit in credits
        if credit.account == reversal.account
        and credit.amount_ore == reversal.amount_ore
        and credit.day <= reversal.day
    ]
    for name in ("end_to_end_id", "archive_ref"):
        reference = getattr(reversal, name)
        same = [c for c in fitting if reference is not None and getattr(c, name) == reference]
        if len(same) == 1:
            return same[0]
    of_kid = [credit for credit in fitting if reversal.kid is not None and credit.kid == reversal.kid]
    return max(of_kid, key=lambda credit: (credit.day, credit.payment_id), default=None)
