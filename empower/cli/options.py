"""Options that many commands share, and the engine that they lead to.

`--store` and `--policies` may stand before the command or after it; what was typed goes before the environment.
"""

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from empower.engine import Engine

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_STORE = "sqlite:///empower.db"
DEFAULT_POLICIES = "policies"
FORMATS = ("table", "json", "csv")


def _remember(ctx: click.Context, parameter: click.Parameter, value: str) -> None:
    """Keep the option's value for `setting`; what was typed wins over what was not, the later over the earlier."""
    name = f"empower.{parameter.name}"
    if ctx.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        ctx.meta[name] = value
        ctx.meta[f"{name}.typed"] = True
    else:
        ctx.meta.setdefault(name, value)


_store = click.option(
    "--store",
    metavar="URL",
    envvar="EMPOWER_STORE",
    default=DEFAULT_STORE,
    show_default=True,
    show_envvar=True,
    expose_value=False,
    callback=_remember,
    help="The database.",
)
_policies = click.option(
    "--policies",
    metavar="DIR",
    envvar="EMPOWER_POLICIES",
    default=DEFAULT_POLICIES,
    show_default=True,
    show_envvar=True,
    expose_value=False,
    callback=_remember,
    help="The folder of policy files.",
)


def engine_options(command: F) -> F:
    """`--store` and `--policies`."""
    return _store(_policies(command))


def store_option(command: F) -> F:
    """`--store` alone, for commands that have `--policies` already."""
    return _store(command)


def policies_option(command: F) -> F:
    """`--policies` alone, for commands that need no store."""
    return _policies(command)


@overload
def format_option(command: F) -> F: ...
@overload
def format_option(command: Sequence[str]) -> Callable[[F], F]: ...
def format_option(command: F | Sequence[str]) -> F | Callable[[F], F]:
    """`--format`, which is also the format of errors; read first, so that usage errors know it.

    Given formats instead of a command, it takes just those.
    """
    if not callable(command):
        return _format_of(command)
    return _format_of(FORMATS)(command)


def _format_of(forms: Sequence[str]) -> Callable[[F], F]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default="table",
        show_default=True,
        is_eager=True,
        callback=_note_format,
        help="How to print.",
    )


def _note_format(ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    ctx.meta["empower.format"] = value
    return value


why_option = click.option("--why", default="", metavar="TEXT", help="For the book: why this is done.")


def setting(name: str) -> str:
    """The value of `store` or `policies`."""
    return str(click.get_current_context().meta[f"empower.{name}"])


def was_typed(name: str) -> bool:
    """Whether `store` or `policies` was given on the command line."""
    return bool(click.get_current_context().meta.get(f"empower.{name}.typed"))


def who() -> str:
    """Who sits at the terminal, for the book."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError, ImportError):
        return "cli"


@contextmanager
def opened(*, create: bool = False) -> "Iterator[Engine]":
    """The engine on the store and the policies that were asked for."""
    from empower.cli.errors import warn_of_policies
    from empower.engine import Engine

    with Engine.open(setting("store"), policies=setting("policies"), create=create) as engine:
        if not engine.publishing.publishes():
            warn_of_policies(engine.policies.problems)
        yield engine


def go_on(*words: str) -> str:
    """A command to type next, with the options that lead to this store and these policies again."""
    return " ".join(["empower", *words, *_leading("store", DEFAULT_STORE), *_leading("policies", DEFAULT_POLICIES)])


def _leading(name: str, default: str) -> list[str]:
    import shlex

    value = setting(name)
    return [] if value == default else [f"--{name}", shlex.quote(shown(value))]


def shown(url: str) -> str:
    """A store's URL as it may be read over somebody's shoulder: its password is not."""
    import re

    return re.sub(r"(?<=://)([^:/@]*):[^@/]*@", r"\1:***@", url)
