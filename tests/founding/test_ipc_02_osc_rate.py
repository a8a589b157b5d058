"""IPC-02, rate of OSC. As first defined: 1000 messages a second for 10 s, at least 99 % received, in order; P50 below 1, P95 below 5, P99
below 10, P99.9 below 20 ms; a burst of 100 within 100 ms; mixed sizes at 1000 a second; 100 bundles of 10 a second, each parsed in 0.5
ms; 4 clients at 250 a second each; at 2000 a second it drops gracefully and has recovered within 1 s.

What is received is what is answered: each message asks for a parameter, another one than the message before. Loss and order gate
everywhere, how long an answer takes in `make soak` (see tests/founding/test_ipc_01_osc_latency.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from chronus.control.outside import osc
from tests.kit.hand import Hand, bundle, percentile
from tests.kit.live import Engine, engine, until
from tests.kit.machine import seconds_of

pytestmark = pytest.mark.clock

TARGETS = ("sine/freq", "sine/gain", "adsr/attack", "adsr/decay", "adsr/release", "filter/cutoff", "filter/resonance")


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Engine]:
    with engine(tmp_path_factory.mktemp("osc"), "--device", "null", "--osc-port", "5930") as there:
        assert there.home.chronus("-c", "open classic now").returncode == 0
        yield there


def port(running: Engine) -> int:
    return int(running.status()["engine"]["osc_port"])


def dropped(running: Engine) -> int:
    return int(running.status()["counters"]["osc_dropped"])


class Asking:
    """A client that asks for one parameter after another, and matches the answers to what it asked."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.asked: list[float] = []
        self.took: list[float] = []
        self.out_of_order = 0

    def ask(self) -> None:
        self.hand.send(f"/get/{TARGETS[len(self.asked) % len(TARGETS)]}")
        self.asked.append(time.perf_counter())

    def hear(self, seconds: float) -> bool:
        """Takes an answer in, if one comes in time. One that was lost is passed over: the next one is to another question."""
        answer = self.hand.answer(seconds)
        if answer is None:
            return False
        place = len(self.took)
        wanted = f"/value/{TARGETS[place % len(TARGETS)]}"
        self.out_of_order += answer[0] != wanted
        self.took.append((time.perf_counter() - self.asked[place]) * 1e3)
        return True


def at_rate(rate: float, seconds: float, send, between) -> None:
    """Calls `send` so often a second, and `between(seconds until the next)` while there is time."""
    began = time.perf_counter()
    for k in range(round(rate * seconds)):
        while (left := began + k / rate - time.perf_counter()) > 0:
            between(left)
        send(k)


@pytest.mark.proof
def test_a_thousand_messages_a_second_for_ten_seconds(running, held):
    with Hand(port(running)) as hand:
        asking = Asking(hand)
        at_rate(1000, 10, lambda _: asking.ask(), asking.hear)
        while len(asking.took) < len(asking.asked) and asking.hear(1):
            pass
    held("1000/s for 10 s: received", 100 * len(asking.took) / len(asking.asked), "%", least=99)
    held("1000/s for 10 s: out of order", asking.out_of_order, "", most=0)
    for share, most in ((0.5, 1), (0.95, 5), (0.99, 10), (0.999, 20)):
        held(f"1000/s for 10 s: P{share * 100:g}", percentile(asking.took, share), "ms", most=most, soak=True)


@pytest.mark.proof
def test_a_burst_of_a_hundred(running, held):
    with Hand(port(running)) as hand:
        asking = Asking(hand)
        for _ in range(100):
            asking.ask()
        while len(asking.took) < 100 and asking.hear(1):
            pass
    held("a burst of 100: received", len(asking.took), "", least=100)
    held("a burst of 100: out of order", asking.out_of_order, "", most=0)
    held("a burst of 100: all answered after", (time.perf_counter() - asking.asked[0]) * 1e3, "ms", most=100, soak=True)


