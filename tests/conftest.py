"""Plugins of the whole test suite."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("bus.behaviour", "bus.brokers")

pytest_plugins = ["support.parts", "pytester"]
