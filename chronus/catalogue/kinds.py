"""The catalogue: describes every kind of module as data. The conversation reads it, and never imports a module."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from chronus import othernames, places
from chronus.catalogue.spec import MIX, In, Out, Param, Spec
from chronus.errors import ChronusError
from chronus.othernames import meant

SUFFIX = "_module"
BESIDE = ("key", "sidechain", "sync")
"""Audio inputs that only listen: a cable into one does not move its source off `out`, and a bare name never means it."""


def variant(kind: str, lanes: int) -> str:
    """Returns the name of a kernel for so many lanes: `saw x8`."""
    return f"{kind} x{lanes}"


def kind_and_lanes(variant: str) -> tuple[str, int]:
    kind, _, lanes = variant.rpartition(" x")
    return kind, int(lanes)


class Catalogue:
    """Kinds by name. `load bass_module` is `load bass`, and an alias is as good as the name."""

    def __init__(self, specs: Iterable[Spec]) -> None:
        self.kinds = {spec.kind: spec for spec in sorted(specs, key=lambda spec: spec.kind)}
        self.aliases = {alias: spec.kind for spec in self.kinds.values() for alias in spec.aliases}

    @classmethod
    def load(cls, path: Path | None = None) -> Catalogue:
        """Reads what the builder of the kernels wrote beside them. ChronusError E_FILE where there is none."""
        path = path or places.catalogue_file()
        try:
            return cls(msgspec.json.decode(path.read_bytes(), type=list[Spec]))
        except (OSError, msgspec.DecodeError) as error:
            raise ChronusError("E_FILE", f"the catalogue of modules cannot be read: {error}") from error

    def plain(self) -> dict[str, Any]:
        """Returns kind -> Spec as plain data, for a client's completion and help: `outs` has what it offers of its notes, `params` those
        of the graph.
        """
        return {
            kind: msgspec.to_builtins(spec)
            | {"params": msgspec.to_builtins(spec.all_params), "outs": msgspec.to_builtins(spec.offers())}
            for kind, spec in self.kinds.items()
        }

    def find(self, word: str) -> Spec | None:
        word = word.lower()
        for name in (word, word.removesuffix(SUFFIX)):
            kind = self.aliases.get(name, name)
            if kind in self.kinds:
                return self.kinds[kind]
        return None

    def resolve(self, word: str, part: str = "kind") -> Spec:
        spec = self.find(word)
        if spec is None:
            near = meant(word.removesuffix(SUFFIX), [*self.kinds, *self.aliases], othernames.KINDS)
            raise ChronusError("E_MODULE", f'there is no kind of module "{word}"', suggestions=near, part=part)
        return spec

    def __getitem__(self, kind: str) -> Spec:
        return self.kinds[kind]


def carries_audio(port: In) -> bool:
    """Whether an input carries sound that is heard: a main audio input, not one that only listens."""
    return port.role == "audio" and port.name not in BESIDE


def main_input(spec: Spec) -> In | None:
    """Returns where a bare `patch A > B` leads."""
    return next((port for port in spec.ins if carries_audio(port)), None)


def main_output(spec: Spec) -> Out | None:
    return spec.outs[0] if spec.outs else None


def find_param(spec: Spec, name: str, part: str) -> Param:
    """Returns the parameter of that name, or raises E_PARAM with those it may have been."""
    param = spec.param(name)
    if param is None:
        near = meant(
            name, [*(p.name for p in spec.all_params), *(table.name for table in spec.settings)], othernames.PARAMS
        )
        if name in {one.name for one in MIX}:
            why = "out is where all sound ends" if spec.kind == "out" else f"{spec.kind} puts out no sound"
            raise ChronusError("E_PARAM", f"{why}, so it has no {name}", suggestions=near, part=part)
        is_input = any(port.name == name for port in spec.ins)
        how = f"; it is an input: `patch NAME > {spec.kind}.{name}`" if is_input else ""
        raise ChronusError("E_PARAM", f'{spec.kind} has no parameter "{name}"{how}', suggestions=near, part=part)
    return param
