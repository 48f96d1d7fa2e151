"""The pure heart: policy as meaning, deciding, counters, the comp's life, the entry and its tree.

Nothing here reads a clock, a file, a database or a random source: time, ids and salts are arguments.
Imports the standard library and pydantic, nothing else.
"""
