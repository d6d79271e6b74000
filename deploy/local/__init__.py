"""Real parts on one machine: Apache Kafka 4 and PostgreSQL, without Docker and without root.

A part comes from where the environment points (``KAFKA_BOOTSTRAP_SERVERS``, ``KAFKA_HOME``, ``DATABASE_URL``), else
from Maven's artifacts pinned in ``poms/`` and cached in ``.cache/local``, else (PostgreSQL) from what is installed.
What cannot be had raises ``PartMissing`` with the reason; nothing pretends. Everything listens on 127.0.0.1 only.

``python -m local up | status | down`` keeps both running for development; the test suite uses the classes directly.
"""

from __future__ import annotations

from local.kafka import Kafka
from local.maven import PartMissing
from local.postgres import Postgres

__all__ = ["Kafka", "PartMissing", "Postgres"]
