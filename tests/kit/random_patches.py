"""Patches that nobody would make: any modules, any cables between them, in circles too; and lines that change them while they play."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import Param, Spec
from chronus.commands import Submission
from chronus.errors import ChronusError
from chronus.memory.layout import BLOCK
from chronus.render.take import Take
from tests.kit.typed import command

NOTES = ("c2", "e2", "g3", "a#4", "c6", "a1^", "c3@2", ".", ".", "_")


def value(chance: random.Random, param: Param) -> str:
    """Somewhere in a parameter's range, as it would be typed; now and then at an end."""
    if param.words:
        return chance.choice(param.words)
    x = chance.choice([0.0, 1.0, *(chance.random() for _ in range(6))])
    low, high = param.low, param.high
    return f"{low * (high / low) ** x if param.curve == 'exp' else low + (high - low) * x:.6g}"


class RandomPatch:
    """A patch of `size` modules; the same for the same seed."""

    def __init__(self, catalogue: Catalogue, seed: int, size: int) -> None:
        self.chance, self.locking = random.Random(seed), random.Random(~seed)
        self.catalogue = catalogue
        self.modules: dict[str, Spec] = {}
        self.kinds = sorted(kind for kind in catalogue.kinds if kind != "out")
        self.size, self.loaded = size, 0

    def begin(self) -> list[str]:
        """The lines that make it."""
        lines = [self.load() for _ in range(self.size)]
        lines += [self.patch() for _ in range(2 * self.size)]
        lines += [self.play() for _ in range(self.size // 2)]
        return lines

    def change(self) -> str:
        """One more line, while it plays."""
        return self.chance.choice(
            [self.set, self.set, self.set, self.sweep, self.patch, self.unpatch, self.play, self.gate]
        )()

    def load(self) -> str:
        kind = self.chance.choice(self.kinds)
        name = self._new(kind)
        voices = f" voices={self.chance.choice([2, 5, 8, 20])}" if self.chance.random() < 0.3 else ""
        return f"load {kind} as {name}{voices if self._is_played(name) else ''}"

    def _new(self, kind: str) -> str:
        self.loaded += 1
        name = f"m{self.loaded}"
        self.modules[name] = self.catalogue[kind]
        return name

    def _is_played(self, name: str) -> bool:
        spec = self.modules[name]
        return spec.width == "poly" and spec.has_gate() and spec.main_input() is None

    def _name(self) -> str:
        return self.chance.choice(list(self.modules))

    def _cable(self) -> tuple[str, str, bool]:
        source, target = self._name(), self._name()
        spec = self.modules[target]
        output = self.chance.choice(self.modules[source].offers()).name
        if self.chance.random() < 0.15:
            return f"{source}.{output}", self.chance.choice(["out", "out.left", "out.right"]), False
        into = self.chance.choice([*spec.ins, *(p for p in spec.params if not p.words)])
        return f"{source}.{output}", f"{target}.{into.name}", isinstance(into, Param)

    def patch(self) -> str:
        source, target, param = self._cable()
        amount = f" {self.chance.uniform(-1, 1):.3f}" if param and self.chance.random() < 0.7 else ""
        return f"patch {source} > {target}{amount}"

    def unpatch(self) -> str:
        source, target, _ = self._cable()
        return f"unpatch {source} > {target}"

    def _param(self) -> tuple[str, Param]:
        name = self.chance.choice([name for name, spec in self.modules.items() if spec.params])
        param = self.chance.choice(self.modules[name].params)
        return f"{name}.{param.name}", param

    def set(self) -> str:
        place, param = self._param()
        return f"set {place} {value(self.chance, param)}"

    def sweep(self) -> str:
        place, param = self._param()
        if param.words:
            return f"set {place} {value(self.chance, param)}"
        return f"set {place} {value(self.chance, param)} over {self.chance.choice([1, 2, 5])} beats"

    def mix(self) -> str:
        """Of those that put out no sound it is refused."""
        value = self.chance.choice(
            ["level -60db", "level 12db", "level -10db", "level off", "pan -1", "pan 0.6", "pan 0"]
        )
        return f"set {self._name()}.{value}"

    def bypass(self) -> str:
        return f"bypass {self._name()} {self.chance.choice(['on', 'off'])}"

    def insert(self) -> str:
        kind = self.chance.choice([kind for kind in self.kinds if self.catalogue[kind].main_input()])
        name = self._new(kind)
        return f"insert {kind} on {self.chance.choice(['out', self._name()])} as {name}"

    def exchange(self) -> str:
        """One module goes, another one comes."""
        gone = self._name()
        del self.modules[gone]
        return f"unload {gone}; {self.load()}"

    def play(self) -> str:
        name = self._name()
        steps = [self.chance.choice(NOTES) for _ in range(self.chance.choice([4, 7, 16]))]
        notes = f"seq {name}: {' '.join(step + self.lock(name) * (step[0] not in '._') for step in steps)}"
        return f"{notes}; {self.move(name)}" if self.locking.random() < 0.3 else notes

    def move(self, name: str) -> str:
        """A lane of values for one of its parameters."""
        param = self.locking.choice(self.modules[name].all_params)
        rests = (".",) if param.words else (".", "_", "_@3")
        steps = [self.locking.choice((*rests, value(self.locking, param))) for _ in range(self.locking.choice([3, 8]))]
        return f"seq {name}.{param.name}: {value(self.locking, param)} {' '.join(steps)}"

    def lock(self, name: str) -> str:
        """A lock on one of its parameters, on few of its notes."""
        params = self.modules[name].all_params
        if not params or self.locking.random() < 0.9:
            return ""
        param = self.locking.choice(params)
        sweep = "" if param.words else f"..{value(self.locking, param)}"
        return f"{{{param.name}={value(self.locking, param)}{self.locking.choice([sweep, ''])}}}"

    def gate(self) -> str:
        return f"gate {self._name()} {self.chance.choice(['on', 'off'])}"


def say(take: Take, moment: int, lines: Sequence[str]) -> list[str]:
    """Types lines at a frame, in one submission; some may be refused. Returns the others."""
    take.render(moment // BLOCK * BLOCK)
    typed = []
    for line in (one for several in lines for one in several.split("; ")):
        with suppress(ChronusError):
            typed.append((line, command(line)))
    if not typed:
        return []
    texts, commands = zip(*typed, strict=True)
    outcomes = take.perform(Submission(tuple(range(len(texts))), texts, commands), moment, exact=True)
    return [text for text, outcome in zip(texts, outcomes, strict=True) if outcome.error is None]
