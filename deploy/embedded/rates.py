"""Where the services' rate tables lie, so that they can be checked without starting anything."""

from __future__ import annotations

from claims_api.domain.rates import RATES_FILE

RATE_FILES = (RATES_FILE,)
