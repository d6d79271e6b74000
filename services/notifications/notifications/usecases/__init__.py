"""What notifications does, one module per subject. Each takes the unit of work first and never commits."""
