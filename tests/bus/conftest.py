"""Fixtures of every bus test."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("bus.behaviour")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
