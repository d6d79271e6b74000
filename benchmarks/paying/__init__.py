"""What the payments benchmark is made of: real parts, a town full of open cases, the ways to measure, the peers."""
