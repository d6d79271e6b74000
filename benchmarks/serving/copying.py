"""The bare batch insert: the rows that intake wrote, taken from its database and put by COPY into another."""

from __future__ import annotations

import time

import psycopg

_OF_CASE = "(SELECT debtor_ref FROM case_file AS c WHERE c.case_id = t.{})"
TABLES = {
    "debtor": ("debtor_ref", "debtor_ref"),
    "case_file": ("case_id", "debtor_ref"),
    "claim": ("claim_id", "debtor_ref"),
    "claim_party": ("claim_id", "debtor_ref"),
    "kid": ("kid", f"{_OF_CASE.format('case_id')}, kid"),
    "ledger": ("claim_id", f"{_OF_CASE.format('case_id')}, ordinal"),
    "timeline": ("entry_id", f"{_OF_CASE.format('case_id')}, entry_id"),
    "stream_version": ("key", _OF_CASE.format("key")),
    "events": ("row", f'{_OF_CASE.format("key")}, "row"'),
    "outbox": ("seq", f"coalesce({_OF_CASE.format('key')}, key), seq"),
}
"""Each table's key, by which a row is told from those taken before, and an order in which a portion of each holds the
same claims, a debtor having one a round: commits that overlap write theirs among one another."""

Chunk = dict[str, bytes]


class Copier:
    """Takes what is new in one database and puts it into another, both by a role that no policy binds."""

    def __init__(self, server: str, source: str, target: str) -> None:
        host = server.replace("postgresql+psycopg://", "postgresql://").rpartition("/")[0]
        self._source = psycopg.connect(f"{host}/{source}", autocommit=True)
        self._target = psycopg.connect(f"{host}/{target.rpartition('/')[2]}")
        self._source.execute("CREATE SCHEMA taken")
        for table, (key, _) in TABLES.items():
            self._source.execute(f'CREATE TABLE taken.{table} AS SELECT "{key}" FROM {table} WITH NO DATA')
            self._source.execute(f'CREATE INDEX ON taken.{table} ("{key}")')

    def written(self, pieces: int) -> list[Chunk]:
        """Return the rows written since the last call, cut into as many transactions as wrote them."""
        chunks: list[Chunk] = [{} for _ in range(pieces)]
        for table, (key, order) in TABLES.items():
            new = f'FROM {table} AS t WHERE NOT EXISTS (SELECT FROM taken.{table} AS k WHERE k."{key}" = t."{key}")'
            with self._source.cursor().copy(f"COPY (SELECT * {new} ORDER BY {order}) TO STDOUT") as out:
                rows = b"".join(bytes(piece) for piece in out).splitlines(keepends=True)
            for at, chunk in enumerate(chunks):
                chunk[table] = b"".join(rows[at * len(rows) // pieces : (at + 1) * len(rows) // pieces])
            self._source.execute(f'INSERT INTO taken.{table} SELECT "{key}" {new}')
            self._source.execute(f"ANALYZE taken.{table}")
        return chunks

    def copy(self, chunks: list[Chunk]) -> float:
        """Put rows where they were not, a transaction a chunk; returns the seconds it took."""
        before = time.perf_counter()
        for chunk in chunks:
            for table, rows in chunk.items():
                if rows:
                    with self._target.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write(rows)
            self._target.commit()
        return time.perf_counter() - before

    def close(self) -> None:
        """Let go of both databases."""
        self._source.close()
        self._target.close()
