"""What is typed at the system's shell: its forms and options, once, for `--help`, completion and the manual page.

Nothing here imports more than the standard library: `chronus --help` is there at once, and the package is built without it.
"""
