"""What a module says of itself, and all that exist.

Who writes a module writes one file: a SPEC (spec.py) and a `render` under the decorator `kernel` (dsp/kernel.py, whose head says what
`render` gets). `CHRONUS_MODULES` names the folders in which such files are found beside those that came with Chronus.

A module that reads more than signals and numbers asks for tables in its SPEC, and `render` gets them as `tables`, behind `moving`:

    SPEC = Spec("sampler", ..., tables=(Table("file", "file", "the recording"), Table("window", "code", "between two frames")))

    @kernel(SPEC, window=windowed_sinc)
    def render(ins, outs, params, moving, tables, state, memory, seed, rate, frames):
        recording, window = tables

- "file": a recording, (frames, channels) at the engine's rate, that the user names: `set sampler.file "kick.wav"`;
- "text": the characters of what the user says, by their numbers, (characters, 1): `set morse.words "SOS"`;
- "code": what a function without arguments gives, here `windowed_sinc`, called once, when the kernel is compiled. A few hundred numbers
  are as well off as a constant of the file, which is part of the machine code: a band-limited step compiles and runs as fast that way. A
  window of thousands makes the code of each variant larger by more than its own size.

Tables are float32, and read-only. A table may be empty (nothing named yet, a file that is gone), so ask for `shape[0]`. Its length never
changes under a module that sounds: with another file it is another instance of the module, and the two cross-fade. So keep no more of a
table in `state` than places in it. tests/kit/modules has a sampler and a morse key to begin with; tests/laws asks of a module that reads
tables what it asks of all, and that any of them may be empty.
"""
