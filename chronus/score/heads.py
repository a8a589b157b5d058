"""Says where the music is in a lane: which of its loops is played at a frame, and which step of it."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from chronus.score.score import Score
from chronus.score.spans import Span


class Head(NamedTuple):
    """`step` counts from 0, in parts too."""

    span: Span
    loop: int
    step: Fraction


def head(score: Score, name: str, take: int, frame: int) -> Head | None:
    """Returns where a lane is at a frame; None where nothing of that take is played then."""
    playing, timeline = score.lanes.get(name), score.timeline
    if playing is None or timeline is None or score.stopped:
        return None
    for span in playing.spans:
        begins, ends = timeline.frame(span.start), None if span.stop is None else timeline.frame(span.stop)
        if span.lane is None or span.lane.take != take or not (begins <= frame and (ends is None or frame < ends)):
            continue
        steps = (timeline.position(frame) - span.origin) / span.beat
        loop, step = divmod(steps, span.lane.pattern.steps)
        return Head(span, int(loop), step)
    return None


def begins(score: Score, name: str, take: int, frame: int) -> Fraction | None:
    """Returns the position from which that take is to be played, if that is still to come."""
    playing, timeline = score.lanes.get(name), score.timeline
    if playing is None or timeline is None or score.stopped:
        return None
    spans = (span for span in playing.spans if span.lane is not None and span.lane.take == take)
    first = next(spans, None)
    return first.start if first is not None and timeline.frame(first.start) > frame else None