@pytest.mark.proof
def test_four_clients_at_a_time(running, held):
    hands = [Hand(port(running)) for _ in range(4)]
    clients = [Asking(hand) for hand in hands]

    def hear(seconds: float) -> None:
        if not sum([client.hear(0) for client in clients]):
            time.sleep(min(seconds, 0.0002))

    at_rate(1000, 4, lambda k: clients[k % 4].ask(), hear)
    for client in clients:
        while len(client.took) < len(client.asked) and client.hear(1):
            pass
    received = min(len(client.took) / len(client.asked) for client in clients)
    for hand in hands:
        hand.close()
    held("4 clients at 250/s: received, least of one", 100 * received, "%", least=99)
    held("4 clients at 250/s: out of order", sum(client.out_of_order for client in clients), "", most=0)


@pytest.mark.proof
def test_messages_of_all_sizes_and_bundles(running, held):
    """1000 a second for 2 s: from 16 bytes to 1 KB. Then 100 bundles of 10 a second. None is dropped, the last value holds."""
    sizes = [
        osc.encode("/gate/adsr", 1),
        osc.encode("/mod/sine/freq", 330.0),
        osc.encode("/mod/sine/freq", "330.5"),
        osc.encode("/note/sine", "a4", 0.5, 0.25),
        bundle(*[osc.encode("/mod/filter/cutoff", 500.0 + k) for k in range(24)]),
    ]
    before = dropped(running)
    with Hand(port(running)) as hand:
        at_rate(1000, 2, lambda k: hand.socket.send(sizes[k % len(sizes)]), time.sleep)
        ten = [
            [osc.encode(f"/mod/{target}", 100.0 + k) for k in range(10)] for target in ("sine/freq", "filter/cutoff")
        ]
        at_rate(100, 2, lambda k: hand.socket.send(bundle(*ten[k % 2])), time.sleep)
        hand.send("/mod/sine/freq", 123.5)
        until(lambda: hand.ask("sine/freq")[0] == 123.5, 2, "the last value did not come")
        assert hand.ask("filter/cutoff")[0] == 109
    held(
        f"{min(map(len, sizes))} to {max(map(len, sizes))} bytes at 1000/s, and bundles: dropped",
        dropped(running) - before,
        "",
        most=0,
    )


@pytest.mark.proof
def test_twice_as_many_are_coalesced_and_a_second_later_all_is_as_before(running, held):
    """For 5 s, half of them changes: it says what it drops, the last value counts, and a second later it answers as ever."""
    before, frame = dropped(running), running.status()["counters"]
    with Hand(port(running)) as hand:

        def send(k: int) -> None:
            hand.send("/mod/sine/freq", 100.0 + k % 1000) if k % 2 else hand.send("/get/sine/freq")

        at_rate(2000, 5, send, lambda seconds: hand.answer(seconds))
        hand.send("/mod/sine/freq", 4321.0)
        time.sleep(1)
        while hand.answer(0):
            pass
        value, took = hand.ask("sine/freq")
        after = running.status()["counters"]
        assert value == 4321
        held("2000/s for 5 s: dropped, and said so", dropped(running) - before)
        held("a second after it: an answer takes", took * 1e3, "ms", most=10, soak=True)
        missed = sum(after[name] - frame[name] for name in ("missing", "repeated"))
        held("2000/s for 5 s: blocks missing or repeated", missed, "", most=0)


def test_a_bundle_of_ten_is_parsed_in_half_a_millisecond(held):
    """In processor time, the quickest of five rounds."""
    packet = bundle(*[osc.encode("/mod/filter/cutoff", 500.0 + k) for k in range(10)])

    def parse() -> None:
        for _ in range(200):
            for message in osc.decode(packet):
                osc.translate(message)

    held("a bundle of 10, decoded and understood", seconds_of(parse) / 200 * 1e3, "ms", most=0.5)
