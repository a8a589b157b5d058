"""What an answer has in its JSON form is declared in chronus/results.py, to the last field."""

import msgspec
import pytest

from chronus import results
from chronus.language import parser
from chronus.language.making.variation import made
from tests.kit.json_schema import faults, whole
from tests.kit.said import BAR, Said

BEFORE = """\
load kick; load bass; load tb303; load saw as lead; load delay; load lfo
seq kick: x...x?30..; seq tb303: a1{cutoff=300} . a2~ <c2 e2>^; seq lead: [c3,e3]@4 arp=up
patch lead > filter > delay; patch lfo > filter.cutoff 2 oct; seq filter.cutoff: 400 _ 800..900 .
set filter.cutoff lfo(random, 3, 300..900)
scene a = kick, bass.freq 80
"""
LINES = """\
load saw as other voices=2
insert delay on kick
unload delay
patch bass > delay -12db
unpatch lfo > filter.cutoff
set bass.freq 55
set bass.freq 55, kick.decay 100ms
set bass.freq 40..80 over 2 bars
set filter.cutoff lfo(sine, 1/2, 300..1200)
set filter.mode high for 2 bars
key a minor
meter 7/8
seq bass: x.<x .>. at next bar
seq bass: x... for 2 bars
vary kick 0.5
shift kick 2
clear kick
mute kick
solo kick for 1 bar
halftime for 1 bar
doubletime off
scene b = *
scene a
scene a for 2 bars
song: a*2 a*4 loop
fill on for 1 bar
every 8 bars fill
gate lead on
note lead a3
arp lead up oct=2
arp lead off
stop
play
panic
new
undo
undo 2
undo to 4
history 3
diff
diff 2 5
claim kick
claim bass 4 bars
claim
release
list
list modules
list lanes
list scenes
list patterns
list patterns dnb
show
show lanes
show kick
show tb303 loop 2
seq tb303.cutoff: 400 _ 800 .
show filter
clear filter.cutoff now
show scene a
describe tb303
assert bass.freq > 10
"""


def checked(outcome, command):
    kind = results.RESULTS.get(type(command), results.Result)
    plain = msgspec.json.decode(msgspec.json.encode(outcome.result))
    return faults(plain, {"$ref": f"#/$defs/{kind.__name__}"}, whole()["$defs"], at="result")


@pytest.mark.parametrize("line", LINES.splitlines())
def test_the_result_is_declared(line):
    stage = Said()
    stage.conductor.make = made
    for before in BEFORE.splitlines():
        stage.line(before)
    stage.play(BAR)
    (outcome,) = stage.lines(line)
    assert outcome.error is None, outcome.error
    assert not checked(outcome, parser.parse(parser.statements(line)[0]).command)
    if line.startswith(("seq", "set", "show")):
        stage.line("stop")
        stage.line(line)
