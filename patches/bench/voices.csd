<CsoundSynthesizer>
; The patch of voices-104.chronus (and, with 1 voice, of voices-1.chronus) for Csound:
; csound -n -d -m0 --omacro:VOICES=104 --smacro:VOICES=104 --smacro:SECONDS=20 voices.csd
<CsOptions>
-n -d -m0
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 64
nchnls = 2
0dbfs = 1

instr 1
  ashape linsegr 0, 0.01, 1, 0.1, 0.7, 0.2, 0
  asaw vco2 0.01, p4
  alow zdf_2pole asaw, 1000, 0.707
  outs alow * ashape, alow * ashape
endin

instr 2 ; starts them all
  kone init 0
  inumber = 0
  while inumber < $VOICES do
    schedule 1, 0, p3, 110 + 7 * int(inumber / 32)
    inumber += 1
  od
endin
</CsInstruments>
<CsScore>
i 2 0 $SECONDS
e $SECONDS
</CsScore>
</CsoundSynthesizer>
