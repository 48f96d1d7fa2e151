"""`empower completion`: complete commands in your shell, by click's own scripts."""

import os
from pathlib import PurePath

import click

SHELLS = {
    "bash": 'eval "$(empower completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(empower completion zsh)"   # in ~/.zshrc',
    "fish": "empower completion fish | source   # in ~/.config/fish/config.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(SHELLS)), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print the script that completes `empower` in SHELL; without one, say how to use it."""
    from click.shell_completion import get_completion_class

    if shell is None:
        own = PurePath(os.environ.get("SHELL", "")).name
        for name in [own] if own in SHELLS else SHELLS:
            click.echo(SHELLS[name])
        return
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"`{shell}` has no completion")
    click.echo(found(ctx.find_root().command, {}, "empower", "_EMPOWER_COMPLETE").source())
