"""What is set from outside: options before the environment before the defaults, each in its range."""

import pytest

from chronus import settings
from chronus.errors import ChronusError
from chronus.settings import Settings


def test_nothing_told_gives_the_defaults():
    assert settings.read({}, {}) == Settings()
    assert (Settings().rate, Settings().period, Settings().lookahead, Settings().osc_port) == (44100, 128, 6, 5005)


def test_an_option_goes_before_the_environment():
    told = settings.read({"rate": "48000", "device": None}, {"CHRONUS_SAMPLE_RATE": "96000", "CHRONUS_DEVICE": "null"})
    assert (told.rate, told.device) == (48000, "null")


@pytest.mark.parametrize(
    ("variable", "value", "field", "read"),
    [
        ("CHRONUS_ENGINE", "live", "engine", "live"),
        ("CHRONUS_PLAIN", "1", "plain", True),
        ("CHRONUS_PLAIN", "0", "plain", False),
        ("CHRONUS_PLAIN", "", "plain", False),
        ("CHRONUS_DEVICE", "JACK", "device", "JACK"),
        ("CHRONUS_SAMPLE_RATE", "96000", "rate", 96000),
        ("CHRONUS_PERIOD", "64", "period", 64),
        ("CHRONUS_LOOKAHEAD", "4", "lookahead", 4),
        ("CHRONUS_OSC_PORT", "0", "osc_port", 0),
    ],
)
def test_the_environment_is_read(variable, value, field, read):
    assert getattr(settings.read({}, {variable: value}), field) == read


@pytest.mark.parametrize(
    ("key", "low", "high"), [(key, low, high) for key, (_, low, high, _) in settings.WHOLE.items()]
)
def test_numbers_outside_their_range_are_refused_with_the_range(key, low, high):
    assert getattr(settings.read({key: str(low)}, {}), key) == low
    assert getattr(settings.read({key: str(high)}, {}), key) == high
    for wrong in (low - 1, high + 1, "many", "1.5", ""):
        with pytest.raises(ChronusError) as error:
            settings.read({key: str(wrong)}, {})
        assert error.value.code == "E_VALUE"
        assert f"from {low} to {high}" in error.value.message
        assert settings.option(key) in error.value.message


def test_a_wrong_number_in_the_environment_names_its_variable():
    with pytest.raises(ChronusError, match="CHRONUS_PERIOD"):
        settings.read({}, {"CHRONUS_PERIOD": "1"})


@pytest.mark.parametrize("name", ["", "Live", "1st", "../x", "a" * 33, "a b", "a\n"])
def test_a_name_that_could_be_a_path_is_refused(name):
    with pytest.raises(ChronusError):
        settings.read({"engine": name}, {})


def test_an_author_with_control_characters_is_refused():
    with pytest.raises(ChronusError):
        settings.read({"author": "\x1b[2J"}, {})
