"""A typed line becomes a command, and a command text again. Nothing here knows what is loaded but by what it is given."""
