"""Does the work of the form that was typed at the command line. Each form imports only what it needs."""

from __future__ import annotations

import json
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

from chronus import settings as settings_
from chronus.command_line import forms
from chronus.command_line.parser import Misuse, Parser
from chronus.errors import ChronusError, did_you_mean, nearest
from chronus.settings import Settings

USAGE = 2
INTERRUPTED = 130


# ---------------------------------------------------------------- the shell


def _shell(read: forms.Read, settings: Settings) -> int:
    commands = to_run(read)
    if commands is None and not settings.json and sys.stdin.isatty() and sys.stdout.isatty():
        if settings.plain or os.environ.get("TERM", "dumb") == "dumb":
            from chronus.shell import bare

            return bare.run(settings)
        from chronus.shell import prompt

        return prompt.run(settings)
    from chronus.shell import plain

    return plain.run(settings, commands)


def to_run(read: forms.Read) -> bytes | None:
    """Returns what the shell is given to run; None: what comes on standard input."""
    if read.arguments.commands is not None:
        return os.fsencode(read.arguments.commands)
    if read.script is None:
        return b"" if sys.stdin is None else None
    from chronus.language import scripts

    try:
        found = scripts.read(scripts.find(read.script, *forms.FORMS))
    except ChronusError as problem:
        raise Misuse(read.parser.prog, problem.message + did_you_mean(problem.suggestions)) from None
    if found.startswith(scripts.JOURNAL):
        plays = f"`chronus render {read.script} -o take.wav` plays it again"
        raise Misuse(read.parser.prog, f"{read.script} is a journal: {plays}")
    return found


def _hint_at_lines(parser: Parser, words: Sequence[str]) -> None:
    """Explains, for a line of the language typed at the system's shell, how it is sent."""
    place = forms.first_word(words, parser)
    if place is None or words[place] in forms.FORMS or os.path.lexists(words[place]):
        return
    line = [word for word in words[place:] if not word.startswith("--")]
    first, *more = " ".join(line).split() or [""]
    if "/" in first or first.endswith(".chronus"):
        return
    from chronus.language import rows, scripts

    if not more and first in scripts.names():
        return
    known = {*rows.ROWS, *rows.SHORT}
    word = first.lower().rstrip(",:!")
    if word not in known and not (more and nearest(word, known)):
        return
    also = "; `chronus --help` tells of the program itself" if word == "help" else ""
    near = "" if word in known else did_you_mean(nearest(word, known))
    sent = f"chronus -c {shlex.quote(' '.join(line))}"
    raise Misuse(parser.prog, f"`{' '.join(line)}` is a line for Chronus{near}: {sent}{also}")


# ---------------------------------------------------------------- forms


def _render(arguments: Namespace, settings: Settings) -> int:
    from chronus import places
    from chronus.shell.plain import report

    arguments.rate = settings.rate
    try:
        if places.caches().trouble:
            sys.stderr.write(f"! {places.caches().trouble}\n")
        from chronus.render import command

        return command.main(arguments)
    except ChronusError as error:
        return report(settings._replace(json=arguments.json and arguments.output != "-"), error)


def _hear(arguments: Namespace, settings: Settings) -> int:
    from chronus.shell.plain import report

    arguments.rate = settings.rate
    try:
        from chronus.render import hearing

        return hearing.main(arguments)
    except ChronusError as error:
        return report(settings, error)


def _engine(arguments: Namespace, settings: Settings) -> int:
    from chronus.engine import start

    return int(start.main(settings, arguments.ready_fd, arguments.line))


def _status(_arguments: Namespace, settings: Settings) -> int:
    from chronus.shell import remote

    return remote.status(settings)


def _view(arguments: Namespace, settings: Settings) -> int:
    from chronus.shell.view import live

    return live.main(settings, arguments.once)


def _mcp(arguments: Namespace, settings: Settings) -> int:
    if arguments.config:
        from chronus.mcp import configuring

        told = json.dumps(configuring.plain(settings)) if settings.json else configuring.page(settings).rstrip()
        print(told)
        return 0
    from chronus.mcp import serving

    return serving.main(settings)


def _stop(_arguments: Namespace, settings: Settings) -> int:
    from chronus.shell import remote

    return remote.stop(settings)


def _journal(_arguments: Namespace, settings: Settings) -> int:
    from chronus.shell import remote

    return remote.journal(settings)


def _modules(arguments: Namespace, settings: Settings) -> int:
    from chronus.language import help
    from chronus.shell import answers, remote

    known = _catalogue()
    if arguments.markdown:
        from chronus.catalogue import manual

        sys.stdout.write(manual.page(known))
        return 0
    kind = help.find_kind(arguments.kind, known) if arguments.kind else None
    if kind is None and not settings.json:  # a line each: nothing that an engine could add to
        print("\n".join(map(answers.clean, help.modules(known))))
        return 0
    pages = {name: help.describe(name, known) for name in ([kind] if kind else known)}
    told = pages | remote.described(settings, pages)
    described = {name: page.result["module"] for name, page in told.items()}
    if settings.json:
        print(answers.one_object(described[kind] if kind else {"modules": described}))
    elif kind:
        print("\n".join(map(answers.clean, told[kind].lines)))
    return 0


