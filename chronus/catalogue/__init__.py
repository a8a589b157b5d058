"""Declares what a module is, and lists all modules.

To write a module, write one file: a SPEC (spec.py) and a `render` under the decorator `kernel` (dsp/kernel.py, whose header says what
`render` gets). `CHRONUS_MODULES` names the folders in which such files are found beside those that came with Chronus.

A module that reads more than signals and numbers asks for tables in its SPEC, and `render` gets them as `tables`, behind `moving`:

    SPEC = Spec("sampler", ..., tables=(Table("file", "file", "the recording"), Table("window", "code", "between two frames")))

    @kernel(SPEC, window=windowed_sinc)
    def render(ins, outs, params, moving, tables, state, memory, seed, rate, frames):
        recording, window = tables

- "file": a recording, (frames, channels) at the engine's rate, that the user names: `set sampler.file "kick.wav"`;
- "text": the characters of what the user says, by their numbers, (characters, 1): `set morse.words "SOS"`;
- "code": the result of a function without arguments, here `windowed_sinc`, called once, when the kernel is compiled. A table of a few
  hundred numbers may as well be a constant of the file, which becomes part of the machine code: a band-limited step compiles and runs as
  fast that way. A window of thousands of numbers would enlarge the code of each variant by more than its own size.

Tables are float32, and read-only. A table may be empty (nothing named yet, a file that is gone), so check `shape[0]`. Its length never
changes while a module sounds: another file means another instance of the module, and the two cross-fade. So the only thing of a table to
keep in `state` is places in it. tests/kit/modules has a sampler and a morse key to begin with; tests/laws tests a module that reads tables
as it tests all modules, and also with any of its tables empty.
"""
