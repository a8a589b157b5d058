"""Turns a rack into a program: gives each module its place, and finds what differs from the program before."""
