"""Keeps what was heard: writes it down while it plays, or renders a stretch of the journal again.

recorder   reads what was played in the shared memory and writes it; a process of its own
tape       the file that it writes: valid at every moment
bounce     renders a stretch of the journal again; a process of its own
stretch    the script beside a file that gives its frames again
"""
