"""The command line: which form is meant, and what it is given. Each form imports only what it needs."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from chronus import __version__
from chronus import settings as settings_
from chronus.errors import ChronusError, did_you_mean
from chronus.settings import Settings

USAGE = 2
LOST = 3

EXAMPLES = """\
forms:
  chronus                     attach to the running engine, or start one, and open the prompt
  chronus SCRIPT              run a file of commands, by its path or by the name it was saved under
  ... | chronus               the same from standard input
  chronus -c COMMANDS         run these commands
  chronus render SCRIPT -o OUT.wav [--bars N | --seconds S] [--tail S]     to a file, as fast as the machine can
  chronus engine              run an engine in the foreground
  chronus crash-test, soak    kill an engine's processes again and again, and count what was lost
  chronus status | stop | doctor | modules [KIND] | bench | journal     `chronus FORM --help` tells more

examples:
  chronus -c 'load kick; seq kick: x...x...x...x...; wait 4 bars'
  chronus --keep song.chronus
  echo 'set bass.freq 55' | chronus --json
  chronus render song.chronus -o song.wav --bars 16

exit codes: 0 all well, 1 a command failed, 2 bad usage or a file that cannot be read, 3 no engine,
4 no such device, 5 a wait timed out, 130 interrupted
"""


RENDER = """\
Without --bars or --seconds it ends with the last wait (after 8 bars where there is none), or where the script says quit. Then lanes,
gates and drones are let go of, and what still rings is kept down to -90 dB; a tail that is longer is faded out.
"""


# ---------------------------------------------------------------- options


def _parser(form: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    prog = f"chronus {form}".strip()
    parser = argparse.ArgumentParser(
        prog, description=description, epilog=epilog, allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _client_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What every form that talks to an engine understands."""
    parser.add_argument("--plain", action="store_true", help="no prompt, no colours (also CHRONUS_PLAIN=1)")
    parser.add_argument("--strict", action="store_true", help="stop at the first error")
    parser.add_argument("--keep", action="store_true", help="leave the engine running")
    parser.add_argument("--as", dest="author", metavar="NAME", help="who is typing, shown in history")
    return _engine_options(parser)


def _engine_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--engine", metavar="NAME", help="the engine's name (default)")
    group = parser.add_argument_group("of an engine that is started")
    group.add_argument("--device", metavar="NAME", help='a part of "host API: device", or null for none')
    group.add_argument("--rate", metavar="HZ", help="sample rate (44100)")
    group.add_argument("--period", metavar="FRAMES", help="frames the device asks for at a time (128)")
    group.add_argument("--lookahead", metavar="BLOCKS", help="blocks of 64 frames rendered ahead (6)")
    group.add_argument("--osc-port", metavar="PORT", help="UDP port for OSC, 0 for none (5005)")
    group.add_argument("--osc-bind", metavar="ADDRESS", help="listen for OSC beyond this machine (127.0.0.1)")
    group.add_argument("--fresh", action="store_true", help="begin empty, even after an unclean end")
    return parser


def _shell_parser() -> argparse.ArgumentParser:
    parser = _parser("", "A modular synthesizer for the terminal, that never stops sounding.", EXAMPLES)
    parser.add_argument("script", nargs="?", metavar="SCRIPT", help="a file of commands")
    parser.add_argument("-c", dest="commands", metavar="COMMANDS", help="run these commands")
    parser.add_argument("--version", action="version", version=f"chronus {__version__}")
    return _client_options(parser)


# ---------------------------------------------------------------- forms


def _shell(words: Sequence[str]) -> int:
    parser = _shell_parser()
    _hint_at_lines(parser, words)
    told = parser.parse_args(words)
    settings = _settings(parser, told)
    if told.commands is not None and told.script is not None:
        parser.error("either -c or a SCRIPT, not both")
    script = _script(parser, told)
    if script is None and not settings.json and sys.stdin.isatty() and sys.stdout.isatty():
        if settings.plain or os.environ.get("TERM", "dumb") == "dumb":
            from chronus.shell import bare

            return _reported(settings, lambda: bare.run(settings))
        from chronus.shell import prompt

        return _reported(settings, lambda: prompt.run(settings))
    from chronus.shell import plain

    return plain.run(settings, script)


