"""The HTTP face of payments-ingest: bodies in and out, who may call what, and nothing that decides."""

from __future__ import annotations

from payments_ingest.api import alarms, bank_days, files, moves, payments, refunds

ROUTERS = [files.router, payments.router, moves.router, refunds.router, bank_days.router, alarms.router]
