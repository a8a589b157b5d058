"""Explains why a line is no command: what was expected where, in plain words, and a suggestion that mends the line.

A suggestion takes the place of the word at the column, or of as many characters as the error's `length` says. Where nothing
is known that helps, there is none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lark.exceptions import UnexpectedInput

from chronus import othernames, places
from chronus.catalogue.spec import MIX
from chronus.catalogue.whole import OF_OUT, WHOLE
from chronus.commands import Set
from chronus.errors import ChronusError, nearest
from chronus.language.grammar import accepted, place_of
from chronus.language.quantities import NAMES as UNIT_NAMES
from chronus.language.quantities import wrong
from chronus.language.rows import ROWS
from chronus.language.sentence import Sentence
from chronus.language.syntax import commands, spelling
from chronus.othernames import meant
from chronus.pattern.elsewhere import Line, elsewhere

WORD = re.compile(r'[\w.#%/+-]+|"[^"]*"?|.', re.DOTALL)
STANDS = re.compile(r'[-+]?\.?[0-9][\w.%/]*|\w[\w#]*|"[^"]*"?|[^\w\s"]+')
"""What a suggestion takes the place of: a number with its unit, a word, quoted text, a run of marks."""
FILE_STANDS = re.compile(r"\S+")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
BARE = re.compile(r"[xXo1-9.~_|-][xXo1-9.~_|^ -]*(?:\s+\w+=\S+)*\s*")
NOTES = re.compile(r"(?:[a-gA-G][#b]?-?[0-9](?::\w+)?|[.~_|])(?:\s+(?:[a-gA-G][#b]?-?[0-9]\S*|[.~_|]))+\s*")
PARAMS = {name for names in othernames.PARAMS.values() for name in names}
PARAM_OF_NAME = re.compile(r"([a-z]\w*)\s+([a-z]\w*)(?=\s+(?:[-+*/]?[.0-9]|(?:on|off|left|right|center)\b))")
LEVEL_OF_NAME = re.compile(r"([a-z]\w*)\s+([-+]?[.0-9]+)\s*db\s*")
LISTS = ("modules", "lanes", "patches", "patterns", "scenes")
NAME_OFF = re.compile(r"([a-z]\w*)\s+(off|on)\s*")

_SET = {name: f"set {name}" for name in (*WHOLE, *OF_OUT) if name not in ROWS}
INSTEAD = {
    **{word: row.word for row in ROWS.values() for word in row.meant.split()},
    **_SET,
    **{word: _SET[names[0]] for word, names in othernames.WHOLE.items() if names[0] in _SET},
}
"""What people type first, and what it is called here."""

LATER = frozenset((
    "try", "propose", "accept", "reject", "midi", "link", "osc", "trust",
))  # fmt: skip
"""Commands of the language that are still to come."""

FORMS = frozenset((
    "render", "view", "modules", "doctor", "build", "engine", "bench", "crash-test", "soak", "completion", "man",
    "journal", "guide", "schema", "mcp",
))  # fmt: skip
"""Forms of the program that are no commands (`command_line/forms.py`)."""

TIMES = {"NOW", "AT", "OVER", "IN", "FOR"}
TIME_WORDS = {
    "at": "on from when", "in": "after", "over": "during within across", "for": "lasting", "now": "immediately immediate instantly asap",
}  # fmt: skip
LISTED = {word: meant for row in ROWS.values() for word, meant in row.form.listed.items()}
LINKS = ("to", "into", "and", "with", "through", "via")
COMPARED = {
    "=": "==",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "is": "==",
    "equals": "==",
    "isnt": "!=",
    "===": "==",
    "=!": "!=",
}
VALUE = {"QUANTITY", "NOTE", "WORD", "STRING", "SIGN"}
NOUNS = {
    "NAME": "a name", "DOTTED": "a name.param", "KIND": "a kind of module", "FILE": "a file name", "TOPIC": "a word",
    "BODY": "a pattern", "TEST": "== or another comparison", "NOTE": "a note", "QUANTITY": "a number", "WORD": "a word",
}  # fmt: skip
HIDDEN = {
    "PATH", "STRING", "WAVE", "SIGN", "MODE", "_TO", "BYPASSED", "OFTHEWHOLE", "ENDLESS", "TIMES", "GOTOBAR", "SHOWNSCENE", "CLEAREDSCENE",
    "CLEAREDSONG", "SAVEREFERENCE",
}  # fmt: skip
"""Terminals that go without saying beside another one."""
EXAMPLES = {"TEST": ("==",), "BAR": ("bar",), "BEAT": ("beat",), "BODY": ("x...",)}


def stands(typed: str, offset: int) -> int:
    """Returns how many characters a suggestion at this place replaces."""
    shape = (
        FILE_STANDS if re.match(r"\s*(?:open|save|import|export)\s", typed, re.IGNORECASE) and offset > 3 else STANDS
    )
    found = shape.match(typed, offset)
    return len(found[0]) if found else 0


# ---------------------------------------------------------------- the first word


def unknown_command(typed: str, word: str) -> ChronusError:
    head = typed[: stands(typed, 0)]
    if other := elsewhere(typed):
        return _of_another_program(other, typed)
    if word in LATER:
        return wrong(0, f'there is no command "{word}" yet', code="E_COMMAND")
    if (form := typed.lower().partition(" ")[0]) in FORMS:
        return wrong(0, f"`chronus {form}` is said to the system's shell, in another terminal", code="E_COMMAND")
    if word == "chronus":
        return wrong(0, 'this is Chronus already: leave out "chronus"', code="E_COMMAND")
    if re.search("[xX]", typed) and len(typed) > 2 and BARE.fullmatch(typed):
        message = f"a pattern belongs to a module: seq NAME: {typed[:32]}"
        return wrong(0, message, f"seq kick: {head}", code="E_COMMAND", length=len(head))
    if named := _param_of_name(typed):
        length, line = named
        return wrong(0, f'there is no command "{word[:32]}"', line, code="E_COMMAND", length=length)
    near = _commands(word, head.lower(), typed[len(word) :].lstrip()) or _spoken(typed, head)
    lists = "" if near else "; `help` lists them"
    return wrong(0, f'there is no command "{word[:32]}"{lists}', *near, code="E_COMMAND", length=len(head))


def _param_of_name(typed: str) -> tuple[int, str] | None:
    """Returns of `kick pan left` and of `pan kick left` how long it is up to the value, and `set kick.pan`. `kick -3db` is its level,
    `kick off` its lane. None of any other line.
    """
    found = LEVEL_OF_NAME.fullmatch(typed.lower()) or NAME_OFF.fullmatch(typed.lower())
    if found and found[1] not in PARAMS | othernames.PARAMS.keys() | INSTEAD.keys():
        verb = {"off": "mute", "on": "unmute"}.get(found[2])
        return (len(found[0]), f"{verb} {found[1]}") if verb else (len(found[1]), f"set {found[1]}.level")
    found = PARAM_OF_NAME.match(typed.lower())
    for name, word in ((found[1], found[2]), (found[2], found[1])) if found else ():
        meant = set(othernames.PARAMS.get(word, ()))
        mixed = OF_OUT if name == "out" else [one.name for one in MIX]
        param = next((one for one in mixed if one in {word} | meant), word if word in PARAMS else "")
        if param and (name in places.shipped_kinds() or name not in PARAMS | othernames.PARAMS.keys()):
            assert found is not None
            return len(found[0]), f"set {name}.{param}"
    return None


def _spoken(typed: str, head: str) -> tuple[str, ...]:
    """Returns how a line begins that `say` understands."""
    sentence = Sentence(typed)
    return (f"say {head}",) if sentence.understood and not sentence.unknown else ()


def _of_another_program(line: Line, typed: str) -> ChronusError:
    return wrong(0, line.message, *filter(None, [line.instead]), code="E_COMMAND", length=len(typed.rstrip()))


def put_right(typed: str, error: ChronusError) -> int | None:
    """Gives an error that suggests nothing the line that does what was meant, if one is known. Returns how many characters it
    replaces."""
    line = None if error.suggestions else elsewhere(typed)
    if line is None or not line.instead:
        return None
    error.suggestions, error.message = (line.instead,), f"{error.message}; {line.message}"
    return len(typed.rstrip())


def _commands(word: str, head: str, rest: str) -> tuple[str, ...]:
    """Returns what the first word may have been, from itself and from what follows it."""
    if rest.startswith(":"):
        return (f"sequence {head}",)
    if rest.startswith((">", "->")):
        return (f"patch {head}",)
    if "." in word and not word.startswith("."):
        return (f"set {head}",)
    if word in LISTS and not rest:
        return (f"list {head}",)
    if word in INSTEAD:
        away = INSTEAD[word] == "unload" and re.match(r"scene\s+\w|song$", rest)
        return ("clear" if away else INSTEAD[word],)
    kind = word if word in places.shipped_kinds() else ""
    if word in PARAMS and re.match(r"[-+*/]?[.0-9]", rest):
        return (f"set {head}",)
    if kind and (BARE.fullmatch(rest) or NOTES.fullmatch(rest)):
        return (f"seq {head}:",)
    if kind and (not rest or "=" in rest or rest.startswith("as ")):
        return (f"load {head}",)
    near = nearest(word, commands())
    if re.match(r"\w+\s*:", rest):
        near = ("sequence",)
    elif re.match(r"[\w.]+\s*>", rest):
        near = tuple(dict.fromkeys([*(one for one in near if "patch" in one), "patch"]))
    elif re.match(r"\w+\.\w+\s+\S", rest):
        near = near or ("set",)
    return near


# ---------------------------------------------------------------- the rest of the line


class Advice(NamedTuple):
    """`words` are what may stand at `offset` instead of `length` characters (None: of the word there)."""

    offset: int
    words: tuple[str, ...] = ()
    length: int | None = None
    hint: str = ""


def explain(typed: str, error: UnexpectedInput) -> ChronusError:
    """Says what was expected where, in plain words."""
    if other := elsewhere(typed, programs=True):
        return _of_another_program(other, typed)
    accepts = accepted(error)
    offset = place_of(error, typed)
    before, rest = typed[:offset].rstrip(" "), typed[offset:]
    offset += len(rest) - len(rest.lstrip(" "))
    found = WORD.match(typed, offset)
    word = found[0][:32] if found else ""
    if word.startswith('"') and word.count('"') == 1:
        return wrong(offset, "the quote is not closed")
    if word == "(" and before:
        return wrong(offset, f'"{before.split()[-1][-32:]}(" is not understood yet')
    last = (before.split() or [""])[-1][-32:]
    after, instead = f' after "{last}"' if last else "", f', not "{word}"' if word else ""
    message = f"expected {_expected(accepts)}{after}{instead}"
    advice = _advice(accepts, typed.lower(), before.lower(), len(before) if not word else offset)
    if not advice.words and (other := elsewhere(typed)):
        return _of_another_program(other, typed)
    return wrong(advice.offset, message + advice.hint, *advice.words, length=advice.length)


def _advice(accepts: set[str], typed: str, before: str, offset: int) -> Advice:
    word = typed[offset : offset + stands(typed, offset)]
    first = before.split(maxsplit=1)[0] if before else ""
    for look in (_two_kinds, _off, _dot, _noise, _mark, _option):
        advice = look(accepts, typed, before, offset, word, first)
        if advice is not None:
            return advice
    if not word:
        return Advice(offset, _at_the_end(accepts, before), 0)
    return Advice(offset, _instead(accepts, before, word))


def _two_kinds(accepts: set[str], typed: str, before: str, offset: int, word: str, first: str) -> Advice | None:
    """`load kick hat` are two modules, `load saw lead` is one with its name."""
    found = re.fullmatch(r"load\s+[\w./]+\s+(\w+)", before)
    if first != "load" or not found or accepts - {"EQUAL"} or re.match(r"=|[-+.0-9]", word) or word == ":":
        return None
    second = found[1]
    known = {*places.shipped_kinds(), *othernames.KINDS}
    if second in PARAMS | othernames.PARAMS.keys() or (word and not IDENTIFIER.fullmatch(word)):
        return None
    words = (f"; load {second}", f"as {second}") if second in known else (f"as {second}",)
    return Advice(found.start(1), words, len(second), ' (one module a line; its name comes after "as")')


def _off(accepts: set[str], typed: str, before: str, offset: int, word: str, first: str) -> Advice | None:
    """`scene drop off`, `song off`"""
    if word == "off" and re.fullmatch(r"song|scene\s+\w+", before):
        return Advice(0, (f"clear {' '.join(before.split())}",), len(typed.rstrip()))
    return None


def _dot(accepts: set[str], typed: str, before: str, offset: int, word: str, first: str) -> Advice | None:
    """`set bass freq 55`"""
    found = re.fullmatch(r"set\s.*?([a-z]\w*)(\s+)[a-z]\w*", before)
    if found and "to" not in before.split() and re.match(r"[-+*/=]?[.0-9]|=", word):
        return Advice(found.start(2), (".",), len(found[2]))
    return None


def _noise(accepts: set[str], typed: str, before: str, offset: int, word: str, first: str) -> Advice | None:
    """`set bass.freq to 55`, `bpm = 140`: a word or a mark that goes without saying."""
    if first in ROWS and ROWS[first].kind is Set:
        found = re.search(r"\s(to|is)$", before)
        if found and word:
            return Advice(found.start(1), (" ",), None, f'; leave out "{found[1]}"')
        if word in ("=", ":", ":=") and "QUANTITY" in accepts:
            return Advice(offset, (" ",), None, f'; leave out "{word}"')
    if word == "," and first == "load" and "NAME" in accepts:
        return Advice(offset, (" ",), None, '; leave out ","')
    return None


def _mark(accepts: set[str], typed: str, before: str, offset: int, word: str, first: str) -> Advice | None:
    """A mark that is missing, or another one in its place."""
    if "TEST" in accepts:
        return Advice(offset, (COMPARED[word],)) if word in COMPARED else Advice(offset, ("==",), 0)
    if first in ("patch", "unpatch"):
        begin = offset
        while begin and typed[begin - 1] in "->=":
            begin -= 1
        run = typed[begin : begin + stands(typed, begin)]
        if run != ">" and re.fullmatch(r"[-=]*>+|-+", run):
            return Advice(begin, (">",), len(run))
        if "MORETHAN" in accepts and word in LINKS:
            return Advice(offset, (">",))
    if "COMMA" in accepts and word in ("and", "&"):
        return Advice(offset, (",",))
    marks = [mark for mark in map(spelling, accepts) if mark and not mark[0].isalnum()]
    if accepts - TIMES and len(marks) == len(accepts) == 1:
        if re.fullmatch(r"[^\w\s.\"]+", word):
            return Advice(offset, (marks[0],))
        return Advice(len(before), (marks[0],), 0)
    return None


def _option(accepts: set[str], typed: str, before: str, offset: int, word: str, first: str) -> Advice | None:
    """An option of `note`, a unit, or a note without its octave."""
    if "VEL" in accepts and (near := meant(word, ("vel", "len"), othernames.OPTIONS)):
        return Advice(offset, near[:1])
    dotted = typed[offset + len(word) : offset + len(word) + 1] == "."
    if "COMMA" in accepts and dotted:
        return Advice(len(before), (",",), 0)
    units = meant(word, UNIT_NAMES, othernames.UNITS)
    if re.search(r"[0-9]$", before) and units and IDENTIFIER.fullmatch(word):
        return Advice(offset, units)
    if "NOTE" in accepts and re.fullmatch(r"[a-g][#b]?", word):
        return Advice(offset, (f"{word}2",))
    return None


def _at_the_end(accepts: set[str], before: str) -> tuple[str, ...]:
    """Returns what may end a line that is not whole, if it is one of a few."""
    examples = [example for name in sorted(accepts & set(EXAMPLES)) for example in EXAMPLES[name]]
    words = [
        *examples,
        *sorted(filter(None, (spelling(name) for name in accepts - set(EXAMPLES) - HIDDEN - TIMES)), reverse=True),
    ]
    blank = "" if before.endswith(" ") else " "
    return tuple(word if not word[0].isalnum() else blank + word for word in words[:5])


def _instead(accepts: set[str], before: str, word: str) -> tuple[str, ...]:
    """A word that may stand where another one does."""
    keywords = {spelling(name) for name in accepts - set(EXAMPLES) - HIDDEN} | {
        example for name in accepts & set(EXAMPLES) - {"BODY"} for example in EXAMPLES[name]
    }
    keywords.discard("")
    for table in (TIME_WORDS, LISTED):
        for keyword, words in table.items():
            if keyword in keywords and word in words.split():
                return (keyword,)
    plain = [
        keyword
        for keyword in keywords
        if keyword.isalpha() and keyword not in ("at", "in", "over", "for", "now", "next")
    ]
    if word.isdigit() and len(plain) == 1:
        return (f"{plain[0]} {word}",)
    return nearest(word, keywords) or (("x...",) if accepts == {"BODY"} else ())


def _expected(accepts: set[str]) -> str:
    names = accepts - TIMES - {"$END"}
    nouns: list[str] = []
    if names >= {"QUANTITY", "WORD"}:
        nouns.append("a value")
        names -= VALUE | HIDDEN
    elif names >= {"DOTTED", "NAME"}:
        nouns.append("a name or name.param")
        names -= {"DOTTED", "NAME"}
    elif names >= {"NOTE", "QUANTITY"}:
        nouns.append("a note")
        names -= {"NOTE", "QUANTITY"}
    names -= HIDDEN
    nouns += [NOUNS[name] for name in NOUNS if name in names]
    words = (EXAMPLES[name][0] if name in EXAMPLES else spelling(name) for name in names if name not in NOUNS)
    nouns += [f'"{word}"' for word in sorted(words)]
    if "$END" in accepts and len(nouns) < 3:
        nouns.append("the end of the line" if nouns else "the end of the line or a time")
    return f"{', '.join(nouns[:-1])} or {nouns[-1]}" if len(nouns) > 1 else nouns[0]
