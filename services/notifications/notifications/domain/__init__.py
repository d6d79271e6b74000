"""The rules of letters: what each kind must say by law, and how its facts are written. No I/O."""
