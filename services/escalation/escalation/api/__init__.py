"""The HTTP surface of escalation."""

from __future__ import annotations

from fastapi import APIRouter

from escalation.api import brake, cases, legal_steps, upcoming

ROUTERS: tuple[APIRouter, ...] = (cases.router, upcoming.router, legal_steps.router, brake.router)
