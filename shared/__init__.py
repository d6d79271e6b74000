"""Primitives and plumbing that every service stands on.

What may live here: things with no opinion about debt collection (money, dates, identifiers, events, the bus,
databases, HTTP) that at least two services use. Never: a rate, a fee, a stage, a letter text, a table of one service.
"""
