"""The rules of time: which step comes when, and whose turn it is until then. Pure; no database, bus or clock."""
