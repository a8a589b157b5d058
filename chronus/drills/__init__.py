"""Proofs that a user can run: soak, crash-test, bench; and what they measure with."""
