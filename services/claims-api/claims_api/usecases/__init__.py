"""What claims-api does, step by step: each use case takes the unit of work first, and never commits."""
