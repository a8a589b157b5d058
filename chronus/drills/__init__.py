"""Runs the proofs that a user can run: soak, crash-test, bench; and has the instruments they measure with."""
