"""`chronus render`: renders a script or a journal into a sound file, in constant memory.

command    reads what is asked for, renders it, reports the result
ending     releases the notes at the end, and decides how long the rest rings
reel       measures, trims and fades the sound on its way to the file
formats    turns samples into bytes
target     writes the bytes: never over a file that is read, never half a file
"""
