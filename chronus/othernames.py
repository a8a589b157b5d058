"""Lists what other programs call a thing, with its name here: only to suggest the right word for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chronus.errors import nearest

Table = Mapping[str, tuple[str, ...]]


def _table(text: str) -> Table:
    """Lines `name: words that mean it`; a word of several lines means each of them, in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, words = line.partition(":")
        for word in words.split():
            found[word] = (*found.get(word, ()), name)
    return found


KINDS = _table("""
    kick: bassdrum bd kickdrum bass_drum kd
    snare: sd sn snaredrum backbeat
    clap: cp claps handclap hand_clap
    rim: rs rimshot rim_shot sidestick clave claves
    hat: hihat hh hi_hat hats cymbal closedhat openhat oh ch
    tom: toms tomtom lt mt ht tm
    cowbell: cb bell
    crash: cr cymbal
    ride: rd cymbal
    perc: pc percussion conga congas bongo woodblock shaker
    kit: drums drumkit drum_kit drum drummachine drum_machine beat tr808 tr909 808 909
    filter: vcf lowpass lpf lp highpass hpf bandpass bpf svf cutoff
    vca: amp amplifier gain volume
    saw: oscillator osc vco sawtooth synth vco1 osc1 lead dco
    square: pulse pwm sqr rect
    sine: sin sinus
    triangle: tri
    noise: white whitenoise pink
    lfo: modulator vibrato tremolo mod
    adsr: envelope env eg ar adsr_envelope envelope_generator ads asr
    delay: echo dly tape pingpong dub
    reverb: verb rev room hall plate spring space
    chorus: ensemble choir
    flanger: flange jet comb
    phaser: phase phaseshifter phase_shifter
    distortion: dist overdrive drive fuzz saturator saturation bitcrusher crush waveshaper
    mixer: mix sum
    bus: group subgroup submix aux
    tb303: tb bassline acid303 tb_303
    bass: sub subbass
    out: output master speakers dac main
    random: rnd rand sah s_h sample_and_hold samplehold chance
    supersaw: hypersaw ultrasaw jp8000 jp_8000 trance
    ladder: moog transistor lpf24 vcf24
    diode: diode_ladder
    follower: envelope_follower env_follower ef peak
    slew: lag portamento glide smooth
    quantize: quantizer quant scale
    pan: panner autopan balance
    compressor: comp compress glue sidechain
    duck: ducker pump pumper sidechain
    limiter: limit maximizer maximiser brickwall clipper
    gate: noisegate noise_gate expander
    eq: equalizer equaliser parametric shelf lowshelf highshelf bell
    width: widener imager stereo midside ms
    tape: saturator saturation warmth
""")
PARAMS = _table("""
    freq: frequency pitch tune tuning note hz f
    cutoff: cut lowpass lpf brightness filter fc freq frequency tone
    resonance: reso res q peak emphasis rez
    attack: att atk a
    decay: dec length len dur release d time
    sustain: sus
    release: rel r decay
    gain: vol volume amp level amplitude loudness
    level: vol volume amp gain fader
    pan: panning balance
    bypass: off disable
    volume: vol level gain amp
    rate: speed freq frequency hz
    depth: amount amt intensity
    amount: depth amt range reduction
    time: delay delaytime length
    size: room roomsize room_size
    predelay: pre pre_delay
    damp: damping dampening tone highcut high_cut
    mod: modulation wow flutter
    centre: center freq frequency
    feedback: fb regen repeats
    mix: wet dry drywet wetdry amount blend
    distortion: dist drive overdrive
    drive: dist distortion overdrive gain saturation
    wave: waveform shape type osc
    shape: wave waveform type
    mode: type kind
    model: type kind kit machine
    color: colour type tone
    snappy: snap snares noise rattle
    click: punch attack
    sweep: pitchenv bend punch
    glide: portamento slide porta
    slide: portamento glide porta
    env: envmod envelope env_mod
    sub: subosc
    width: pw pulsewidth duty pwm
    tone: color colour brightness eq cutoff
    detune: fine tune cents
    open: openness
""")
PORTS = _table("""
    in: input audio in1 audio_in
    out: output audio audio_out
    gate: trig trigger
    env: envelope cv
    fm: mod
    sync: reset
    velocity: vel
    accent: acc
    left: l
    right: r
    pitch: cv voct note
""")
WORDS = _table("""
    low: lowpass lp lpf
    high: highpass hp hpf
    band: bandpass bp bpf
    saw: sawtooth
    sine: sin sinus
    square: pulse sqr sq
    triangle: tri
    hold: s&h samplehold sah
    random: rand noise
    exponential: exp
    linear: lin
    left: l lft
    right: r rgt
    center: c centre middle mid
    808: tr808 tr-808
    909: tr909 tr-909
    on: yes true
    off: no false none
    pingpong: ping_pong
    fold: folder wavefold
    crush: bitcrush
""")
WHOLE = _table("""
    bpm: tempo speed
    swing: groove shuffle
    volume: vol level gain master loudness
    key: scale
    meter: timesig time_signature signature beats_per_bar
""")
UNITS = _table("""
    Hz: herz hertz htz
    ms: msec msecs millis milliseconds m
    s: sec secs second seconds
    st: semitone semitones semi semis
    ct: cent cents c
    oct: octave octaves
    %: percent pct
    dB: decibel decibels
    bars: measures measure barrs
    beats: quarters beat's
""")
CHORDS = _table("""
    7: dom7 dom dominant dominant7 seventh
    9: dom9
    13: dom13
    m: mi minor3 mn
    m7: mi7 minor7 minor7th
    maj: ma major3 triad
    maj7: ma7 major7 mj7 delta
    mmaj7: minmaj7 minmaj
    m7b5: halfdim hdim half_diminished hdim7
    dim: diminished o
    dim7: o7
    aug: augmented plus
    sus4: sus 4
    sus2: 2
    5: power fifth
    oct: octave 8
    7sus4: 7sus
    add9: add2
""")
BETWEEN = _table("""
    at: on from
    now: immediately immediate instantly asap
    over: during
    in: after
    ,: and with plus
""")
"""Words that stand where a name could: `mute kick and hat`, `mute kick on next bar`."""
OPTIONS = _table("""
    vel: velocity v amp level
    len: length steps loop dur duration
    every: step div division grid resolution rate speed fast
    gate: legato hold dur duration
    swing: groove shuffle
    shift: offset rotate delay
""")


def meant(word: str, known: Iterable[str], table: Table, most: int = 3) -> tuple[str, ...]:
    """The names among `known` that a wrong word may have been meant for, best first: what it means elsewhere, then what is near."""
    names = list(known)
    same = [name for name in table.get(word.lower(), ()) if name in names]
    return tuple(dict.fromkeys([*same, *nearest(word, names)]))[:most]
