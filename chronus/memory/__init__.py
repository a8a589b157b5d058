"""The shared memory of an engine, as a map: where things lie, and the forms of what lies there. No code of the sound path."""
