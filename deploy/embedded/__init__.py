"""The embedded profile: every service, the durable log and the sandbox's clock in one process.

This is the only package that imports several services, and it composes them; no rule of debt collection lives here.
``python -m embedded`` starts it on ``http://127.0.0.1:8000`` with its files under ``var/``.
"""
