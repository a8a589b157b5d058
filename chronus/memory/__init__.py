"""Maps the shared memory of an engine: where things lie, and in which form. No code of the sound path."""
