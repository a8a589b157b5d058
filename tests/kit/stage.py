"""A conductor with a small catalogue of its own, played by typed commands: for the tests of the pure core."""

from __future__ import annotations

from collections import defaultdict

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.commands import Change, Load, Port, Quantity, Sequence, Set, Submission, When, Word
from chronus.conductor.conductor import Conductor
from chronus.memory.log import GENERATION, NOTE_OFF, NOTE_ON, decode
from chronus.pattern.lane import Hit, Pattern

RATE = 44100
FREQ = Param("freq", 20, 20000, 440, "Hz", "exp", pitch=True)
GATES = (In("gate", "gate"), In("velocity", "velocity"), In("accent", "accent"), In("glide", "glide"))
CATALOGUE = Catalogue([
    Spec("out", "the end", (Param("volume", -60, 6, -6, "dB"),), (In("in"), In("left"), In("right")), width="stereo"),
    Spec("saw", "bright", (FREQ,), (*GATES[:2], In("sync")), width="poly", drone=True),
    Spec("noise", "wind", (Param("gain", 0, 1, 0.5),), GATES[:1], drone=True),
    Spec("kick", "a drum", (FREQ, Param("decay", 10, 4000, 300, "ms", "exp")), GATES, memory_frames=64),
    Spec("bass", "dirty", (FREQ, Param("distortion", 0, 1, 0.5)), GATES, width="poly", state=4),
    Spec("tb303", "acid", (FREQ, Param("cutoff", 100, 5000, 400, "Hz", "exp")), GATES, aliases=("acid", "303")),
    Spec("filter", "cuts", (Param("cutoff", 20, 20000, 1000, "Hz", "exp"), switch("mode", ("low", "high"), "low")),
         (In("in"),), width="poly"),
    Spec("adsr", "shape", (Param("attack", 0.1, 10000, 10, "ms", "exp"),), (In("in"), *GATES[:1]),
         (Out("out"), Out("env", "control")), width="poly"),
    Spec("delay", "echo", (Param("time", 1, 4000, 300, "ms", "exp"),), (In("in"),), width="stereo", memory_seconds=1.0),
    Spec("bus", "a sum", (), (In("in"),), width="stereo", gathers=True),
    Spec("pump", "pumps", (), (In("in"), In("key")), width="stereo"),
    Spec("press", "presses", (), (In("in"), In("sidechain", normal="in")), width="stereo"),
    Spec("lfo", "slow", (Param("rate", 0.01, 50, 1, "Hz", "exp"),), outs=(Out("out", "control"),), modulator=True),
])  # fmt: skip


class Stage:
    """Says commands at frames, and keeps all that the replicas would be told."""

    def __init__(self, rate: int = RATE, **known) -> None:
        self.conductor = Conductor(CATALOGUE, rate, **known)
        self.frame = 0
        self.log = []
        self.last = ()

    @property
    def rack(self):
        return self.conductor.rack

    def say(self, *commands, exact=True, author=""):
        texts = tuple(type(command).__name__ for command in commands)
        whole = Submission(tuple(range(1, len(commands) + 1)), texts, commands)
        t = self.conductor.perform(whole, author, seen=self.frame)
        done = self.conductor.commit(t, self.frame, exact)
        again = self.conductor.commit(t, self.frame, exact)
        assert (again.entries == done.entries).all(), "commit may be repeated"
        self.last = tuple(decode(done.entries))
        self.conductor.accept(done)
        self.conductor.sealed(t, self.frame)
        self.log += self.last
        return t.outcomes

    def fine(self, *commands, **known):
        """The text of the last answer; none may be a refusal."""
        outcomes = self.say(*commands, **known)
        assert [o.error for o in outcomes] == [None] * len(outcomes)
        return outcomes[-1].text

    def refused(self, *commands):
        (outcome,) = self.say(*commands)
        assert outcome.error is not None, outcome.text
        return outcome.error

    def until(self, frame):
        for batch in self.conductor.advance(frame):
            self.log += decode(batch)
        self.frame = frame

    def values(self, kind):
        return [entry for entry in self.last if entry.kind == kind]

    def heard(self):
        """(frame, lane, id) of the notes that begin, as a replica would hear them: only those of the lane's present generation."""
        return [(e.frame, e.more, int(e.c)) for e in self.replayed() if e.kind == NOTE_ON]

    def replayed(self):
        """The lanes' entries so far, in the order in which a replica acts on them, without those that are overruled."""
        present = defaultdict(int)
        acted = []
        for entry in sorted(self.log, key=lambda entry: (entry.frame, entry.order)):
            if entry.kind == GENERATION and entry.generation > present[entry.index]:
                present[entry.index] = entry.generation
                acted.append(entry)
            elif entry.kind in (NOTE_ON, NOTE_OFF) and entry.generation == present[entry.more]:
                acted.append(entry)
        return [entry for entry in acted if entry.frame < self.frame]


def load(kind, name="", when=None, **params):
    return Load(
        when=when, kind=kind, name=name, params=tuple(Change("", key, quantity(value)) for key, value in params.items())
    )


def put(target, value, **times):
    module, _, param = target.rpartition(".")
    return Set(changes=(Change(module, param, quantity(value)),), **times)


def quantity(value):
    if isinstance(value, str):
        return Word(value)
    return Quantity(value) if isinstance(value, int | float) else value


def seq(name, text, options=None, when=None):
    known = {} if options is None else {"options": options}
    return Sequence(name=name, text=text, pattern=grid(text), when=when, **known)


def grid(text):
    """x, X, o and rests; enough of the notation for a test."""
    levels = {"x": 0.8, "X": 1.0, "o": 0.35}
    steps = text.replace(" ", "")
    return Pattern(
        len(steps),
        tuple(Hit((k, 1), velocity=levels[c], accent=c == "X") for k, c in enumerate(steps) if c in levels),
    )


def chain(*words):
    return tuple(Port(*word.split(".")) for word in words)


NOW = When("now")
