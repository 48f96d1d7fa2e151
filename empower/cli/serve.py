"""`empower serve`: answer tills over HTTP."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, go_on, opened

if TYPE_CHECKING:
    import socket

    from empower.engine import Engine


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen: loopback unless told otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--shadow", type=click.Path(path_type=Path), help="Also watch this folder of policies, without effect.")
@engine_options
def serve(host: str, port: int, shadow: Path | None) -> None:
    """Answer tills over HTTP until stopped."""
    if shadow is not None:
        from empower.cli.policy_shadow import begin

        begin(shadow)
    with opened() as engine, _listening(host, port) as listener:
        from empower.http.app import create_app
        from empower.http.server import server_of
        from empower.memory import settle

        _say_where(host, listener.getsockname()[1])
        _say_whether_signed(engine)
        app = create_app(engine)
        server = server_of(app)
        settle()
        app.state.events.is_stopping = lambda: server.should_exit
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _listening(host: str, port: int) -> "socket.socket":
    from empower.http.server import listening

    try:
        return listening(host, port)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise click.ClickException(f"cannot listen on {host}, port {port}: {why}") from None


def _say_where(host: str, port: int) -> None:
    at = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    click.echo(f"listening on {at}, its API is described at {at}/docs")
    click.echo(f"approvers sign in at {at} with a PIN: {go_on('staff', 'pin', 'EMPLOYEE')}")
    click.echo(f"a till needs a key: {go_on('key', 'create', '--scope', 'pos', '--at', 'LOCATION')}")
    click.echo("stop with Ctrl-C")


def _say_whether_signed(engine: "Engine") -> None:
    """Checkpoints need a key; what is wrong with their configuration is told before anybody is answered."""
    from empower import clock
    from empower.ledger.checkpoints import Checkpoints
    from empower.ledger.signing import history

    Checkpoints(engine.store, clock.now)
    if not history(engine.store):
        click.echo(f"the books are not signed: {go_on('key', 'signing', 'new')}")
