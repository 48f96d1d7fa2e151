"""Commands that are imported when they run, and the one place where their errors end."""

import importlib
from typing import Any

import click


class Lazy(click.Command):
    """A command known by name and help alone; `module:attribute` is imported when it is called or completed."""

    def __init__(self, name: str, target: str, short_help: str) -> None:
        """`target` is `module:attribute`, whose value is the command."""
        super().__init__(name, short_help=short_help)
        self.target = target

    def load(self) -> click.Command:
        """The command itself."""
        module, _, attribute = self.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.target} is no command")
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The real command's context, so that parsing, help and completion are its own."""
        return self.load().make_context(info_name, args, parent, **extra)


class Guarded(click.Group):
    """A group under which an error becomes a message and an exit code; lists its commands as they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names, in the order of a first day rather than of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it raises on purpose is explained on stderr."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from empower.cli.errors import explain

            code = explain(error, as_json=ctx.meta.get("empower.format") == "json")
            if code is None:
                raise
            ctx.exit(code)
