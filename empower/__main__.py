"""`python -m empower`: the command line."""

from empower.cli import main

main(prog_name="empower")
