"""Makes lines that nobody typed: of a lane, of a MIDI file. What is made is written as it could have been typed."""
