"""Plugins of the whole test suite."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

pytest.register_assert_rewrite("bus.behaviour", "bus.brokers")

pytest_plugins = ["support.parts", "support.databases", "pytester"]
