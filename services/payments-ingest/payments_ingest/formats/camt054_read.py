"""Reads camt.054 ("Innbetaling Total", debit and credit notifications): payments with and without KID.

Versions 001.02 and 001.08. Booked entries only; reversals and returned payments are told apart by direction and
RvslInd or RtrInf: a credit taken back is a reversal, a credit that takes a debit of ours back is a returned payout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import BinaryIO

from lxml import etree

from payments_ingest.formats.camt_container import Container
from payments_ingest.formats.camt_entry import Entry
from payments_ingest.formats.camt_fields import Fields
from payments_ingest.formats.camt_reading import CamtItem, CamtReading, Line
from payments_ingest.formats.items import StatementControl
from payments_ingest.formats.report import DEFAULT_LIMITS, Format, Limits


def read_camt054(
    source: BinaryIO, *, accounts: Set[str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[CamtItem]:
    """Yields the payments and debit lines of a camt.054 message and, when every total agrees, its report.

    ``accounts``: a notification for any other account refuses the file (None: any account). Raises
    :class:`FileRefused` with everything that was wrong.
    """
    return _Notifications(source, accounts, limits).items()


class _Notifications(CamtReading):
    file_format = Format.CAMT054
    message_name = "BkToCstmrDbtCdtNtfctn"
    container_name = "Ntfctn"

    def emit(self, entry: Entry, held: list[Fields]) -> Sequence[Line]:
        return self.transactions.whole(entry, held)

    def emit_part(self, entry: Entry, fields: Fields, number: int) -> Sequence[Line]:
        return self.transactions.one_of_many(entry, fields, number)

    def emit_rest(self, entry: Entry, count: int) -> Sequence[Line]:
        return ()

    def must_add_up(self, entry: Entry) -> bool:
        return True

    def on_unknown_account(self, account: str, where: str) -> None:
        self.log.error("unknown_account", where, "an account of ours", account)

    def close(self, container: Container, element: etree._Element) -> Iterator[StatementControl]:
        return iter(())
