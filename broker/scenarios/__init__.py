"""Given, when, then: scenarios in files, run through the real door on a virtual clock.

A scenario shows rules of docs/rules.md at work and is a test at the same time. The files are
described in `files`; `python -m broker replay` tells them as timelines.
"""
