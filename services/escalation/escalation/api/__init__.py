"""The HTTP surface of escalation."""

from __future__ import annotations

from fastapi import APIRouter

from escalation.api import brake, cases, cover_facts, legal_steps, simulations, upcoming

ROUTERS: tuple[APIRouter, ...] = (
    cases.router,
    upcoming.router,
    legal_steps.router,
    cover_facts.router,
    simulations.router,
    brake.router,
)
