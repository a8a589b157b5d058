"""Finds what a sentence of musical words asks for: every word is either understood, or kept as one that is not. Pure.

A sentence is made of clauses: a verb (add, mute, unmute, solo, unsolo), and what it is about. A clause without a
verb adds. Words come from grammar/phrases.toml, the longest phrase first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from chronus import places
from chronus.catalogue.whole import BPM

NUMBER = r"([0-9]{2,3}(?:\.[0-9]{1,3})?)"
TEMPO = re.compile(
    rf"(?:(?:at|to|with) +)?(?:set +)?(?:(?:a|the) +)?(?:tempo|bpm|speed)(?: +(?:of|to|at|is))?[ :=]*{NUMBER}(?: *bpm)?(?![\w/%]|\.[0-9])"
    rf"|(?:(?:at|@|in|to) *)?{NUMBER} *(?:bpm|beats per minute)\b"
    rf"|(?:at +|@ *){NUMBER}(?![\w/%]|\.[0-9]| +(?:bars?|beats?|db|k?hz|ms|s|sec|seconds?|minutes?|steps?|percent|st|ct|oct)\b)"
)
"""`at 128`, `174 bpm`, `tempo 90`; not `at 64 bars`."""
BLANK = re.compile(r"[\s,;:()\"\[\]/*…–—]+|-+(?!\w)|\.+(?!\w)|!+|'+(?!n\b)")
WORD = re.compile(r"[^\s,;:()\"\[\]!?…]+?(?=[.']*(?:[\s,;:()\"\[\]!?…]|$))|\S")
ENDS = re.compile(r"[.!;]")
ARTICLES = ("a", "an", "some", "the", "my", "our")
ONTO = ("to", "into", "over", "on top of")
PARTICLES = ("off", "on", "out", "back", "in", "down")


class Word(NamedTuple):
    """A phrase of the sentence: `kind` is its list in the vocabulary, `name` what it stands for there."""

    kind: str
    name: str
    text: str
    start: int


class Thing(NamedTuple):
    """An instrument that a clause is about; `typed` is how it was called."""

    instrument: str
    model: str
    typed: str


class Sentence:
    """What was understood, and the words that were not, in their order."""

    def __init__(self, words: str) -> None:
        self.adds: dict[str, Thing] = {}
        self.marks: dict[str, list[str]] = {}  # mute, unmute, solo, unsolo -> instruments
        self.genre = ""
        self.genre_typed = ""
        self.whole = False  # the genre is that of a song or a beat, not of one drum
        self.bpm = ""
        self.heard: list[str] = []  # every instrument that is named, whatever is to be done with it
        self.unknown: list[Word] = []
        self.turned = False  # a word among the unknown asks for something else than what is left
        _Reader(self, words.lower().replace("\u2019", "'"))

    @property
    def understood(self) -> bool:
        return bool(self.adds or self.marks or self.genre or self.bpm)

    def again(self) -> str:
        """Writes what was understood, as words that are understood whole."""
        adds = [f"{thing.model} {thing.typed}".strip() for thing in self.adds.values()]
        parts = [f"{self.genre_typed} {' and '.join(adds)}".strip()]
        parts += [f"{verb} {' and '.join(names)}" for verb, names in self.marks.items()]
        return " and ".join(filter(None, parts)) + (f" at {self.bpm} bpm" if self.bpm else "")


class _Reader:
    """One walk over the words. `boundary`: a verb may stand here; `clause` is what the words since the last verb are about."""

    def __init__(self, sentence: Sentence, text: str) -> None:
        self.s = sentence
        self.verb: Word | None = None
        self.intent = "add"
        self.things: list[Thing] = []
        self.model: Word | None = None
        self.distributed = ""  # a model that the next instrument shares: "909 kick and snare"
        self.polite = False
        self.boundary = self.first = True
        self.before: Word | None = None
        self.article = ""  # the last filler since then
        self.last: Word | None = None  # one that may only end what is said, "too"
        place = 0
        for word in words_of(text):
            if ENDS.search(text, place, word.start):
                self._end()
                self.boundary = True
            elif "," in text[place : word.start]:
                self.boundary, self.distributed = True, ""
            if self.last and not text[place : word.start].strip():
                self.s.unknown.append(self.last)
            self.last = None
            place = word.start + len(word.text)
            self._take(word)
            if word.kind != "filler":
                self.before, self.article = word, ""
            self.first = self.first and word.kind in ("filler", "first")
        self._end()
        unknown = self.s.unknown
        unknown.sort(key=lambda word: word.start)
        self.s.turned = any(word.name == "turning" for word in unknown) or self._begins_strangely(text)

    def _begins_strangely(self, text: str) -> bool:
        """The first word that says anything is unknown, and an article comes after it: a verb, most likely."""
        words = [word for word in words_of(text) if word.kind not in ("first", "polite", "join")]
        return len(words) > 1 and words[0].kind == "unknown" and words[1].text in ARTICLES

    def _take(self, word: Word) -> None:
        taken = getattr(self, f"_{word.kind}")(word)
        if taken is False:
            self.s.unknown.append(word)
            self.boundary = False

    # Each takes one kind of word; False where it cannot stand there.

    def _filler(self, word: Word) -> None:
        self._particle(word)
        self.article = word.text
        if word.text in ARTICLES:
            self.distributed = ""
        if word.text.rstrip("s") in ("song", "track", "tune") or "style" in word.text:
            self.s.whole = True

    def _last(self, word: Word) -> None:
        self.last = word

    def _first(self, word: Word) -> bool:
        return self.first

    def _join(self, word: Word) -> bool:
        self.boundary = True
        return True

    def _polite(self, word: Word) -> None:
        self.polite = True

    def _question(self, word: Word) -> bool:
        return self.polite

    def _intent(self, word: Word) -> bool:
        if not self.boundary:
            return self._particle(word)
        self._end()
        self.verb, self.intent, self.boundary = word, word.name, False
        return True

    def _half(self, word: Word) -> bool:
        if not self.boundary:
            return False
        self._end()
        self.verb, self.intent, self.boundary = word, "", False
        return True

    def _particle(self, word: Word) -> bool:
        both = f"{self.verb.text} {word.text}" if self.verb else ""
        intent = vocabulary().get(both, ("", ""))
        if intent[0] == "intent" and self.things:
            self.intent = intent[1]
            return True
        return False

    def _genre(self, word: Word) -> bool:
        if self.intent not in ("", "add") or self.s.genre not in ("", word.name):
            return False
        self.s.genre, self.s.genre_typed = word.name, word.text
        self.boundary = False
        return True

    def _model(self, word: Word) -> bool:
        if self.intent not in ("", "add") or self.model:
            return False
        self.model, self.boundary = word, False
        return True

    def _instrument(self, word: Word) -> bool:
        name = word.name
        counted = table()["counted"]
        if (
            name == "beat"
            and self.before
            and (self.before.text in counted or (self.before.kind == "unknown" and self.before.text.isdigit()))
        ):
            return False
        if name == "beat" and self.intent not in ("", "add"):
            return False
        if self.before and self.before.text in ONTO and self.article in ("", *ARTICLES[3:]):
            return True  # "hats to the beat": it is there
        model = self.model.name if self.model else self.distributed
        if model and name in table()["modelless"]:
            return False
        self.s.whole = self.s.whole or name == "beat"
        self.s.heard.append(word.text)
        self.things.append(Thing(name, model, word.text))
        self.model, self.distributed, self.boundary = None, model, False
        return True

    def _tempo(self, word: Word) -> bool:
        if self.s.bpm or not BPM.low <= float(word.name) <= BPM.high:
            return False
        self.s.bpm = word.name
        return True

    def _turning(self, word: Word) -> bool:
        return self._particle(word)

    def _unknown(self, word: Word) -> bool:
        return self._particle(word) if word.text in PARTICLES else False

    def _end(self) -> None:
        """The clause is over: what it was about goes into the sentence, or its verb is not understood."""
        if self.model:
            self.s.unknown.append(self.model)
        if self.verb and not self.intent:
            self.s.unknown.append(self.verb._replace(name="turning"))
        elif self.verb and not self.things and not (self.intent == "add" and self.s.genre):
            self.s.unknown.append(self.verb)
        if self.intent == "add":
            self.s.adds |= {thing.instrument: thing for thing in self.things if thing.instrument not in self.s.adds}
        elif self.intent and self.things:
            self.s.marks.setdefault(self.intent, []).extend(thing.instrument for thing in self.things)
        self.verb, self.intent, self.things, self.model, self.distributed = None, "add", [], None, ""


def words_of(text: str) -> Iterator[Word]:
    """Returns the phrases of a sentence in lower case, in order; blanks and the marks between words are passed over."""
    place = 0
    while place < len(text):
        blank = BLANK.match(text, place)
        if blank:
            place = blank.end()
            continue
        word = _word(text, place)
        yield word
        place += len(word.text)


def _word(text: str, place: int) -> Word:
    tempo = TEMPO.match(text, place) if _begins_word(text, place) else None
    if tempo:
        return Word("tempo", next(filter(None, tempo.groups())), tempo[0], place)
    if text[place] == "?":
        return Word("question", "turning", "?", place)
    found = _known().match(text, place) if _begins_word(text, place) else None
    if found:
        return Word(*vocabulary()[" ".join(found[0].split())], found[0], place)
    strange = WORD.match(text, place)
    assert strange is not None
    return Word("unknown", "", strange[0], place)


def _begins_word(text: str, place: int) -> bool:
    return place == 0 or not text[place - 1].isalnum()


@cache
def table() -> dict[str, Any]:
    import tomllib  # only for whoever speaks: it costs a start 3 ms

    return tomllib.loads((places.shipped("grammar") / "phrases.toml").read_text(encoding="utf-8"))


@cache
def vocabulary() -> dict[str, tuple[str, str]]:
    """Returns for each phrase its kind, and what it stands for."""
    lists = table()
    known: dict[str, tuple[str, str]] = dict.fromkeys(lists["turning"], ("turning", "turning"))
    for kind in ("filler", "first", "last", "join", "polite"):
        known |= dict.fromkeys(lists[kind], (kind, kind))
    for kind, name in (("intents", "intent"), ("models", "model"), ("instruments", "instrument")):
        known |= {phrase: (name, meant) for meant, phrases in lists[kind].items() for phrase in phrases}
    known |= {phrase: ("genre", meant) for meant, genre in lists["genres"].items() for phrase in genre["words"]}
    for phrase, (kind, _) in list(known.items()):
        verb, _, particle = phrase.partition(" ")
        if kind == "intent" and particle in PARTICLES and known.get(verb, ("turning",))[0] == "turning":
            known[verb] = ("half", "")
    return known


@cache
def _known() -> re.Pattern[str]:
    longest_first = sorted(vocabulary(), key=len, reverse=True)
    return re.compile(
        rf"(?:{'|'.join(re.escape(phrase).replace(chr(92) + ' ', ' +') for phrase in longest_first)})(?!\w|'\w)"
    )
