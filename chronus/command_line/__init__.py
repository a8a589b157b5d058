"""Declares the forms and options that are typed at the system's shell, once, for `--help`, completion and the manual page.

Nothing here imports more than the standard library: `chronus --help` answers at once, and the package is built without other packages.
"""
