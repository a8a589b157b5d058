"""The meaning of a lane: what was typed as a tree of hits, and how it unfolds, loop by loop."""
