"""All SQL of payments-ingest, one module a subject; every function takes the open transaction first."""
