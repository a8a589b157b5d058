"""Counts the turns of waves: how many are over at a frame, and how long the next ones take (rack/waves.py says what for)."""

from __future__ import annotations

from typing import NamedTuple

from chronus.memory.layout import RAMP
from chronus.rack import waves
from chronus.rack.document import Rack, Waving
from chronus.score.score import Score
from chronus.score.timeline import Timeline, beat_frames


class Turns(NamedTuple):
    """At a frame so many `turns` are over, and a turn takes `period` frames. For `bent` frames it takes less and less (or more and more),
    because the tempo moves: `bend` turns more in the first frame, three times as many in the second, and so on.
    """

    turns: float
    period: float
    bend: float = 0.0
    bent: float = 0.0


def turns_of(wave: Waving, timeline: Timeline | None, rate: int, bpm: float, frame: int) -> Turns:
    """Returns what the replicas are told of a wave at a frame."""
    beats = waves.beats_of(wave.rate)
    if not beats:
        hertz = waves.hertz_of(wave.rate)
        return Turns(frame * hertz / rate, rate / hertz)
    if timeline is None:
        period = beats * float(beat_frames(bpm, rate))
        return Turns(frame / period, period)
    later = [tempo for tempo in timeline.tempos if tempo.frame > frame]
    tempo = next((tempo for tempo in reversed(timeline.tempos) if tempo.frame <= frame), timeline.tempos[0])
    pace = 1.0 / float(tempo.beat) + 2.0 * tempo.bend * (frame - tempo.frame)
    position = float(tempo.position_at(frame))
    if not tempo.bend or not later:
        return Turns(position / beats, beats / pace)
    return Turns(position / beats, beats / pace, tempo.bend / beats, float(later[0].frame - frame))


def share_of(wave: Waving, score: Score, rack: Rack, frame: int) -> float:
    """Returns where between its two ends a wave is at a frame."""
    at = turns_of(wave, score.timeline, score.rate, rack.bpm, frame)
    width = min(RAMP / at.period, waves.WIDEST)
    return waves.share_at(waves.SHAPES.index(wave.shape), at.turns, width, waves.key_of(rack, wave))
