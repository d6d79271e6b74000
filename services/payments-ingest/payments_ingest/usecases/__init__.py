"""What payments-ingest does, one module a subject: each function gets the open unit of work and never commits."""
