"""The rules of the bank side: what a line is, whose money it is, when a bank day is complete. Pure functions only."""
