"""Shows an engine while it plays, in a terminal of its own: `chronus view`.

It asks control once a second what plays, and reads everything that moves from the shared memory, which it cannot write to.
"""
