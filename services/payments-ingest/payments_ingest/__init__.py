"""payments-ingest owns the bank: files and their control totals, every transaction, matching, the queue, bank days."""
