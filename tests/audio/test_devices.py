import pytest

from chronus.audio.devices import Output, choose
from chronus.errors import ChronusError

THERE = (
    Output("ALSA", "HDA Intel: ALC257 (hw:0,0)", 0, False, 48000),
    Output("ALSA", "default", 1, True, 44100),
    Output("JACK Audio Connection Kit", "system", 2, True, 48000),
    Output("JACK Audio Connection Kit", "Firefox", 3, False, 48000),
)


@pytest.mark.parametrize(
    ("name", "index"), [("jack", 2), ("JACK", 2), ("firefox", 3), ("hda", 0), ("alsa: default", 1), ("alsa", 1)]
)
def test_a_part_of_a_name_that_fits_one_output_means_it(name, index):
    assert choose(name, THERE).index == index


@pytest.mark.parametrize("name", ["hw:9", "a", "wasapi"])
def test_a_name_that_fits_none_or_many_lists_what_there_is(name):
    with pytest.raises(ChronusError) as refused:
        choose(name, THERE)
    assert refused.value.code == "E_DEVICE"
    assert all(f'"{output.title}"' in refused.value.message for output in THERE)


def test_the_name_of_a_host_api_means_its_default_output_though_a_device_bears_it_too():
    there = (Output("ALSA", "jack", 0, True, 44100), *THERE)
    assert choose("jack", there).title == "JACK Audio Connection Kit: system"
    assert choose("ALSA: jack", there).title == "ALSA: jack"


def test_a_mono_output_is_one_like_any_other():
    there = (Output("JACK Audio Connection Kit", "system", 0, True, 48000, 1),)
    assert choose("JACK Audio Connection Kit: system", there).channels == 1


def test_a_device_that_has_moved_in_the_list_is_still_found_by_name():
    for order in (THERE, THERE[::-1]):
        moved = tuple(Output(o.api, o.name, k, o.default, o.rate) for k, o in enumerate(order))
        assert choose("firefox", moved).name == "Firefox"


def test_a_device_that_is_gone_is_never_replaced_by_another_one():
    with pytest.raises(ChronusError):
        choose("firefox", THERE[:3])
