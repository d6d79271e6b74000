"""The partition of a key is the one Kafka's own client would choose."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as kafkas_murmur2
from hypothesis import given
from hypothesis import strategies as st

from shared.bus import partition_for
from shared.bus.partitioner import murmur2


@pytest.mark.parametrize(
    ("text", "signed"),
    [  # Apache Kafka, clients, UtilsTest.testMurmur2
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_the_hash_is_kafkas(text: str, signed: int) -> None:
    assert murmur2(text.encode()) == signed % 2**32


@given(st.binary(max_size=200))
def test_the_hash_agrees_with_aiokafka(data: bytes) -> None:
    assert murmur2(data) == kafkas_murmur2(data) % 2**32


@given(st.text(min_size=1, max_size=80), st.integers(min_value=1, max_value=64))
def test_the_partition_agrees_with_aiokafka(key: str, count: int) -> None:
    partitions = list(range(count))
    assert partition_for(key, count) == DefaultPartitioner()(key.encode(), partitions, partitions)