def _hint_at_lines(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """A line of the language typed at the system's shell: says how it is sent."""
    place = _first_word(words)
    if place is None or os.path.lexists(words[place]):
        return
    line = [word for word in words[place:] if not word.startswith("--")]
    first, *more = " ".join(line).split() or [""]
    if "/" in first or first.endswith(".chronus"):
        return
    from chronus.errors import nearest
    from chronus.language import help, scripts

    if not more and first in scripts.names():
        return
    known = {*help.COMMANDS, *help.SHORT}
    word = first.lower().rstrip(",:!")
    if word not in known and not (more and nearest(word, known)):
        return
    also = "; `chronus --help` tells of the program itself" if word == "help" else ""
    near = "" if word in known else did_you_mean(nearest(word, known))
    _fail(parser, f"`{' '.join(line)}` is a line for Chronus{near}: chronus -c {shlex.quote(' '.join(line))}{also}")


def _script(parser: argparse.ArgumentParser, told: argparse.Namespace) -> bytes | None:
    """What there is to run; None for standard input."""
    if told.commands is not None:
        return os.fsencode(told.commands)
    if told.script is None:
        return b"" if sys.stdin is None else None
    from chronus.language import scripts

    try:
        script = scripts.read(scripts.find(told.script, *FORMS))
    except ChronusError as problem:
        _fail(parser, problem.message + did_you_mean(problem.suggestions))
    if script.startswith(scripts.JOURNAL):
        _fail(parser, f"{told.script} is a journal: `chronus render {told.script} -o take.wav` plays it again")
    return script


def _render(words: Sequence[str]) -> int:
    parser = _parser("render", "Renders a script or a journal to a file: no engine, no device.", RENDER)
    parser.add_argument("script", metavar="SCRIPT", help="a path, or the name of what was saved or came with Chronus")
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help=".wav, .flac, .ogg or .aiff; - is a WAV on standard output"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--bars", type=_number(1e-6, 1e6), metavar="N", help="so many bars")
    length.add_argument("--seconds", type=_number(1e-6, 1e6), metavar="S", help="so many seconds")
    parser.add_argument(
        "--tail", type=_number(0, 60), metavar="S", help="ring on for so long at most (60; 0 with --bars or --seconds)"
    )
    parser.add_argument("--rate", metavar="HZ", help="sample rate (44100)")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of everything left to chance (0)")
    parser.add_argument("--float", action="store_true", help="32-bit float instead of 24-bit (.wav, .aiff)")
    parser.add_argument("--stems", action="store_true", help="also one file a module that reaches out")
    parser.add_argument("--force", action="store_true", help="write even if commands failed")
    told = parser.parse_args(words)
    told.rate = _settings(parser, told).rate

    def render() -> int:
        from chronus import places

        if places.caches().trouble:
            sys.stderr.write(f"! {places.caches().trouble}\n")
        from chronus.render import command

        return command.main(told)

    return _reported(Settings(json=told.json and told.output != "-"), render)


def _engine(words: Sequence[str]) -> int:
    parser = _engine_options(_parser("engine", "Runs an engine in the foreground; SIGTERM or Ctrl-C ends it cleanly."))
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--line", type=int, help=argparse.SUPPRESS)  # a lifeline
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)  # though whoever reads there be gone
    told = parser.parse_args(words)
    settings = _settings(parser, told)
    from chronus.engine import start

    return _reported(settings, lambda: int(start.main(settings, told.ready_fd, told.line)))


def _status(words: Sequence[str]) -> int:
    return _on_engine("status", "How the engine is.", words)


def _stop(words: Sequence[str]) -> int:
    return _on_engine("stop", "Ends the engine, fading out.", words)


def _journal(words: Sequence[str]) -> int:
    return _on_engine(
        "journal", "The path of the running engine's journal: its newest file, which leads to all of the take.", words
    )


def _on_engine(form: str, description: str, words: Sequence[str]) -> int:
    """A question to an engine that runs; none is started."""
    parser = _client_options(_parser(form, description))
    settings = _settings(parser, parser.parse_args(words))
    from chronus.shell import remote

    return _reported(settings, lambda: remote.FORMS[form](settings))


def _modules(words: Sequence[str]) -> int:
    parser = _parser("modules", "What can be loaded.")
    parser.add_argument("kind", nargs="?", metavar="KIND", help="everything about this one")
    told = parser.parse_args(words)
    settings = _settings(parser, told)

    def show() -> int:
        from chronus.language import help
        from chronus.shell import answers

        known = _catalogue()
        kind = help.find_kind(told.kind, known) if told.kind else None
        page = help.describe(kind, known) if kind else help.Page(help.modules(known), {"modules": known})
        result = page.result["module"] if kind else page.result
        print(answers.one_object(result) if settings.json else "\n".join(map(answers.clean, page.lines)))
        return 0

    return _reported(settings, show)


def _catalogue() -> dict[str, Any]:
    from chronus import places
    from chronus.catalogue.kinds import Catalogue

    if places.catalogue_file().exists():
        return Catalogue.load().plain()
    from chronus.dsp.discovery import discover  # slow, but nothing need be compiled for it

    return Catalogue(kernel.spec for kernel in discover(places.modules_folders()).values()).plain()


