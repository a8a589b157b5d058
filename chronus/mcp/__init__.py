"""Serves an AI agent's program over standard input and output, in the Model Context Protocol (`chronus mcp`).

rpc reads and writes messages, protocol says what is answered in which era of the protocol, tools and resources what there is to be
called and read; performing does it, with the engine and with jobs; serving has the process.
"""
