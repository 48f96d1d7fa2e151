"""`empower init`: make the store, or bring it up to date."""

import shutil
from pathlib import Path

import click

from empower.cli.options import DEFAULT_POLICIES, engine_options, go_on, opened, setting, shown


@click.command()
@click.option("--grants", is_flag=True, help="Print the SQL of the roles on PostgreSQL, and do nothing else.")
@click.option("--distributed", is_flag=True, help="Spread the tables over the workers of Citus, by location.")
@engine_options
def init(*, grants: bool, distributed: bool) -> None:
    """Make the store, or bring it up to date, and say what to do next.

    Where there is no folder `policies` yet, it is begun with the example policies: change them as you like.
    With `--distributed` the tables of a store on Citus are spread over its workers: once, with no server running,
    for every row that is there is moved. What later versions add is spread by a plain `empower init`.
    """
    if grants:
        from empower.store.grants import grants as said

        click.echo(said())
        return
    begun = _begin_policies()
    with opened(create=True) as engine:
        policies = [item for item in engine.policies.current if item.locations]
        example = next(iter(engine.locations()), None)
    if distributed:
        from empower.store.distribution import distribute

        distribute(setting("store"))
    if begun:
        click.echo(f"policies: {DEFAULT_POLICIES}/ is new, with the example policies: make them yours")
    click.echo(f"store: {shown(setting('store'))} is ready")
    click.echo(f"in force: {', '.join(f'{item.id} ({item.calendar.currency})' for item in policies)}")
    place = example.id if example else "bistro-soho"
    click.echo("next:")
    for words in (
        ("location", "open", place),
        ("staff", "add", "E1042", "--name", '"Ana"', "--role", "server", "--at", place),
        ("key", "create", "--scope", "pos", "--at", place, "--format", "json"),
        ("serve", "--host", "127.0.0.1", "--port", "8000"),
    ):
        click.echo(f"  {go_on(*words)}")


def _begin_policies() -> bool:
    """Copy the example policies to where they are looked for by default; whether that was done."""
    folder = Path(DEFAULT_POLICIES)
    if setting("policies") != DEFAULT_POLICIES or folder.exists():
        return False
    from empower.demo import policies

    try:
        shutil.copytree(policies(), folder)
    except (OSError, shutil.Error) as error:
        raise click.FileError(str(folder), getattr(error, "strerror", None) or "it cannot be written") from None
    return True
