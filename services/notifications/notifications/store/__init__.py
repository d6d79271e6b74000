"""All SQL of notifications, one module per subject. Functions take the open transaction and never commit."""
