"""The HTTP surface of notifications."""

from __future__ import annotations

from fastapi import APIRouter

from notifications.api import documents, letters, packages

ROUTERS: tuple[APIRouter, ...] = (letters.router, documents.router, packages.router)
