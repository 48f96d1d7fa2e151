"""One value of a policy changed in its file: where it stands, what becomes of the text, and nothing that was not meant.

A value that is inherited is written here anew, over what it comes from: whoever changes the bistro does not change the
hotel. What is inherited whole, such as a limit, is copied whole, with the one value changed.
"""

from copy import deepcopy
from pathlib import Path as FilePath
from typing import Any, NamedTuple, NoReturn

from empower.core.errors import FieldError, InputError
from empower.policy import files, insertion
from empower.policy.document import NAMED, keys_of
from empower.policy.files import Text
from empower.policy.lineage import by_id, chain_of
from empower.policy.literals import typed, written
from empower.policy.merge import Whole, unit_of, whole
from empower.policy.positions import Path
from empower.policy.problems import PolicyProblemsError, Problem, nearest, quote
from empower.policy.roles import ancestors
from empower.policy.shape import File, shaped

_ROLES_LIMITS = 3


class Edit(NamedTuple):
    """A change that is thought through, and not yet made."""

    policy: str
    address: str
    before: str | None
    """As it is written, here or where it is inherited from; None where there was nothing."""
    after: str
    source: Text
    """The file, as it was."""
    result: Text
    """The file, as it is to be."""
    line: int
    """At which the value stands then."""
    inherited: str | None
    """`house.toml:12`, where the value stood until now, if that is in another policy or under another role."""

    @property
    def is_change(self) -> bool:
        """Whether anything becomes of it."""
        return self.source.text != self.result.text


def edit(directory: FilePath, policy: str, address: str, value: str) -> Edit:
    """What it comes to, to set the value at `address` in a policy's file; nothing is written.

    Raises `InputError` for names and values that are not there, with the nearest, and `PolicyProblemsError` where the
    policy cannot be read.
    """
    merged = _whole(directory, policy)
    path = _path(merged, address)
    literal, parsed = typed(path, value)
    file = merged.chain[0]
    before = _standing(merged, path)
    if _at(file.source.data, path) is not None:
        place = insertion.replaced(file.source, path, literal)
        target, said = path, parsed
    else:
        target, said = _override(merged, path, parsed)
        place = insertion.inserted(file.source, target, said)
    if place is None:
        raise InputError(f"`{address}` is written over several places: change it in `{file.source.name}`")
    result = _checked(file.source, insertion.applied(file.source, place), target, said)
    is_own = before is not None and before.file is file and before.path == path
    return Edit(
        policy,
        address,
        None if before is None else written(before.value),
        literal,
        file.source,
        result,
        result.positions.value(path)[0],
        None if is_own or before is None else before.shown,
    )


def _whole(directory: FilePath, policy: str) -> Whole:
    texts, problems = files.load(directory)
    found: list[File] = []
    for text in texts:
        file, wrong = shaped(text)
        problems += wrong if file is None else []
        found += [file] if file else []
    known = by_id(found)
    if policy in known:
        return whole(chain_of(known[policy], known)[0])
    if problems:
        raise PolicyProblemsError(tuple(problems))
    near = nearest(policy, known)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{one}`' for one in sorted(known))}"
    raise InputError(f"unknown policy {quote(policy)}; {hint}", errors=[FieldError("/policy", "unknown", near)])


def _path(merged: Whole, address: str) -> Path:
    """The address as a path to a single value that may stand there."""
    path: Path = tuple(address.split("."))
    for number, part in enumerate(path):
        above = path[:number]
        known = _names(merged, above) if _is_named(above) else keys_of(above)
        if part not in known:
            _unknown(address, above, str(part), sorted(known))
    below = sorted(_names(merged, path)) if _is_named(path) else keys_of(path)
    if below:
        raise InputError(f"{quote(address)} is a table: set one of its keys, such as `{address}.{below[0]}`")
    return path


def _is_named(path: Path) -> bool:
    """Whether what stands directly below has names that the policy gives."""
    return (len(path) == 1 and path[0] in NAMED) or (len(path) == _ROLES_LIMITS and path[::2] == ("roles", "limits"))


def _names(merged: Whole, path: Path) -> list[str]:
    if len(path) == 1:
        return [str(name) for name, section in getattr(merged.document, str(path[0])).items() if section is not None]
    return list(merged.roles[str(path[1])].limits)


def _unknown(address: str, above: Path, part: str, known: list[str]) -> NoReturn:
    where = ".".join(map(str, above))
    if not known:
        raise InputError(f"nothing stands below `{where}`: it is a single value")
    near = nearest(part, known)
    prefix = f"{where}." if where else ""
    hint = f"did you mean `{prefix}{near}`?" if near else f"there are {', '.join(f'`{name}`' for name in known[:12])}"
    message = f"nothing stands at {quote(address)}: unknown {quote(part)}; {hint}"
    raise InputError(message, errors=[FieldError("/address", message, near)])


class _Standing(NamedTuple):
    """A value, and the file and path at which it stands."""

    value: Any
    file: File
    path: Path

    @property
    def shown(self) -> str:
        """`house.toml:12`."""
        return f"{self.file.source.name}:{self.file.source.positions.value(self.path)[0]}"


def _standing(merged: Whole, path: Path) -> _Standing | None:
    """What holds at `path` until now: in the file itself, in those it extends, in the roles that its role inherits."""
    for one in _sources(merged, path):
        for file in merged.chain:
            if _at(file.source.data, one[: unit_of(one)]) is not None:
                value = _at(file.source.data, one)
                return None if value is None else _Standing(value, file, one)
    return None


def _sources(merged: Whole, path: Path) -> list[Path]:
    """The path, and those from which a role would inherit what stands there, nearest first."""
    if path[0] != "roles" or path[2:3] not in {("limits",), ("remedies",)}:
        return [path]
    return [path, *(("roles", one, *path[2:]) for one in ancestors(merged.document, str(path[1])))]


def _override(merged: Whole, path: Path, value: Any) -> tuple[Path, Any]:
    """What has to be written in the policy's own file: the value, or what is inherited as one with it changed."""
    for one in _sources(merged, path):
        length = unit_of(one)
        for file in merged.chain:
            unit = _at(file.source.data, one[:length])
            if not isinstance(unit, dict) or length == len(path):
                continue
            if one == path and file is merged.chain[0]:
                return path, value
            copied = deepcopy(unit)
            _put(copied, path[length:], value)
            return path[:length], copied
    return path, value


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _put(data: dict[str, Any], path: Path, value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(str(part), {})
    data[str(path[-1])] = value


def _checked(source: Text, text: str, path: Path, value: Any) -> Text:
    """The text read again: that it is TOML, and that it says the same as before but for the one value."""
    after = files.parse(source.name, text)
    expected = deepcopy(source.data)
    _put(expected, path, value)
    if isinstance(after, Problem) or after.data != expected:
        raise InputError(f"`{'.'.join(map(str, path))}` cannot be set by itself: change it in `{source.name}`")
    return after
