"""The command line: `empower`. One file a group; a command's module is imported when the command runs.

Thin over the engine: parses what a person typed, shows what the engine answered, and turns an outcome into an exit
code: 0 approved or done, 1 failure, 2 usage or input, 3 denied, 4 escalated, 5 a policy or a ledger that does not hold.
"""

import click

from empower.cli.lazy import Guarded, Lazy
from empower.cli.options import engine_options

COMMANDS = {
    "demo": ("empower.cli.demo:demo", "Play an evening at three properties, to look at."),
    "init": ("empower.cli.init:init", "Make the store, or bring it up to date."),
    "ask": ("empower.cli.ask:ask", "May I comp this? Answers, and holds nothing."),
    "comp": ("empower.cli.comp:comp", "Request, look at and settle comps."),
    "approval": ("empower.cli.approval:approval", "What waits for somebody else, and their yes or no."),
    "budget": ("empower.cli.budget:budget", "What each limit has left."),
    "location": ("empower.cli.location:location", "Open and list properties."),
    "staff": ("empower.cli.staff:staff", "Who has which role, where and when."),
    "key": ("empower.cli.key:key", "API keys for tills and back offices."),
    "webhook": ("empower.cli.webhook:webhook", "Who is told of events by HTTP."),
    "policy": ("empower.cli.policy:policy", "Check and show the policies."),
    "ledger": ("empower.cli.ledger:ledger", "Read the books, and prove that they hold."),
    "witness": ("empower.cli.witness:witness", "Remember every book's last head, and cosign what goes on from it."),
    "guest": ("empower.cli.guest:guest", "Forget guests for good."),
    "backup": ("empower.cli.backup:backup", "Copy the store while it is in use."),
    "restore": ("empower.cli.backup:restore", "Put a backup in the store's place, once it is verified."),
    "store": ("empower.cli.store:store", "Move the store from one database to another."),
    "serve": ("empower.cli.serve:serve", "Answer tills over HTTP."),
    "completion": ("empower.cli.completion:completion", "Complete commands in your shell."),
}
"""Name → where it is, and its line in `empower --help`."""


@click.group(cls=Guarded, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="empower", message="%(prog)s %(version)s")
@engine_options
def main() -> None:
    """May I comp this? Answered, held against every budget, and written down.

    Start with `empower demo`, or with `empower init`.
    """


for _name, (_target, _help) in COMMANDS.items():
    main.add_command(Lazy(_name, _target, _help))
