"""Declares every form of the command line: its name, what it does, what it takes. `chronus.__main__` does the work of each.

A form is a row in FORMS. One parser is made of them; `--help`, completion and the manual page are made from that parser.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chronus import __version__
from chronus import settings as settings_
from chronus.command_line.parser import Misuse, Parser, number, one_of, takers, walk
from chronus.errors import ChronusError, did_you_mean, nearest
from chronus.settings import Settings

PROGRAM = "chronus"
DOES = "A modular synthesizer for the terminal, that never stops sounding."
CALLED = ("[options] [SCRIPT]", "[options] -c COMMANDS", "FORM [options]")
MORE = """\
Without SCRIPT and -c it opens a prompt in a terminal, and reads commands from
standard input elsewhere. It attaches to the engine that runs, or starts one.
SCRIPT is a path, or a name as `open` knows it; `--` goes before one that is
called like a form.
"""
EXAMPLES = (
    "chronus -c 'load kick; seq kick: x...x...x...x...; wait 4 bars'",
    "chronus --keep first-beat",
    "echo 'set bass.freq 55' | chronus --json",
    "chronus render first-beat -o beat.wav --bars 16",
)
EXIT_CODES = {
    0: "all well",
    1: "a command failed",
    2: "bad usage or a file that cannot be read",
    3: "no engine",
    4: "no such device",
    5: "a wait timed out",
    130: "interrupted",
}
ENVIRONMENT = {
    **{variable: f"as {settings_.option(key)}" for key, variable in settings_.TEXT.items()},
    **{variable: f"as {settings_.option(key)}" for key, (variable, *_) in settings_.WHOLE.items()},
    "CHRONUS_PLAIN": "1: as --plain",
    "CHRONUS_VERBOSE": "1: the engine's log also goes to standard error",
    "CHRONUS_HOME": "the folder of journals and of what is saved",
    "CHRONUS_MODULES": "folders of modules of your own, separated by colons",
    "XDG_CACHE_HOME": "the folder in which compiled kernels are kept, under chronus/",
    "XDG_RUNTIME_DIR": "the folder of sockets and locks, under chronus/",
    "NO_COLOR": "1: no colours",
}


class Form(NamedTuple):
    """`does` is a sentence, `takes` adds options and arguments, each example is a whole line."""

    does: str
    takes: Callable[[Parser], object]
    examples: tuple[str, ...]
    more: str = ""


# ---------------------------------------------------------------- options


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _client(parser: Parser) -> None:
    """What every form that talks to an engine understands."""
    _json(parser)
    parser.add_argument("--plain", action="store_true", help="no prompt, no colours (also CHRONUS_PLAIN=1)")
    parser.add_argument("--strict", action="store_true", help="stop at the first error")
    parser.add_argument("--keep", action="store_true", help="leave the engine running")
    parser.add_argument("--as", dest="author", metavar="NAME", help="who is typing, shown in history (nobody)")
    _of_an_engine(parser)


def _starter(parser: Parser) -> None:
    """What every form that starts an engine of its own understands."""
    _json(parser)
    _of_an_engine(parser)


def _of_an_engine(parser: Parser) -> None:
    usual = Settings()
    parser.add_argument("--engine", metavar="NAME", help=f"the engine's name ({usual.engine}; also CHRONUS_ENGINE)")
    group = parser.add_argument_group("of an engine that is started")
    device = 'a part of "host API: device", or null for none (the default output; also CHRONUS_DEVICE)'
    group.add_argument("--device", metavar="NAME", help=device)
    group.add_argument("--rate", metavar="HZ", help=_whole("rate", "sample rate"))
    group.add_argument("--period", metavar="FRAMES", help=_whole("period", "what the device asks for at a time"))
    group.add_argument("--lookahead", metavar="BLOCKS", help=_whole("lookahead", "rendered ahead"))
    group.add_argument("--osc-port", metavar="PORT", help=_whole("osc_port", "UDP port for OSC, 0 for none"))
    beyond = f"listen for OSC beyond this machine ({usual.osc_bind})"
    group.add_argument("--osc-bind", metavar="ADDRESS", help=beyond)
    group.add_argument("--fresh", action="store_true", help="begin empty, even after an unclean end")


def _whole(key: str, does: str) -> str:
    """A setting that is a whole number: what it is, its range with the unit, its default."""
    variable, low, high, unit = settings_.WHOLE[key]
    return f"{does}: {low} to {high} {unit}".rstrip() + f" ({Settings._field_defaults[key]}; also {variable})"


def _shell(parser: Parser) -> None:
    parser.add_argument("-c", dest="commands", metavar="COMMANDS", help="run these commands (none)")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="say which one this is")
    _client(parser)


def _render(parser: Parser) -> None:
    _json(parser)
    parser.add_argument("script", metavar="SCRIPT", help="a path, or the name of what was saved or came with Chronus")
    written = ".wav, .flac, .ogg or .aiff; - is a WAV on standard output"
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help=written)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--bars", type=number(1e-6, 1e6), metavar="N", help="so many bars (as long as the script is)")
    length.add_argument(
        "--seconds", type=number(1e-6, 1e6), metavar="S", help="so many seconds (as long as the script is)"
    )
    ring = "ring on for so many seconds at most (60; 0 with --bars or --seconds)"
    parser.add_argument("--tail", type=number(0, 60), metavar="S", help=ring)
    parser.add_argument("--rate", metavar="HZ", help=_whole("rate", "sample rate"))
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of everything left to chance (0)")
    parser.add_argument("--float", action="store_true", help="32-bit float instead of 24-bit (.wav, .aiff)")
    parser.add_argument("--stems", action="store_true", help="also one file a module that reaches out")
    parser.add_argument("--force", action="store_true", help="write even if commands failed")


def _hear(parser: Parser) -> None:
    _json(parser)
    parser.add_argument("file", metavar="FILE", help="a recording, or a script as `render` takes it")
    parser.add_argument("--vs", metavar="FILE", help="another one: what differs is told as well (nothing)")
    parser.add_argument(
        "--bpm", type=number(20, 400), metavar="N", help="hold onsets against this tempo (the script's)"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--bars", type=number(1e-6, 1e6), metavar="N", help="of a script so many bars (all of it)")
    length.add_argument(
        "--seconds", type=number(1e-6, 1e6), metavar="S", help="of a script so many seconds (all of it)"
    )
    parser.add_argument("--rate", metavar="HZ", help=_whole("rate", "sample rate of a script"))
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of everything left to chance (0)")


def _engine(parser: Parser) -> None:
    _starter(parser)
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--line", type=int, help=argparse.SUPPRESS)  # a lifeline
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)  # though whoever reads there be gone


def _view(parser: Parser) -> None:
    usual = Settings()
    parser.add_argument("--engine", metavar="NAME", help=f"the engine's name ({usual.engine}; also CHRONUS_ENGINE)")
    parser.add_argument("--once", action="store_true", help="a single page, as text, and then end")


def _mcp(parser: Parser) -> None:
    parser.add_argument("--config", action="store_true", help="print what agents' programs need, and end")
    parser.add_argument("--keep", action="store_true", help="leave an engine running that it started")
    parser.add_argument("--as", dest="author", metavar="NAME", help="who is typing, shown in history (agent)")
    _starter(parser)


def _modules(parser: Parser) -> None:
    _json(parser)
    parser.add_argument("kind", nargs="?", metavar="KIND", help="everything about this one")
    parser.add_argument("--markdown", action="store_true", help="all kinds as a chapter of the manual")


def _guide(parser: Parser) -> None:
    _json(parser)
    parser.add_argument(
        "topic", nargs="?", metavar="TOPIC", help="what `help` knows: a topic, a command, a kind, a code"
    )


def _schema(parser: Parser) -> None:
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="a command or a form (every line)")


def _bench(parser: Parser) -> None:
    _starter(parser)
    what = "modules: each kind struck, held and silent, in microseconds a lane and 256 frames"
    parser.add_argument("what", nargs="?", choices=BENCHES, type=one_of(*BENCHES), metavar="WHAT", help=what)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="these kinds (all)")
    beside = "only the voices, beside scsynth and Csound: rendered here where they are installed"
    parser.add_argument("--against", action="store_true", help=beside)


def _crash_test(parser: Parser) -> None:
    _starter(parser)
    parser.add_argument("--kills", type=_in_range("--kills", 1, 10**6), default=30, metavar="N", help="so many (30)")
    apart = "at least so many seconds between two (1)"
    parser.add_argument("--seconds-apart", type=number(0, 3600), default=1.0, metavar="S", help=apart)
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of the moments (0)")


def _soak(parser: Parser) -> None:
    _starter(parser)
    parser.add_argument("--hours", type=number(1e-6, 1e4), default=0.05, metavar="H", help="so many hours (0.05)")
    kills = "of any of its processes (6)"
    parser.add_argument("--kills-per-minute", type=number(0, 60), default=6.0, metavar="K", help=kills)
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="the same seed, the same commands (0)")


def _completion(parser: Parser) -> None:
    parser.add_argument("shell", choices=SHELLS, type=one_of(*SHELLS), metavar="SHELL", help=f"{', '.join(SHELLS)}")


def _man(parser: Parser) -> None:
    parser.add_argument("--roff", action="store_true", help="as the source of a manual page, for a file chronus.1")


def _in_range(name: str, low: int, high: int) -> Callable[[str], int]:
    def whole(typed: str) -> int:
        try:
            return settings_.whole(typed, name, low, high)
        except ChronusError as error:
            raise argparse.ArgumentTypeError(error.message) from None

    return whole


_seed = _in_range("--seed", 0, 2**31 - 1)


# ---------------------------------------------------------------- forms

SHELLS = ("bash", "zsh", "fish")
BENCHES = ("modules",)

FORMS: dict[str, Form] = {
    "render": Form(
        "Renders a script or a journal to a file: no engine, no device.",
        _render,
        ("chronus render first-beat -o beat.wav --bars 8", "chronus render first-beat -o - --seconds 4 > beat.wav"),
        "Without --bars or --seconds it ends with the last wait (after 8 bars where there\n"
        "is none), or where the script says quit. Then lanes, gates and drones are let go\n"
        "of, and what still rings is kept down to -90 dB; a tail that is longer is faded\n"
        "out.",
    ),
    "hear": Form(
        "Measures a recording, or what a script renders: loudness, peaks, bands, width, onsets, notes, key.",
        _hear,
        ("chronus hear first-beat --bars 2", "chronus hear roller --vs techno --bars 8 --json"),
        "Levels are in LUFS (EBU R 128) and dBTP, bands in dB below the whole. --bpm says by how\n"
        "many ms onsets are early or late. The key is a guess, with the second best beside it.",
    ),
    "status": Form("Tells how the engine is; none is started.", _client, ("chronus status --json",)),
    "stop": Form("Ends the engine, fading out.", _client, ("chronus stop --engine default",)),
    "view": Form(
        "Shows the engine while it plays: levels, lanes, spectrum, wave; for a second terminal.",
        _view,
        ("chronus view", "chronus view --once"),
        "It only looks on: it cannot change or hold up anything, and waits while there is no\n"
        "engine. q leaves it. Without a terminal it writes a single page as text.",
    ),
    "mcp": Form(
        "Serves an AI agent's program over standard input and output: the Model Context Protocol.",
        _mcp,
        ("chronus mcp --config", "chronus mcp --engine live --as claude"),
        "It has tools (run, state, hear, why, describe, look, render, job), resources (the guide,\n"
        "the catalogue, the session as a script, the journal) and prompts. It joins the engine\n"
        "that runs, or starts one with the first call that needs it, which ends with it.",
    ),
    "journal": Form(
        "Prints the path of the running engine's journal: its newest file, which leads to all of the take.",
        _client,
        ('chronus render "$(chronus journal)" -o take.wav',),
    ),
    "modules": Form("Lists what can be loaded.", _modules, ("chronus modules", "chronus modules tb303 --json")),
    "guide": Form(
        "Prints what an AI agent reads to begin with, on a page; or the page of `help` on a topic.",
        _guide,
        ("chronus guide", "chronus guide patterns", "chronus guide tb303 --json"),
    ),
    "tutorial": Form(
        "Ten steps to a song, at the prompt; each is done when the rack says so.", _client, ("chronus tutorial",)
    ),
    "schema": Form(
        "Prints a JSON Schema of what `--json` prints: every line, or the result of one command.",
        _schema,
        ("chronus schema > schema.json", "chronus schema status"),
    ),
    "doctor": Form("Looks whether everything that Chronus needs is here.", _starter, ("chronus doctor",)),
    "build": Form(
        "Compiles all kernels now, on all processors; else each is compiled when it is first needed.",
        _json,
        ("chronus build",),
    ),
    "engine": Form(
        "Runs an engine in the foreground; SIGTERM or Ctrl-C ends it cleanly.",
        _engine,
        ("chronus engine --device null --rate 48000 --osc-port 0",),
    ),
    "bench": Form(
        "Measures this machine, with an engine of its own; or what each kind of module costs, without one.",
        _bench,
        (
            "chronus bench --json",
            "chronus bench modules",
            "chronus bench modules saw filter --json",
            "chronus bench --against",
        ),
    ),
    "crash-test": Form(
        "Kills the workers of an engine of its own while a song plays, and counts what was lost.",
        _crash_test,
        ("chronus crash-test --kills 1000",),
    ),
    "soak": Form(
        "Types random commands and kills processes for hours, on an engine of its own; then everything is counted.",
        _soak,
        ("chronus soak --hours 8 --kills-per-minute 1 --seed 7",),
    ),
    "completion": Form(
        "Prints what makes a shell complete the words of `chronus`.",
        _completion,
        ("chronus completion bash",),
        "It goes where the shell looks for it:\n"
        "  bash   ~/.local/share/bash-completion/completions/chronus\n"
        "  zsh    _chronus in a folder of $fpath\n"
        "  fish   ~/.config/fish/completions/chronus.fish\n"
        'or, for the shell that runs: eval "$(chronus completion bash)"',
    ),
    "man": Form("Shows the manual page.", _man, ("chronus man", "chronus man --roff > chronus.1")),
}


def parser() -> Parser:
    """The root: the options of the shell, and a parser for each form."""
    root = Parser(PROGRAM, description=f"{DOES}\n\n{MORE}", epilog=_epilog(), usage=_usage())
    _shell(root)
    forms = root.add_subparsers(title="forms", prog=PROGRAM, metavar="FORM", required=False)
    for name, form in FORMS.items():
        made = forms.add_parser(
            name,
            help=form.does,
            description="\n\n".join(filter(None, [form.does, form.more])),
            epilog=_examples(form.examples),
        )
        form.takes(made)
    return root


def _usage() -> str:
    return f"\n{' ' * len('usage: ')}".join(f"{PROGRAM} {words}" for words in CALLED)


def _epilog() -> str:
    codes = "exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
    more = f"`{PROGRAM} FORM --help` tells of a form, `{PROGRAM} man` of all."
    return "\n\n".join([_examples(EXAMPLES), textwrap.fill(codes, 80, subsequent_indent="  "), more])


def _examples(lines: Sequence[str]) -> str:
    return "\n".join([f"example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)])


# ---------------------------------------------------------------- reading


class Read(NamedTuple):
    """What was typed. `form` is "" for the shell, and `script` the one that it runs; `parser` is the form's."""

    parser: Parser
    form: str
    arguments: argparse.Namespace
    script: str | None = None


