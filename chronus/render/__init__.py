"""`chronus render`: from a script or a journal to a sound file, in constant memory.

command    what was asked for, the rendering itself, what is told of it
ending     what is let go of at the end, and until when the rest rings
reel       the sound on its way to the file: measured, trimmed, faded
formats    how samples become bytes
target     where the bytes go: never onto what is read, never half
"""
