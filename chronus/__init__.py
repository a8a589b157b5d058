"""Chronus: a modular synthesizer that a person and an AI agent play together by typing, and that never stops sounding.

The way of a line, a sentence a station:

    command_line/   what is typed at the system's shell: forms and options
    shell/       who types: the prompt, the plain reader, the conversation with the engine and its answers
    language/    a typed line becomes a Command and back: grammar, notation, musical words, help, completion
    commands     what a line can mean, as frozen structs; and the replies
    wire, connection   Commands to bytes and back; the socket to a running engine
    engine_line  what the engine's processes say to each other, as tagged structs
    control/     the process that takes them: clients, jobs on their way to the replicas, OSC, the load, sick modules
    journal/     what was said and when it took effect, on disk, and how it is performed again
    conductor/   a submission becomes entries of the log: pure, without a clock
    plan/        the rack becomes a program: places in the arena, cables, the order of rendering
    score/       what sounds when: the timeline, the lanes on it, sweeps
    rack/        the document: what is loaded, patched, set and sequenced, and what each command makes of it
    shelf/       tables that kernels read: recordings, texts and what code makes, and which of them lie in shared memory
    catalogue/   what a module says of itself
    memory/      the shared memory: the board, the log, the seals, the rings, the programs, the two arenas
    worker/      two of them render the same log, each into the ring of its slot
    graph/       a replica's one block: take in entries, walk the program, call the kernels
    modules/     what sounds: one file, one module
    dsp/         the small parts that kernels are made of
    audio/       the callback plays whichever ring has the next block; devices
    engine/      starts all of them, watches them, starts them again

Beside it: `render/` is the rack without a clock, `ears/` measures what was heard, `drills/` are proofs that a user can run, `system/` is
what is asked of the operating system.

Nothing imports upwards. See `[tool.importlinter]` in pyproject.toml.
"""

__version__ = "0.1.0"
