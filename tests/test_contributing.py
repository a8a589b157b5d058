"""What CONTRIBUTING.md says of a change is done: in a copy of the tree a module, a command, a question, a parameter of the whole and
a symbol are added, and tried from the typed line to the sound or the answer. The files are counted, not believed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.kit.copied import Copied

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text()

pytestmark = pytest.mark.timeout(600)

STAGE = """\
import json
from chronus.commands import Submission
from chronus.language import completer, help
from chronus.language.parser import parse, statements
from chronus.memory.log import NOTE_ON
from chronus.rack.script import script
from chronus.wire import encode, from_client
from tests.kit.said import BAR, Said
from tests.kit.stage import CATALOGUE

class Wired(Said):
    "Each line goes over the wire first."
    def say(self, *commands, **more):
        whole = Submission(tuple(range(len(commands))), ("",) * len(commands), commands)
        (read,) = from_client().feed(encode(whole))
        return super().say(*read.commands, **more)

stage, told = Wired(), {}

def notes(name):
    "Frame and velocity of what the replicas are told to play, in the lane of a module."
    lanes = list(stage.rack.lanes)
    return [(e.frame, round(e.b, 3)) for e in stage.replayed() if e.kind == NOTE_ON and e.more == lanes.index(name)]

def offered(line):
    rack = {"modules": {name: module.kind for name, module in stage.rack.modules.items()}}
    return [one.text for one in completer.complete(line, len(line), CATALOGUE.plain(), rack)]
"""
"""What is run in the copy: a real conductor, to which lines are typed, without processes and without a clock."""


@pytest.fixture
def tree(tmp_path: Path) -> Copied:
    return Copied(tmp_path)


def on_stage(tree: Copied, play: str) -> Any:
    """What a play of typed lines has put into `told`."""
    return json.loads(tree.python(f"{STAGE}\n{play}\nprint(json.dumps(told))"))


def part(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"CONTRIBUTING.md has no part {title!r}"
    return found[1]


def named(title: str) -> set[str]:
    """The files that a part of the page says are touched: those of its list."""
    return set(re.findall(r"^\d\. `([\w./-]+)`", part(title), re.MULTILINE))


def holds(tree: Copied, title: str, most: int, figure: Any) -> None:
    touched = tree.touched()
    figure(f"{title.lower()}: {len(touched)} files touched (<= {most}: holds)")
    assert touched == named(title) and len(touched) <= most


# ---------------------------------------------------------------- the page


def test_the_page_has_at_most_80_lines():
    assert len(PAGE.splitlines()) <= 80


def test_every_file_and_every_target_that_the_page_names_is_there_but_the_module_that_it_adds():
    files = set(re.findall(r"`((?:chronus|patches|grammar|tests|tools)/[\w./-]*)`", PAGE)) | {"README.md", "Makefile"}
    assert {file for file in files if not (ROOT / file).exists()} == named("A module")
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make (\w+)`", PAGE)) <= set(targets)


# ---------------------------------------------------------------- a module


@pytest.mark.proof
def test_a_module(tree, figure):
    """The one that the page shows: loaded, patched and heard, and asked what every module is asked."""
    (code,) = re.findall(r"```python\n(.*?)```", part("A module"), re.DOTALL)
    (file,) = named("A module")
    tree.add(file, code)
    holds(tree, "A module", 1, figure)
    (tree.path / "coarse.chronus").write_text("load saw gain=1; load crush steps=1; patch saw > crush\n")
    tree.run("-m", "chronus", "render", "coarse.chronus", "-o", "coarse.wav", "--float", "--stems", "--seconds", "0.5")
    sound, _ = soundfile.read(tree.path / "coarse-crush.wav")
    levels = np.unique(np.abs(sound[2000:]))
    assert len(levels) == 2 and levels[0] == 0 < levels[1], levels
    told = json.loads(tree.run("-m", "chronus", "modules", "crush", "--json"))
    assert [param["name"] for param in told["params"]] == ["steps", "level", "pan", "bypass"]
    tree.run(
        "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "tests/laws/test_modules.py", "-k", "crush"
    )


# ---------------------------------------------------------------- a command


def add_a_command(tree: Copied) -> None:
    tree.put(
        "chronus/commands.py",
        'class Unmute(OfLanes, frozen=True, kw_only=True):\n    """No names: all of them."""\n\n    makes = ("muted", False)\n',
        '\n\nclass Soften(Command, frozen=True, kw_only=True):\n    """Halves how loud lanes are played."""\n\n'
        "    names: tuple[str, ...]\n\n    may_last = at_next_bar = True\n",
    )
    tree.replace("chronus/commands.py", "| Mute | Unmute |", "| Mute | Unmute | Soften |")
    tree.put(
        "chronus/language/rows/sequencing.py",
        'LANES, ("mute kick hat",), meant="silence"),\n',
        '    Row(c.Soften, "soften NAME ...", "the lane plays half as loud", LANES, ("soften kick",), meant="quieter"),\n',
    )
    tree.put("chronus/rack/edit.py", "    say.Clear: _of(scenes.clear),\n", "    say.Soften: _of(lanes.soften),\n")
    tree.replace("chronus/rack/lanes.py", "LONGEST_LINE, Clear, OfLanes", "LONGEST_LINE, Clear, Soften, OfLanes")
    tree.put(
        "chronus/rack/lanes.py",
        '    return replace(rack, lanes={**rack.lanes, **lanes}), text, {"names": chosen}\n',
        """

