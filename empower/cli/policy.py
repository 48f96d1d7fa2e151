"""`empower policy`: the desk at which limits are looked at, changed, tried and put in force."""

import click

from empower.cli.lazy import Guarded, Lazy
from empower.cli.policy_publish import add_to
from empower.cli.policy_show import show

COMMANDS = {
    "check": ("empower.cli.policy_check:check", "Tell everything wrong with the policy files."),
    "explain": ("empower.cli.policy_check:explain", "What a problem means, with an example, and how to mend it."),
    "test": ("empower.cli.policy_test:test", "Hold the answers against the cases beside the policies."),
    "set": ("empower.cli.policy_set:set_value", "Change one value in its file, if the policies hold with it."),
    "fmt": ("empower.cli.policy_fmt:fmt", "Lay out the files: one style, the same meaning."),
    "diff": ("empower.cli.policy_diff:diff", "What a set says otherwise, and whom it answers otherwise."),
    "schema": ("empower.cli.policy_check:schema", "Print the JSON Schema of policy files, for editors."),
}
"""Name → where it is, and its line in `empower policy --help`."""


@click.group(cls=Guarded)
def policy() -> None:
    """Check, show and change the policies."""


for _name, (_target, _help) in COMMANDS.items():
    policy.add_command(Lazy(_name, _target, _help))
policy.add_command(show)
add_to(policy)