def read(words: Sequence[str], root: Parser) -> Read:
    """Which form is meant, and what it is given; options may stand before its name. Misuse where that is not understood."""
    forms, place = root.forms(), first_word(words, root)
    if place is not None and words[place] in forms:
        made = forms[words[place]]
        return Read(made, words[place], made.read([*words[:place], *words[place + 1 :]]))
    try:
        return _read_shell(words, root)
    except Misuse:
        # what is refused may have been meant for a form whose name is mistyped
        near = nearest(words[place], forms) if place is not None else ()
        if place is not None and near:
            raise Misuse(root.prog, f"there is no form {words[place]}{did_you_mean(near)}") from None
        raise


def _read_shell(words: Sequence[str], root: Parser) -> Read:
    options, scripts = _apart(words, takers([root]))
    arguments = root.read(options)
    if len(scripts) > 1:
        root.error(f"one SCRIPT at a time, not also {scripts[1]}")
    if scripts and arguments.commands is not None:
        root.error("either -c or a SCRIPT, not both")
    return Read(root, "", arguments, scripts[0] if scripts else None)


def first_word(words: Sequence[str], root: Parser) -> int | None:
    """Where the first word stands that is neither an option nor an option's value; None also where `-c` or `--` comes before it."""
    for place, word in walk(words, takers([root, *root.forms().values()])):
        if word in ("-c", "--"):
            return None
        if not word.startswith("-"):
            return place
    return None


def _apart(words: Sequence[str], taking: set[str]) -> tuple[list[str], list[str]]:
    """(options with their values, the other words)."""
    options: list[str] = []
    others: list[str] = []
    for place, word in walk(words, taking):
        if word == "--":
            others += words[place + 1 :]
        elif word.startswith("-") and word != "-":
            options += words[place : place + 1 + (word in taking)]
        else:
            others.append(word)
    return options, others