def soften(rack: Rack, command: Soften, catalogue: Catalogue) -> Result:
    lanes = dict(rack.lanes)
    for k, word in enumerate(command.names):
        name = with_lane(rack, word, catalogue, f"names.{k}")
        options = lanes[name].options
        lanes[name] = replace(lanes[name], options=replace(options, velocity=options.velocity / 2))
    return replace(rack, lanes=lanes), f"soften {' '.join(command.names)}", {}
""",
    )


def test_a_command_like_mute(tree, figure):
    add_a_command(tree)
    holds(tree, "A command", 4, figure)
    told = on_stage(
        tree,
        """
stage.lines("load kick; seq kick: x...x...x...x... now")
stage.play(BAR // 2)
told["answer"] = stage.line("soften kick")
stage.play(2 * BAR - 1)
told["notes"] = notes("kick")
told["saved"] = [line for line in script(stage.rack, CATALOGUE) if line.startswith("sequence")]
told["wrong"] = [stage.wrong("soften snare").message, stage.wrong("soften snare").part]
stage.line("undo")
told["undone"] = [line for line in script(stage.rack, CATALOGUE) if line.startswith("sequence")]
told["help"] = help.page(parse(statements("help soften")[0]).command, CATALOGUE.plain()).lines
told["offered"] = [offered("sof"), offered("soften k"), offered("soften kick f")]
told["text"] = parse(statements("soften  KICK for 4 bars")[0]).text
""",
    )
    first = [(22050 * k, 0.8) for k in range(4)]
    assert told["notes"] == [list(note) for note in first + [(88200 + frame, 0.4) for frame, _ in first]]
    assert told["answer"].startswith("soften kick") and "bar 2" in told["answer"]
    assert told["saved"] == ["sequence kick: x...x...x...x... vel=0.5"]
    assert told["undone"] == ["sequence kick: x...x...x...x..."]
    assert told["wrong"][1] == "names.0"
    assert told["help"][0] == "soften NAME ..." and "    e.g. soften kick" in told["help"], told["help"]
    assert told["offered"] == [["soften"], ["kick"], ["for"]]
    assert told["text"] == "soften kick for 4 bars"


# ---------------------------------------------------------------- a question


def add_a_question(tree: Copied) -> None:
    tree.replace(
        "chronus/commands.py",
        "class Describe(Question",
        'class Count(Question, frozen=True, kw_only=True):\n    """How much there is."""\n\n\nclass Describe(Question',
    )
    tree.replace("chronus/commands.py", "| List | Show |", "| List | Show | Count |")
    tree.put(
        "chronus/language/rows/looking.py",
        '    Row(c.Status, "status", "how the engine is", ALONE, meant="info stat"),\n',
        '    Row(c.Count, "count", "how many modules, cables and lanes there are", ALONE, ("count",), meant="howmany"),\n',
    )
    tree.put("chronus/conductor/questions.py", "    say.Show: _show,\n", "    say.Count: _count,\n")
    tree.replace(
        "chronus/conductor/questions.py",
        "# ---------------------------------------------------------------- describe and assert\n",
        """def _count(command: say.Count, seen: Seen) -> Answer:
    counts = {name: len(getattr(seen.rack, name)) for name in ("modules", "cables", "lanes")}
    return Answer([f"{count} {name}" for name, count in counts.items()], counts)


# ---------------------------------------------------------------- describe and assert
""",
    )


def test_a_question(tree, figure):
    add_a_question(tree)
    holds(tree, "A question", 3, figure)
    told = on_stage(
        tree,
        """
stage.lines("load kick; seq kick: x... now")
(outcome,) = stage.lines("count")
told["lines"], told["json"] = outcome.lines, outcome.result
told["undone"] = stage.line("undo")
told["help"] = help.page(parse(statements("help count")[0]).command, CATALOGUE.plain()).lines
told["offered"] = offered("cou")
""",
    )
    assert told["json"] == {"modules": 2, "cables": 1, "lanes": 1}
    assert told["lines"] == ["2 modules", "1 cables", "1 lanes"]
    assert "Sequence" in told["undone"], "a question is no step"
    assert told["help"][0] == "count" and told["offered"] == ["count"]


# ---------------------------------------------------------------- a parameter of the whole


def add_a_parameter_of_the_whole(tree: Copied) -> None:
    tree.put(
        "chronus/catalogue/whole.py",
        'SEED = Whole("seed", 0, 999_999_999, 0, help="of everything left to chance", counts=True)\n',
        'TOUCH = Whole("touch", 0, 1, 1, help="how loud notes by hand are", is_verb=True, examples=("touch 0.5",))\n',
    )
    tree.replace(
        "chronus/catalogue/whole.py",
        "(BPM, METER, SWING, PACE, KEY, SEED)",
        "(BPM, METER, SWING, PACE, KEY, SEED, TOUCH)",
    )
    tree.replace(
        "chronus/rack/document.py",
        "import BPM, METER, PACE, SEED, SWING, Whole",
        "import BPM, METER, PACE, SEED, SWING, TOUCH, Whole",
    )
    tree.put(
        "chronus/rack/document.py",
        "    seed: int = int(SEED.default)\n",
        "    touch: float = float(TOUCH.default)\n",
    )
    tree.replace("chronus/plan/difference.py", "<< NUMBERED | k, after.bpm, at)", "<< NUMBERED | k, after, at)")
    tree.replace(
        "chronus/plan/difference.py",
        "number: int, bpm: float, at: Moment) -> Entry",
        "number: int, rack: Rack, at: Moment) -> Entry",
    )
    tree.replace(
        "chronus/plan/difference.py",
        "frames_of(length, bpm, at.rate, at.timeline, at.frame)\n    return Entry(\n        NOTE_ON",
        "frames_of(length, rack.bpm, at.rate, at.timeline, at.frame)\n    return Entry(\n        NOTE_ON",
    )
    tree.replace(
        "chronus/plan/difference.py",
        "min(max(note.velocity, 0.0), 1.0)",
        "min(max(note.velocity * rack.touch, 0.0), 1.0)",
    )


def test_a_parameter_of_the_whole_like_swing(tree, figure):
    add_a_parameter_of_the_whole(tree)
    holds(tree, "A parameter of the whole", 4, figure)
    told = on_stage(
        tree,
        """
def by_hand(line):
    stage.lines(line)
    return [round(e.b, 3) for e in stage.last if e.kind == NOTE_ON]

stage.line("load bass")
told["played"] = [by_hand("note bass a1"), by_hand("touch 0.5; note bass a1"), by_hand("set touch *0.8; note bass a1")]
told["answer"] = stage.line("touch 0.25")
told["saved"] = [line for line in script(stage.rack, CATALOGUE) if "touch" in line]
told["asserted"] = [stage.line("assert touch == 0.25"), stage.wrong("assert touch > 0.5").code]
told["shown"] = stage.lines("show")[0].result["touch"]
told["wrong"] = [stage.wrong("touch 2").message, stage.wrong("set tuoch 1").suggestions]
stage.line("undo")
told["undone"] = [line for line in script(stage.rack, CATALOGUE) if "touch" in line]
told["help"] = help.page(parse(statements("help touch")[0]).command, CATALOGUE.plain()).lines
told["offered"] = [offered("tou"), offered("set to"), offered("help tou")]
""",
    )
    assert told["played"] == [[0.8], [0.4], [0.32]]
    assert told["answer"].startswith("touch 0.25") or told["answer"].startswith("set touch 0.25")
    assert told["saved"] == ["touch 0.25"] and told["undone"] == ["touch 0.4"] and told["shown"] == 0.25
    assert told["asserted"] == ["assert touch == 0.25", "E_ASSERT"]
    assert "0..1" in told["wrong"][0] and told["wrong"][1] == ["touch"]
    assert any("how loud notes by hand are" in line for line in told["help"])
    assert told["offered"] == [["touch"], ["touch"], ["touch"]]


# ---------------------------------------------------------------- an option of a lane


def add_an_option_of_a_lane(tree: Copied) -> None:
    tree.put(
        "chronus/pattern/lane.py",
        "    shift: Annotated[int, Meta(ge=-MOST_STEPS, le=MOST_STEPS)] = 0\n",
        "    up: Annotated[int, Meta(ge=-48, le=48)] = 0\n",
    )
    tree.put(
        "chronus/pattern/lane.py",
        '"so many steps later", "1"),\n',
        '        Option("up", "up", "whole", -48, 48, "so many semitones higher", "12"),\n',
    )
    tree.replace("chronus/pattern/loop.py", "frequency(pitch) for", "frequency(pitch + options.up) for")


def test_an_option_of_a_lane_like_swing(tree, figure):
    add_an_option_of_a_lane(tree)
    holds(tree, "An option of a lane", 2, figure)
    told = on_stage(
        tree,
        """
def hertz(line):
    stage.lines(line)
    stage.play(stage.frame + BAR)
    return round([e.a for e in stage.replayed() if e.kind == NOTE_ON][-1])

stage.line("load bass")
told["played"] = [hertz("seq bass: a2 now"), hertz("seq bass: a2 up=12 now"), hertz("seq bass: a2 up=-12 vel=0.5 now")]
told["saved"] = [line for line in script(stage.rack, CATALOGUE) if line.startswith("sequence")]
told["offered"] = offered("seq bass: a2 up")
""",
    )
    assert told["played"] == [110, 220, 55]
    assert told["saved"] == ["sequence bass: a2 vel=0.5 up=-12"] and told["offered"] == ["up="]


# ---------------------------------------------------------------- a symbol of the notation


def add_a_symbol(tree: Copied) -> None:
    tree.replace(
        "grammar/pattern.lark",
        "RUN: /[xXo1-9.\\-~_|](?:[xXo1-9.\\-~_|^ \\t]*[xXo1-9.\\-~_|^])?/",
        "RUN: /[xXo+1-9.\\-~_|](?:[xXo+1-9.\\-~_|^ \\t]*[xXo+1-9.\\-~_|^])?/",
    )
    tree.put(
        "chronus/pattern/unfold.py",
        '    "o": GHOST,\n',
        '    "+": 0.9,\n',
    )
    tree.replace(
        "chronus/language/help.py", "    x hit   X accent   o ghost   ", "    x hit   + hard   X accent   o ghost   "
    )


def test_a_symbol_of_the_notation(tree, figure):
    add_a_symbol(tree)
    holds(tree, "A symbol of the notation", 3, figure)
    told = on_stage(
        tree,
        """
told["answer"] = stage.lines("load kick; seq kick: x.+. now; seq kick: +... vel=0.5 now")[1].text
stage.play(22050)
told["notes"] = notes("kick")
told["saved"] = [line for line in script(stage.rack, CATALOGUE) if line.startswith("sequence")]
told["help"] = help.page(parse(statements("help patterns")[0]).command, CATALOGUE.plain()).lines
""",
    )
    assert told["notes"] == [[0, 0.45]] and told["saved"] == ["sequence kick: +... vel=0.5"]
    assert told["answer"].startswith("sequence kick: x.+. (4 steps")
    assert any("+ hard" in line for line in told["help"])


# ---------------------------------------------------------------- all of them


ASKED_OF_ALL = (
    "test_wire.py",
    "test_commands.py",
    "rack/test_whole.py",
    *(f"language/test_{what}.py" for what in ("help", "completer", "notation")),
)


def test_what_is_asked_of_every_command_parameter_and_page_holds_with_all_of_them(tree):
    for add in (add_a_command, add_a_question, add_a_parameter_of_the_whole, add_an_option_of_a_lane, add_a_symbol):
        add(tree)
    # the fixtures of these alone: those of all tests compile the kernels first
    tree.run("-m", "pytest", "-q", "--confcutdir=tests/language", *(f"tests/{file}" for file in ASKED_OF_ALL))
