"""Chronus: a modular synthesizer that a person and an AI agent play together by typing, and that never stops sounding.

The way of a line, a sentence a station:

    mcp/         serves an AI agent's program in its own protocol
    command_line/   reads what is typed at the system's shell: forms and options
    shell/       talks with whoever types: the prompt, the plain reader, the conversation with the engine and its answers
    language/    turns a typed line into a Command and back: grammar, notation, musical words, help, completion
    commands     the commands and the replies, as frozen structs
    midifile     reads and writes MIDI files, as bytes
    wire, connection   turn commands into bytes and back; reach the socket of a running engine
    engine_line  the messages between the engine's processes, as tagged structs
    control/     the process that takes the commands: clients, jobs on their way to the replicas, OSC, the load, sick modules
    journal/     keeps on disk what was said and when it took effect, and performs it again
    conductor/   turns a submission into entries of the log: pure, without a clock
    diagram/     draws the graph of the rack, in characters and as files
    plan/        turns the rack into a program: places in the arena, cables, the order of rendering
    score/       what sounds when: the timeline, the lanes on it, sweeps
    rack/        the document: what is loaded, patched, set and sequenced, and what each command makes of it
    shelf/       tables that kernels read (recordings, texts, tables made by code), and which of them lie in shared memory
    catalogue/   what a module declares: ports, parameters, state
    memory/      the shared memory: the board, the log, the seals, the rings, the programs, the two arenas
    worker/      the process that renders the log; two of them render the same one, each into the ring of its slot
    graph/       renders one block: takes in entries, walks the program, calls the kernels
    modules/     the sounds and effects: one file, one module
    dsp/         the small parts that kernels are made of
    audio/       the callback, which plays the ring that has the next block; devices
    engine/      starts all these processes, watches them, starts them again

Beside it: `render/` renders the rack without a clock, `takes/` keeps what was heard, `ears/` measures it,
`drills/` has the proofs that a user can run, `system/` has all calls to the operating system.

Nothing imports upwards. See `[tool.importlinter]` in pyproject.toml.
"""

__version__ = "0.1.0"