def _catalogue() -> dict[str, Any]:
    from chronus import places
    from chronus.catalogue.kinds import Catalogue

    if not places.catalogue_file().exists():
        from chronus.worker import ledger  # slow, but nothing need be compiled for it

        return Catalogue(ledger.specs()).plain()
    return Catalogue.load().plain()


def _tutorial(_arguments: Namespace, settings: Settings) -> int:
    if not settings.json and not settings.plain and sys.stdin.isatty() and sys.stdout.isatty():
        if os.environ.get("TERM", "dumb") != "dumb":
            from chronus.shell import prompt

            return prompt.run(settings, "tutorial")
    from chronus.shell import plain

    return plain.run(settings, b"tutorial")


def _guide(arguments: Namespace, settings: Settings) -> int:
    from chronus.command_line import guide
    from chronus.commands import Help
    from chronus.language import help
    from chronus.shell import answers

    if not arguments.topic:
        words = guide.text(list(help.TOPICS))
        print(answers.one_object({"guide": words}) if settings.json else words, end="\n" if settings.json else "")
        return 0
    page = help.page(Help(word=arguments.topic), _catalogue())
    print(answers.one_object(page.result) if settings.json else "\n".join(map(answers.clean, page.lines)))
    return 0


def _schema(arguments: Namespace, _settings: Settings) -> int:
    from chronus.shell import schema

    found = schema.of_one(arguments.command) if arguments.command else schema.of_all()
    sys.stdout.write(schema.written(found))
    return 0


def _build(_arguments: Namespace, settings: Settings) -> int:
    from chronus import places
    from chronus.engine import precompiling
    from chronus.shell import answers, attached

    with attached.ProgressBar(quiet=settings.json) as bar:
        precompiling.build(bar.show)
    folder = str(places.kernel_cache())
    print(answers.one_object({"kernels": folder}) if settings.json else f"all kernels are compiled, in {folder}")
    return 0


def _doctor(_arguments: Namespace, settings: Settings) -> int:
    from chronus.shell import doctor

    return doctor.main(settings)


def _bench(arguments: Namespace, settings: Settings) -> int:
    if arguments.what == "modules":
        from chronus.drills import bench_modules

        return bench_modules.main(arguments.kinds, settings.json)
    if arguments.against:
        from chronus.drills import bench_against

        return bench_against.main(settings.json)
    from chronus.drills import bench

    return int(bench.main(settings, settings.json))


def _crash_test(arguments: Namespace, settings: Settings) -> int:
    from chronus.drills import crash_test

    return crash_test.main(settings, arguments.kills, arguments.seconds_apart, arguments.seed)


def _soak(arguments: Namespace, settings: Settings) -> int:
    from chronus.drills import soak

    return soak.main(settings, arguments.hours, arguments.kills_per_minute, arguments.seed)


def _completion(arguments: Namespace, _settings: Settings) -> int:
    from chronus import places
    from chronus.command_line import completion

    patches, modules = places.shipped("patches"), places.PACKAGE / "modules"
    sys.stdout.write(completion.script(forms.parser(), arguments.shell, patches, modules))
    return 0


def _man(arguments: Namespace, _settings: Settings) -> int:
    """Shows the page through a pager in a terminal, else as plain text."""
    from chronus.command_line import manual

    page = manual.roff(forms.parser()) if arguments.roff else manual.text(forms.parser())
    if sys.stdout.isatty() and not arguments.roff:
        from pydoc import pager

        pager(page)
    else:
        sys.stdout.write(page)
    return 0


WORK: dict[str, Callable[[Namespace, Settings], int]] = {
    "render": _render,
    "hear": _hear,
    "status": _status,
    "stop": _stop,
    "view": _view,
    "mcp": _mcp,
    "journal": _journal,
    "modules": _modules,
    "guide": _guide,
    "tutorial": _tutorial,
    "schema": _schema,
    "doctor": _doctor,
    "build": _build,
    "engine": _engine,
    "bench": _bench,
    "crash-test": _crash_test,
    "soak": _soak,
    "completion": _completion,
    "man": _man,
}
"""One for each of `forms.FORMS`."""


def _run(words: Sequence[str]) -> int:
    parser = forms.parser()
    _hint_at_lines(parser, words)
    read = forms.read(words, parser)
    try:
        settings = settings_.read(vars(read.arguments), os.environ)
    except ChronusError as error:
        raise Misuse(read.parser.prog, error.message) from None
    try:
        if read.form:
            return WORK[read.form](read.arguments, settings)
        return _shell(read, settings)
    except ChronusError as error:
        from chronus.shell.plain import report

        return report(settings, error)


def main(words: Sequence[str] | None = None) -> int:
    """`chronus WORDS`; the exit code."""
    try:
        return _run(list(sys.argv[1:] if words is None else words))
    except Misuse as misuse:
        from chronus.shell.answers import clean

        sys.stderr.write(clean(str(misuse)) + "\n")
        return USAGE
    except KeyboardInterrupt:  # while a form is still being imported, too
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


if __name__ == "__main__":
    sys.exit(main())
