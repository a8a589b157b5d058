"""Nothing that an agent is given costs it more than 1,500 tokens, and what was left out is said."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.command_line.guide import MOST_TOKENS, tokens
from chronus.mcp import fitting

REST = "job name=run-1 has all of it, in 12 parts"
LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=30)


def test_errors_and_notices_are_kept_before_others_and_all_stay_in_order():
    lines = [f"ok {k} load kick as kick{k}" for k in range(2000)]
    lines[1500], lines[1700] = "err 1501 E_NAME 1:5 no", "! failover: slot 0 died"
    told = fitting.cut(lines, REST).splitlines()
    assert told[-3:-1] == [lines[1500], lines[1700]] and told[:100] == lines[:100]
    assert told[-1] == f"... {2000 - len(told) + 1} more lines: {REST}"


@settings(max_examples=12, deadline=None)
@given(st.lists(LINE, min_size=1, max_size=12), st.integers(1, 60))
def test_a_text_fits_however_it_is_made_and_its_parts_are_all_of_it(some, times):
    lines = [line for line in some for _ in range(times)]
    assert tokens(fitting.cut(lines, REST)) <= MOST_TOKENS
    parts = fitting.parts("\n".join(lines))
    assert all(tokens(part) <= MOST_TOKENS for part in parts) and "\n".join(parts).split("\n") == lines


def test_a_line_without_end_is_cut_within():
    assert tokens(fitting.cut(["x" * 100_000] * 3, REST)) <= MOST_TOKENS
    parts = fitting.parts("x" * 100_000)
    assert all(tokens(part) <= MOST_TOKENS for part in parts) and "".join(parts).replace("\n", "") == "x" * 100_000


def test_an_object_stays_one_and_says_what_is_not_in_it():
    lanes = [{"name": f"lane{k}", "events": [{"at": at, "vel": 0.8} for at in range(16)]} for k in range(200)]
    found = fitting.shortened({"modules": [{"name": f"m{k}"} for k in range(250)], "lanes": lanes, "bpm": 174}, REST)
    assert tokens(json.dumps(found, separators=(",", ":"))) <= MOST_TOKENS and found["bpm"] == 174
    assert found["lanes"] and found["modules"]
    assert found["left_out"]["lanes"] + len(found["lanes"]) == 200 and found["left_out"]["rest"] == REST


@settings(max_examples=12, deadline=None)
@given(
    st.dictionaries(
        LINE,
        st.recursive(
            st.one_of(st.integers(-999, 999), LINE, st.just("x" * 9000), st.just([{"a": "b" * 40}] * 300)),
            lambda inside: st.one_of(st.lists(inside, max_size=4), st.dictionaries(LINE, inside, max_size=4)),
            max_leaves=12,
        ),
        max_size=5,
    )
)
def test_any_object_fits(value):
    assert tokens(json.dumps(fitting.shortened(value, REST), ensure_ascii=False, separators=(",", ":"))) <= MOST_TOKENS