def _doctor(words: Sequence[str]) -> int:
    parser = _engine_options(_parser("doctor", "Looks whether everything that Chronus needs is here."))
    settings = _settings(parser, parser.parse_args(words))
    from chronus.shell import doctor

    return _reported(settings, lambda: doctor.main(settings))


def _bench(words: Sequence[str]) -> int:
    parser = _engine_options(_parser("bench", "Measures this machine."))
    settings = _settings(parser, parser.parse_args(words))
    from chronus.drills import bench

    return _reported(settings, lambda: int(bench.main(settings, settings.json)))


def _crash_test(words: Sequence[str]) -> int:
    parser = _engine_options(
        _parser("crash-test", "Kills the workers of an engine of its own while a song plays, and counts what was lost.")
    )
    parser.add_argument("--kills", type=_whole("--kills", 1, 10**6), default=30, metavar="N", help="so many (30)")
    parser.add_argument(
        "--seconds-apart", type=_number(0, 3600), default=1.0, metavar="S", help="at least so long between two (1)"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of the moments (0)")
    told = parser.parse_args(words)
    settings = _settings(parser, told)
    from chronus.drills import crash_test

    return _reported(settings, lambda: crash_test.main(settings, told.kills, told.seconds_apart, told.seed))


def _soak(words: Sequence[str]) -> int:
    parser = _engine_options(
        _parser("soak", "Random commands and kills for hours, on an engine of its own; then everything is counted.")
    )
    parser.add_argument("--hours", type=_number(1e-6, 1e4), default=0.05, metavar="H", help="so long (0.05)")
    parser.add_argument(
        "--kills-per-minute", type=_number(0, 60), default=6.0, metavar="K", help="of any of its processes (6)"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="the same seed, the same commands (0)")
    told = parser.parse_args(words)
    settings = _settings(parser, told)
    from chronus.drills import soak

    return _reported(settings, lambda: soak.main(settings, told.hours, told.kills_per_minute, told.seed))


FORMS: dict[str, Callable[[Sequence[str]], int]] = {
    "render": _render,
    "engine": _engine,
    "status": _status,
    "stop": _stop,
    "doctor": _doctor,
    "modules": _modules,
    "bench": _bench,
    "journal": _journal,
    "crash-test": _crash_test,
    "soak": _soak,
}


# ---------------------------------------------------------------- the rest


def _number(low: float, high: float) -> Callable[[str], float]:
    def number(typed: str) -> float:
        value = float(typed)
        if not low <= value <= high:
            least = f"at least {low:g}" if low in (0, 1) else "more than 0"
            raise argparse.ArgumentTypeError(f"must be {least} and at most {high:g}, not {typed}")
        return value

    return number


def _whole(name: str, low: int, high: int) -> Callable[[str], int]:
    def whole(typed: str) -> int:
        try:
            return settings_.whole(typed, name, low, high)
        except ChronusError as error:
            raise argparse.ArgumentTypeError(error.message) from None

    return whole


_seed = _whole("--seed", 0, 2**31 - 1)


def _settings(parser: argparse.ArgumentParser, told: argparse.Namespace) -> Settings:
    try:
        return settings_.read(vars(told), os.environ)
    except ChronusError as error:
        _fail(parser, error.message)


def _fail(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    from chronus.shell.answers import clean

    parser.exit(USAGE, clean(f"{parser.prog}: {message}") + "\n")


def _reported(settings: Settings, form: Callable[[], int]) -> int:
    """Runs a form; what it refuses is said once, on stderr, with the exit code that fits."""
    try:
        return form()
    except ChronusError as error:
        from chronus.shell.plain import report

        return report(settings, error)


def _form(words: Sequence[str]) -> int | None:
    """Where the name of a form stands."""
    place = _first_word(words)
    return place if place is not None and words[place] in FORMS else None


def _first_word(words: Sequence[str]) -> int | None:
    """The first word that is neither an option nor an option's value; None also where `-c` or `--` comes before it."""
    takes_value = {
        "--engine",
        "--device",
        "--rate",
        "--period",
        "--lookahead",
        "--osc-port",
        "--osc-bind",
        "--as",
        "-c",
    }
    place = 0
    while place < len(words):
        word = words[place]
        if not word.startswith("-"):
            return place
        if word in ("-c", "--"):
            return None
        place += 2 if word in takes_value else 1
    return None


def main(words: Sequence[str] | None = None) -> int:
    """`chronus WORDS`; the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    place = _form(words)
    try:
        if place is None:
            return _shell(words)
        return FORMS[words[place]]([*words[:place], *words[place + 1 :]])
    except KeyboardInterrupt:  # while a form is still being imported, too
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


if __name__ == "__main__":
    sys.exit(main())
