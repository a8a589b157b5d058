"""The document: what is loaded, patched, set and sequenced, and what each command makes of it. Immutable."""
