"""All SQL of claims-api: one module a subject, every statement a named function on an open transaction."""
