"""Every SQL statement of escalation; functions take the open transaction and never commit."""
