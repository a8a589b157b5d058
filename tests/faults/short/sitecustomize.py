"""Put on PYTHONPATH by a test: makes control begin a new file of the journal after so many bytes, where in life it is a million."""

import sys

if "chronus.processes" in sys.orig_argv and "control" in sys.orig_argv:
    from chronus.journal import writing

    writing.LONGEST = 4000
