"""Talks with whoever types: the prompt, the plain reader, the conversation with an engine, and how answers are shown."""
