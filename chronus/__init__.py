"""Chronus: a modular synthesizer that a person and an AI agent play together by typing, and that never stops sounding.

The way of a line, a sentence a station:

    text/        a typed line becomes a Command: grammar, patterns, canonical text; the prompt and the plain reader
    commands     what a line can mean, as frozen structs; and the replies
    wire, link   Commands to bytes and back; the socket to a running engine
    control/     the rack before and after; the difference becomes entries of the log, or a new program; lanes, journal, OSC
    memory/      the shared memory: the board, the log, the seals, the rings, the programs, the two arenas
    worker/      two of them render the same log, each into the ring of its slot
    dsp/         a replica's one block: take in entries, walk the program, call the kernels
    modules/     what sounds: one file, one module
    audio/       the callback plays whichever ring has the next block; devices
    engine/      starts all of them, watches them, starts them again
    render/      a script or a journal to a sound file: no engine, no clock, constant memory
    ears/        measures what was heard

Nothing imports upwards. See `[tool.importlinter]` in pyproject.toml.
"""

__version__ = "0.1.0"
