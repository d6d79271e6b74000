"""A cluster of a test module's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster

from inkasso.demo.play import START


@pytest.fixture(scope="module")
def cluster(parts_folder: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Four processes, a broker and a database server, standing at the first day of the stories."""
    folder = parts_folder / f"cluster-{request.module.__name__.rpartition('.')[2]}"
    with Cluster(folder, START) as running:
        yield running
    shutil.rmtree(folder)
