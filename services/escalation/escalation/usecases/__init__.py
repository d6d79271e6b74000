"""What escalation does with an event, a due timer or a caseworker's decision; each in the caller's transaction."""
