"""The bound program: int64 words in the worker's own memory that say where a program's tables and buffers are."""

from __future__ import annotations

from chronus.memory.program import Cable, Feed, Input, Instance, Param

B_NUMBER, B_INSTANCES, B_INPUTS, B_PARAMS, B_CABLES, B_AT_INSTANCES, B_AT_INPUTS, B_AT_PARAMS, B_AT_CABLES = range(9)
B_CALLS, B_CALL_WIDTH, B_KERNELS, B_BUFFERS, B_MASTER, B_FULL_INPUTS, B_FULL_PARAMS, B_USED, B_SCRATCH, B_CLOCK = range(
    9, 19
)
B_RESTS, B_TOUCHED, B_SILENT, B_TAPS = 19, 20, 21, 22
BOUND_WORDS = 24

# columns of the program's tables as plain numbers: Numba's loops know no enums
I_LANES, I_STEREO, I_VOICES = Instance.LANES.value, Instance.STEREO.value, Instance.VOICES.value
I_HANDLE, I_INCARNATION, I_REGION = Instance.HANDLE.value, Instance.INCARNATION.value, Instance.REGION.value
I_PARAMS_AT, I_SIZE, I_STATE_AT = Instance.PARAMS_AT.value, Instance.SIZE.value, Instance.STATE_AT.value
I_FIRST_INPUT, I_INPUTS = Instance.FIRST_INPUT.value, Instance.INPUTS.value
I_FIRST_PARAM, I_PARAMS = Instance.FIRST_PARAM.value, Instance.PARAMS.value
I_OUTPUT, I_OUTPUTS = Instance.OUTPUT.value, Instance.OUTPUTS.value
I_MIX, I_MIXED, I_BYPASS = Instance.MIX.value, Instance.MIXED.value, Instance.BYPASS.value
I_MAIN_INPUT, I_GAIN = Instance.MAIN_INPUT.value, Instance.GAIN.value
I_TOLD, I_GATE_INPUT, I_PITCH_PARAM = Instance.TOLD.value, Instance.GATE_INPUT.value, Instance.PITCH_PARAM.value
IN_BUFFER, IN_SOURCE, IN_NOTES = Input.BUFFER.value, Input.SOURCE.value, Input.NOTES.value
IN_FIRST, IN_CABLES = Input.FIRST_CABLE.value, Input.CABLES.value
FEED_CABLES, FEED_GATE, FEED_BOTH = Feed.CABLES.value, Feed.GATE.value, Feed.BOTH.value
FEED_NOTHING, FEED_DIRECT = Feed.NOTHING.value, Feed.DIRECT.value
FEED_ONE, FEED_OPEN = Feed.ONE.value, Feed.OPEN.value
PAR_RECORD, PAR_BUFFER, PAR_LOW, PAR_HIGH = Param.RECORD.value, Param.BUFFER.value, Param.LOW.value, Param.HIGH.value
PAR_INITIAL, PAR_CURVE, PAR_PITCH = Param.INITIAL.value, Param.CURVE.value, Param.PITCH.value
PAR_FIRST, PAR_CABLES = Param.FIRST_CABLE.value, Param.CABLES.value
CAB_SOURCE, CAB_SOURCE_LANES, CAB_SOURCE_STEREO = (
    Cable.SOURCE.value,
    Cable.SOURCE_LANES.value,
    Cable.SOURCE_STEREO.value,
)
CAB_LANES, CAB_STEREO, CAB_HANDLE, CAB_INCARNATION = (
    Cable.LANES.value, Cable.STEREO.value, Cable.HANDLE.value, Cable.INCARNATION.value,
)  # fmt: skip
CAB_LEAVING, CAB_FEEDBACK, CAB_SOURCE_ROW = Cable.LEAVING.value, Cable.FEEDBACK.value, Cable.SOURCE_ROW.value
CAB_AMOUNT, CAB_SCALE, CAB_ECHO = Cable.AMOUNT.value, Cable.SCALE.value, Cable.ECHO.value
CAB_GAIN, CAB_LEVEL, CAB_PAN = Cable.GAIN.value, Cable.LEVEL.value, Cable.PAN.value
INSTANCE_WIDTH, INPUT_WIDTH, PARAM_WIDTH, CABLE_WIDTH = len(Instance), len(Input), len(Param), len(Cable)
