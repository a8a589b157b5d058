"""Answers `status`: gathers the state of an engine from the board, the rack, the supervisor and /proc."""

from __future__ import annotations

import time
from collections import deque
from threading import Thread
from typing import Any, NamedTuple

from chronus.control.jobs.performer import Performer
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.control.serve.bounces import Bounces
from chronus.control.serve.recordings import Recordings
from chronus.control.serve.verdict import ago, place_of, since, verdict
from chronus.engine_line import Process
from chronus.memory import layout
from chronus.memory.layout import BLOCK, PLAYING, SLOTS, Memory
from chronus.rack import scenes
from chronus.rack.document import tempo
from chronus.system import proc

MODES = {0: "down", 1: "simplex", 2: "duplex"}
LOOK_SECONDS = 0.5
HAPPENED = 5
"""Notices that are still told of."""
ASKERS = 256
"""Authors of whom is remembered when they asked last."""


class Asked(NamedTuple):
    """What an author was told last: when, the counters by then, and who was away."""

    when: float
    counters: dict[str, int]
    away: list[str]


class Status:
    """Gathers the status. `facts` is what the engine was started with: name, pid, version, period, osc_port, started (monotonic
    seconds).
    """

    def __init__(self, performer: Performer, supervisor: SupervisorLine, facts: dict[str, Any]) -> None:
        self.performer, self.supervisor, self.facts = performer, supervisor, facts
        self.conductor = performer.conductor
        self.memory: Memory = performer.publisher.memory
        self.catalogue = self.conductor.catalogue.plain()
        self.recordings: Recordings | None = None
        self.bounces: Bounces | None = None
        self._seen: dict[int, tuple[float, float]] = {}
        self._looking: Thread | None = None
        self._seen_meanwhile: dict[int, tuple[float, dict[str, Any]]] = {}
        self._usage: dict[int, tuple[float, dict[str, Any]]] = {}
        self._happened: deque[tuple[float, dict[str, Any]]] = deque(maxlen=HAPPENED)
        self._asked: dict[str, Asked] = {}

    def note(self, kind: str, text: str) -> None:
        """Keeps what everybody was told, with the place in the music where that was."""
        engine = self.engine()
        place = {key: engine[key] for key in ("frame", "bar", "beat", "position")}
        self._happened.append((time.monotonic(), {"kind": kind, "text": text, **place}))

    # ------------------------------------------------------------ parts of it

    def rack(self) -> dict[str, Any]:
        """Returns the content of a Notice of kind "rack"."""
        rack = self.conductor.rack
        kinds = {name: module.kind for name, module in rack.modules.items()}
        return {"modules": kinds, "bpm": rack.bpm, "scenes": list(rack.scenes)}

    def engine(self) -> dict[str, Any]:
        word, facts = self.memory.word, self.facts
        frame = word(layout.HEARD)
        bar, beat = self.conductor.state.where(frame)
        return {
            "name": facts.get("name", ""),
            "pid": facts.get("pid", 0),
            "version": facts.get("version", ""),
            "rate": word(layout.RATE),
            "period": facts.get("period", 0),
            "lookahead": word(layout.LOOKAHEAD),
            "device": self.supervisor.known.device,
            "device_asked": facts.get("device", ""),
            "device_rate": self.supervisor.known.device_rate or word(layout.RATE),
            "frame": frame,
            "playing": self.conductor.state.playing,
            "meter": self.conductor.rack.meter,
            "bpm": tempo(self.conductor.rack, self.conductor.state.present(frame)),
            "bar": bar,
            "beat": round(beat, 3),
            "step": int(beat % 1 * 4) + 1 if bar else 0,
            "scene": scenes.heard_in(self.conductor.state.heard(frame)),
            "position": f"{bar}.{int(beat)}.{int(beat % 1 * 4) + 1}" if bar else "",
            "osc_port": facts.get("osc_port", 0),
            "uptime_s": round(time.monotonic() - facts.get("started", time.monotonic()), 3),
            "supervisor_worst_ms": round(word(layout.DEAF) / 1e6, 3),
        }

    def slots(self) -> dict[str, Any]:
        return {"active": self.memory.word(layout.ACTIVE), "mode": MODES[sum(map(self._plays, range(SLOTS)))]}

    def _plays(self, slot: int) -> bool:
        """Whether a slot could be heard: one that has fallen back by more than is rendered ahead could not, whatever its state is
        called.
        """
        word = self.memory.word
        if any(row.slot == slot and _state(row) == "dying" for row in self.supervisor.known.processes):
            return False
        due = word(layout.HEARD) // BLOCK - word(layout.LOOKAHEAD)
        return word(layout.STATE0, slot) == PLAYING and word(layout.BLOCK0, slot) >= due

    def counters(self) -> dict[str, int]:
        word = self.memory.word
        return {
            "missing": word(layout.MISSING),
            "repeated": word(layout.REPEATED),
            "silent": word(layout.SILENT),
            "switches": word(layout.SWITCHES),
            "stalls": word(layout.STALLS),
            "divergences": word(layout.DIVERGENCES),
            "borrowed": word(layout.BORROWED),
            "late": word(layout.LATE0) + word(layout.LATE0, 1),
            "notes_late": word(layout.NOTES_LATE),
            "osc_dropped": word(layout.OSC_DROPPED),
            "refused": word(layout.TURNED_AWAY),
            "commands": word(layout.PERFORMED),
            "recommitted": word(layout.RECOMMITTED),
            "stale": word(layout.STALE0) + word(layout.STALE0, 1),
            "guarded": max(word(layout.GUARDED0), word(layout.GUARDED0, 1)),
        }

    def load(self) -> dict[str, Any]:
        """Share of a block's time that rendering it takes: smooth mean (of processor time) of the heard slot, and the worst (from
        beginning to end) of either; and the same of each slot, with the times that its block was due and not there."""
        word = self.memory.word
        block = BLOCK / word(layout.RATE) * 1e9
        slots = [
            {
                "mean": round(word(layout.NANOSECONDS0, slot) / block, 4),
                "worst": round(word(layout.WORST0, slot) / block, 4),
                "late": word(layout.LATE0, slot),
            }
            for slot in range(SLOTS)
        ]
        worst = max(slot["worst"] for slot in slots)
        return {"mean": slots[word(layout.ACTIVE)]["mean"], "worst": worst, "slots": slots}

    def processes(self) -> list[dict[str, Any]]:
        processes = self.supervisor.known.processes
        self._look_again([process.pid or 0 for process in processes])
        now = time.monotonic()
        return [{**_fared(process, now), **self._usage[process.pid or 0][1]} for process in processes]

    def happened(self) -> list[dict[str, Any]]:
        """Returns what everybody was told lately, the newest last."""
        now = time.monotonic()
        return [{**told, "ago_s": round(now - when, 3)} for when, told in self._happened]

    def since(
        self, author: str, counters: dict[str, int], processes: list[dict[str, Any]], glance: bool = False
    ) -> dict[str, Any]:
        """Returns by how much each counter has grown since this author asked last, or since the engine began, and who was away then;
        and notes the question, unless it is a glance."""
        now = time.monotonic()
        last = self._asked.get(author)
        if not glance:
            self._asked.pop(author, None)
            if len(self._asked) >= ASKERS:
                del self._asked[next(iter(self._asked))]
            away = [place_of(process) for process in processes if process["state"] != "running"]
            self._asked[author] = Asked(now, counters, away)
        when, before, away = last or (self.facts.get("started", now), {}, [])
        grown = {name: count - before.get(name, 0) for name, count in counters.items()}
        return {"ago_s": round(now - when, 3), "first": last is None, "counters": grown, "away": away}

    # ------------------------------------------------------------ the whole

    def full(self, author: str = "", glance: bool = False) -> dict[str, Any]:
        rack, counters, processes = self.conductor.rack, self.counters(), self.processes()
        making = self.supervisor.making
        whole: dict[str, Any] = {
            "engine": self.engine(),
            "processes": processes,
            "happened": self.happened(),
            "slots": self.slots(),
            "counters": counters,
            "since": self.since(author, counters, processes, glance),
            "compiling": {"now": list(making.jobs), "parts": making.parts, "kernels": making.kernels},
            "load": self.load(),
            "modules": len(rack.modules) - 1,
            "lanes": len(rack.lanes),
            "cables": len(rack.cables),
            "taken_out": dict(self.conductor.state.taken_out),
            "journal": str(self.performer.pen.path),
            "recording": self.recordings.now()[1] if self.recordings else None,
            "song": self.conductor.state.song(self.memory.word(layout.HEARD)),
        }
        well, words = verdict(whole)
        return {"well": well, "verdict": words, **whole}

    def told(self, author: str = "", glance: bool = False) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Returns the status in words, and as data, with what changed since this author asked last without a mere glance."""
        whole = self.full(author, glance)
        return self.lines(whole), whole

    def lines(self, whole: dict[str, Any]) -> tuple[str, ...]:
        """Writes the status for people: the verdict, what happened, where the music is, what each process does, the counters."""
        engine, slots, load = whole["engine"], whole["slots"], whole["load"]
        place = (
            f"bar {engine['bar']}, beat {int(engine['beat'])}, step {engine['step']}"
            if engine["playing"]
            else "stopped"
        )
        song = whole["song"]
        place += f", {_section(song)}" if song else ""
        return (
            whole["verdict"],
            *(_event(one) for one in whole["happened"]),
            f"{engine['bpm']:g} bpm, {place}; {whole['modules']} modules, {whole['cables']} cables, {whole['lanes']} lanes",
            *([f"recording {self.recordings.now()[0]}"] if self.recordings and whole["recording"] else []),
            *([f"rendering {self.bounces.now()}"] if self.bounces and self.bounces.wishes else []),
            f"engine {engine['name']} (pid {engine['pid']}): {_device(engine)}, {engine['rate']} Hz, frame {engine['frame']}",
            f"{slots['mode']}, slot {slots['active']} is heard; load {load['mean']:.1%}, worst {load['worst']:.1%} ("
            + ", ".join(f"slot {k} {slot['mean']:.1%}, {slot['worst']:.1%}" for k, slot in enumerate(load["slots"]))
            + ")",
            *_all_processes(whole["processes"]),
            *(
                _process_line(process)
                for process in whole["processes"]
                if process["state"] != "running" or process.get("died")
            ),
            *(f"{name} is taken out: {why}" for name, why in whole["taken_out"].items()),
            *_counted(whole),
            f"journal {whole['journal']}",
        )

    def _look_again(self, pids: list[int]) -> None:
        """Looks at processes not seen before; and, in a thread, at the one of the others whose last look is the oldest.

        The kernel walks through all of a process's memory, some milliseconds, and nobody who asks for something is to wait for that.
        """
        now = time.monotonic()
        if self._looking is not None and not self._looking.is_alive():
            self._usage.update(self._seen_meanwhile)
            self._seen_meanwhile, self._looking = {}, None
        self._usage = {pid: self._usage.get(pid, (0.0, {})) for pid in pids}
        for pid in pids:
            if not self._usage[pid][1]:
                self._usage[pid] = now, self._look_up(pid, now)
        oldest = min(pids, key=lambda pid: self._usage[pid][0], default=0)
        if self._looking is None and pids and now - self._usage[oldest][0] >= LOOK_SECONDS:
            self._looking = Thread(target=self._look_meanwhile, args=(oldest, now), daemon=True)
            self._looking.start()

    def _look_meanwhile(self, pid: int, now: float) -> None:
        self._seen_meanwhile = {pid: (now, self._look_up(pid, now))}

    def _look_up(self, pid: int, now: float) -> dict[str, Any]:
        """Returns the share of one processor since the last look (the first time: since its start), and proportional memory."""
        found, memory = proc.stat(pid), proc.pss_mb(pid)
        if found is None:
            return {"cpu": None, "pss_mb": None}
        since, before = self._seen.get(pid, (found.started, 0.0))
        self._seen[pid] = (now, found.cpu)
        # What is counted in hundredths of a second says nothing of less.
        share = (found.cpu - before) / max(now - since, LOOK_SECONDS)
        return {"cpu": round(share, 3), "pss_mb": None if memory is None else round(memory, 1)}


def _section(song: dict[str, Any]) -> str:
    section = song["section"]
    return f"song bar {song['bar']} of {song['bars']}: {section['scene']}, bar {section['bar']} of {section['bars']}"


def _device(engine: dict[str, Any]) -> str:
    if engine["device_rate"] == engine["rate"]:
        return str(engine["device"])
    return f"{engine['device']} (resampled to its {engine['device_rate']} Hz)"


def _event(one: dict[str, Any]) -> str:
    place = f"bar {one['position']}, " if one["position"] else ""
    return f"{place}{ago(one['ago_s'])}: {one['kind']}: {one['text']}"


def _counted(whole: dict[str, Any]) -> list[str]:
    """Writes the counters: what has grown since the last question, and the totals. Those that stand at 0 are left out."""
    grown, totals = whole["since"]["counters"], whole["counters"]
    more = [f"{name} +{count:,}" for name, count in grown.items() if count]
    there = [f"{name} {count:,}" for name, count in totals.items() if count]
    lines = [] if whole["since"]["first"] else [f"{since(whole)}: {', '.join(more) or 'no counter has moved'}"]
    return [*lines, f"in all: {', '.join(there) or 'nothing'}; all other counters stand at 0"]


def _all_processes(processes: list[dict[str, Any]]) -> list[str]:
    """Writes one line for all: what they take together, and the number of each."""
    if not processes:
        return []
    cpu = sum(process["cpu"] or 0 for process in processes)
    memory = sum(process["pss_mb"] or 0 for process in processes)
    slots = ["" if process["slot"] is None else f" {process['slot']}" for process in processes]
    named = (f"{process['role']}{slot} {process['pid']}" for process, slot in zip(processes, slots, strict=True))
    return [f"{len(processes)} processes, {cpu:.1%} of a processor, {memory:.0f} MB: {', '.join(named)}"]


def _process_line(process: dict[str, Any]) -> str:
    slot = "" if process["slot"] is None else f" {process['slot']}"
    cpu = "" if process["cpu"] is None else f", {process['cpu']:.1%} of a processor"
    memory = "" if process["pss_mb"] is None else f", {process['pss_mb']} MB"
    restarts = process["restarts"]
    died = f", {process['died']} {ago(process['died_ago_s'])}" if process.get("died") else ""
    state = f"{process['state']}, {restarts} restart{'s' * (restarts != 1)}"
    return f"{process['role']}{slot} (pid {process['pid']}): {state}{died}{cpu}{memory}"


def _fared(process: Process, now: float) -> dict[str, Any]:
    """Returns the state of a process, and how long ago the last one in its place died."""
    state = _state(process)
    fared: dict[str, Any] = {
        "role": process.role, "slot": process.slot, "pid": process.pid, "state": state, "restarts": process.restarts,
    }  # fmt: skip
    if state != process.state:
        return {**fared, "died": "it has just died", "died_ago_s": 0.0}
    if process.died:
        return {**fared, "died": process.died, "died_ago_s": round(max(now - process.died_at, 0.0), 3)}
    return fared


def _state(process: Process) -> str:
    """Returns a process's state: one that should run but is gone is dying, and the supervisor has not heard of it yet."""
    gone = process.state == "running" and process.pid and not proc.lives(process.pid)
    return "dying" if gone else process.state
