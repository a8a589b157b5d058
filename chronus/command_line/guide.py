"""`chronus guide`: what an agent reads to begin with, in at most 1,500 tokens. All else is asked for: `chronus guide TOPIC`, `help`.

tests/command_line/test_guide.py counts it, and reads every line of it that is a line of the language.
"""

from __future__ import annotations

MOST_TOKENS = 1500

GUIDE = """\
# Chronus for an agent

A modular synthesizer that plays while you type. One command a line, one answer a command, in order. Nothing asks back.

## Ways in

    chronus --keep --as YOU -c 'load kick; seq kick: x...x...x...x...'    starts an engine, or joins the one that runs
    chronus --as YOU -c 'status'                                          the next call joins it
    chronus --json ...                      one object a line: ok, result, error {code, column, message, suggestions}
    chronus mcp --config                    for a program that speaks the Model Context Protocol: tools run, state, hear, why ...
    chronus stop                            only an engine that you started; a person may play on it

`;` separates commands. Lines of one call share one musical moment. Exit codes: 0 well, 1 a command failed, 3 no engine, 5 a wait timed out.

## Answers

    ok 3 set bass.cutoff 900 Hz (was 700 Hz) @482304     done, heard from that frame on
    ok 4 mute kick (from bar 9) @705600                  accepted; it cannot fail any more, and takes hold at bar 9
    err 5 E_NAME 1:5 no module "bas" is loaded; did you mean "bass"?    nothing changed; mend the line there, send it again
    ! failover: slot 0 died, slot 1 plays on             a notice, between answers

## Build

    load kick; load hat; load bass cutoff=700; load reese as growl   a module; it sounds when a lane plays it, a drone at once
    patch growl > filter > delay                    cables; what is not loaded yet is loaded
    patch lfo > filter.cutoff 2 oct                 any output moves any parameter
    set filter.cutoff 1.2k, delay.mix 30%           units, +10%, *0.5, +2st; 400..2k over 8 bars sweeps
    set kick.level -3db, growl.pan -0.3             every module has level and pan
    insert distortion on kick                       at the end of its chain
    unpatch lfo > filter.cutoff; unload growl

## Patterns

A step is 1/16. A lane loops at its own length and starts at the next bar, unless `now` ends the line.

    seq kick: X.........x..... | X..o......x..x..     x hit, X accent, o ghost, . rest; | and spaces for the eye
    load tb303; seq tb303: a1 a1^ . a2~ a1 . c2^@2    notes; ^ accent, ~ glide, @2 length
    load kit; seq kit: [bd,hh] . hh . sn . hh oh?50   drums of a kit; [at,once], ?50 by chance
    seq hat: x(5,16) vel=0.6 swing=58                 euclid; options stand at the end
    seq kick: @dnb.two_step                           a line of the library: list patterns dnb
    vary hat 0.3                                      another line, made of that one; the answer has it
    mute kick; unmute; solo tb303 for 4 bars; clear hat
    halftime for 4 bars                               then as it was

## Whole, and time

    bpm 174; swing 56; key a minor; set volume -6db
    scene drop = kick tb303; scene drop; song: drop*8
    stop; play; panic

Any command may end with `now`, `at next bar`, `at next 4 bars`, `at bar 17`, `in 4 bars`; with `over 4 bars` where a value moves;
with `for 4 bars` to be as before afterwards. Bars count from 1. Time passes only where you say so; never sleep:

    wait 2 bars; sync
    assert bass.cutoff > 500

## Take back, keep

    undo; undo 3; redo           everything, one step a line; history lists the steps, undo to ID
    back 8 bars                  as it was 8 bars ago
    keep 8 bars best             what was just heard, as a file; record take, record stop
    claim bass 4 bars            nobody else touches it meanwhile
    save evening; open evening   the whole rack, as a script
    export beat.mid bars=8
    record at next bar; wait 2 bars; record stop      what is heard, as recordings/take-1.wav
    keep 1 bar                                        the last bars that were heard, as a file

## Look before you claim

    status          the first line is the verdict: "all well: duplex, nothing lost since you asked 3 min ago", or what is wrong
    list            modules, and lanes with what they play
    show lanes      draws them; show kick: its values, its lane, what moves
    meters; spectrum bass; scope bass    levels, frequencies, a wave of what was just heard; why a module is silent
    describe bass   parameters with range and unit, present values, three lines to try

Right after a crash, ask `status`: it says who died and whether it is back. Do not report more than it says. `crash active` is a drill.

Offline, with a hash and figures: `chronus render SCRIPT -o OUT.wav --bars 8 --json`; `chronus hear SCRIPT --bars 8` measures how it sounds.

## More, on demand

`chronus guide TOPIC`, or `help TOPIC`: {topics}, any command, any kind of module, any code.
`chronus modules` lists all kinds. `chronus schema COMMAND` describes its JSON.
"""


def text(topics: list[str]) -> str:
    return GUIDE.replace("{topics}", ", ".join(topics))


def tokens(text: str) -> int:
    """Estimates what a text costs to read: words and a third, or four characters each, whichever is more."""
    return round(max(len(text.split()) * 1.33, len(text) / 4))


def typed() -> list[str]:
    """Returns the lines of the guide that are lines of the language; what stands behind three spaces is a remark."""
    inside = [line for line in GUIDE.split("## Build")[1].splitlines() if line.startswith("    ")]
    return [line.strip().split("   ")[0] for line in inside]
