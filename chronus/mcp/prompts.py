"""Declares the prompts: what a person picks in their program so that an agent begins with the right steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST = 200
"""Characters of an argument."""


class Prompt(NamedTuple):
    """`takes`: each argument, what it is, and what stands in its place where it is not given."""

    name: str
    title: str
    does: str
    takes: dict[str, tuple[str, str]]
    text: str

    def plain(self) -> dict[str, Any]:
        arguments = [{"name": name, "description": does, "required": False} for name, (does, _) in self.takes.items()]
        return {"name": self.name, "title": self.title, "description": self.does, "arguments": arguments}

    def said(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Writes the prompt with what was given in its places."""
        text = self.text
        for name, (_, usual) in self.takes.items():
            word = re.sub(r"\s+", " ", given.get(name, "")).strip()[:MOST] or usual
            text = text.replace(f"{{{name}}}", word)
        return {"description": self.does, "messages": [{"role": "user", "content": {"type": "text", "text": text}}]}


PROMPTS: dict[str, Prompt] = {
    prompt.name: prompt
    for prompt in (
        Prompt(
            "jam",
            "Jam",
            "Play along: build a groove bar by bar, beside the person who plays.",
            {"style": ("a genre or a mood", "dark, driving techno"), "bpm": ("the tempo", "the one that is set")},
            """\
Let us jam on Chronus: {style}, tempo: {bpm}.
Read the guide once (`look` with what=guide). Then look before you play: the tool `state` with what=list says what is there; leave what is \
there as it is unless I ask. Build in small steps, each one `run`: drums first, then bass, then one more voice; let two bars pass \
(`wait 2 bars`) between steps so that it can be heard. Lines of the library help: `list patterns`. After each step `look` at meters, \
and keep the mix below the limiter. Say in one sentence what you changed. What does not sound right goes back with `undo`.""",
        ),
        Prompt(
            "mix_check",
            "Mix check",
            "Measure the mix, and propose the three changes that matter most, as lines.",
            {"goal": ("what it should be", "loud enough for a club, with the kick in front")},
            """\
Check the mix on Chronus. The goal: {goal}.
Measure first and change nothing: `look` at meters, at the spectrum of all and of the loudest modules; `render` the session for 8 bars \
and `hear` that file: loudness, true peak, crest, bands, width and mono loss in the bass. Then tell me the three problems that matter \
most, each with its figure and with the line that mends it (`set bass.level -3db`). Run them only when I agree, and measure again to \
prove it.""",
        ),
        Prompt(
            "find_the_silence",
            "Find the silence",
            "Find out why something is not heard, and mend it.",
            {"name": ("the module that should be heard", "everything")},
            """\
Something on Chronus is silent and should not be: {name}.
Call `why` (with the name of the module, if it is one). It names the first cause and the line that mends it. Run that line, let a bar \
pass (`wait 1 bar`), and call `why` again, until nothing keeps it from being heard. Then prove it with `look` meters. Tell me what the \
cause was; change nothing else.""",
        ),
    )
}
