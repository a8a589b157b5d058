"""From a rack to a program: where each module has its place, and what differs from the program before."""
