"""What holds between the files of a folder: ids, `extends`, and who governs which location."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, groupby

from empower.policy.globs import common, specificity
from empower.policy.merge import Whole, whole
from empower.policy.policy_checks import POLICY_CHECKS
from empower.policy.problems import Problem, ProblemName, nearest, quote
from empower.policy.shape import Fault, File

EXTENDS = ("policy", "extends")
LOCATIONS = ("policy", "locations")


def by_id(files: Iterable[File]) -> dict[str, File]:
    """The first file of each id."""
    found: dict[str, File] = {}
    for file in files:
        found.setdefault(file.id, file)
    return found


def duplicates(files: Iterable[File]) -> Iterator[Problem]:
    """No two files hold policies of one id."""
    first: dict[str, File] = {}
    for file in files:
        other = first.setdefault(file.id, file)
        if other is not file:
            message = f"policy `{file.id}` stands in `{other.source.name}` too"
            yield file.problem(Fault(ProblemName.DUPLICATE_POLICY, ("policy", "id"), message))


def chain_of(file: File, known: dict[str, File]) -> tuple[tuple[File, ...], str | None]:
    """The file and those that it starts from, nearest first, and the id at which that breaks off.

    It breaks off where an id is unknown, and where the chain comes to a file for the second time.
    """
    chain = [file]
    while (above := chain[-1].document.policy.extends) is not None:
        if above not in known or known[above] in chain:
            return tuple(chain), above
        chain.append(known[above])
    return tuple(chain), None


def extends(files: Iterable[File], *, is_complete: bool) -> Iterator[Problem]:
    """Every `extends` leads somewhere, and ends; a file that could not be read may hold what seems unknown."""
    files = list(files)
    known = by_id(files)
    for file in files:
        above = file.document.policy.extends
        if above is None:
            continue
        if above not in known:
            if is_complete:
                near = nearest(above, known.keys() - {file.id})
                yield file.problem(Fault(ProblemName.UNKNOWN_POLICY, EXTENDS, f"unknown policy {quote(above)}", near))
            continue
        chain, end = chain_of(file, known)
        if end == file.id:
            message = f"policy `{file.id}` extends itself: {' → '.join([*(one.id for one in chain), end])}"
            yield file.problem(Fault(ProblemName.CIRCULAR_EXTENDS, EXTENDS, message))


def wholes(files: list[File]) -> list[Whole]:
    """Each policy that governs locations, and each that none of those starts from, merged with what it extends."""
    known = by_id(files)
    chains = [chain for chain, end in (chain_of(file, known) for file in files) if end is None and _is_whole(chain)]
    used = {file.source.name for chain in chains if _governs(chain[0]) for file in chain}
    return [whole(chain) for chain in chains if _governs(chain[0]) or chain[0].source.name not in used]


def _governs(file: File) -> bool:
    return file.document.policy.locations is not None


def _is_whole(chain: tuple[File, ...]) -> bool:
    """Whether each file's `extends` is known; a key of its header that is not may be meant for it."""
    cut = (path[1] for file in chain for path in file.broken if path[0] == "policy")
    return all(key in {"title", "locations"} for key in cut)


@dataclass(frozen=True)
class _Claim:
    """One pattern of one policy's `locations`."""

    file: File
    number: int
    glob: str


def ties(files: Iterable[File]) -> Iterator[tuple[File, File, Problem]]:
    """No location is matched by two policies whose patterns spell out equally much: both files, and the problem."""
    claims = [
        _Claim(file, number, glob) for file in files for number, glob in enumerate(file.document.policy.locations or ())
    ]
    claims.sort(key=lambda claim: specificity(claim.glob))
    for _, equal in groupby(claims, key=lambda claim: specificity(claim.glob)):
        for one, other in combinations(equal, 2):
            example = None if one.file is other.file else common(one.glob, other.glob)
            if example is not None:
                yield one.file, other.file, _tie(one, other, example)


def _tie(one: _Claim, other: _Claim, example: str) -> Problem:
    message = f"{quote(other.glob)} ties with {quote(one.glob)} of policy `{one.file.id}`"
    if one.glob == other.glob:
        message = f"policy `{one.file.id}` governs {quote(one.glob)} too"
    elif example:
        message += f": both match {quote(example)}"
    return other.file.problem(Fault(ProblemName.TIED_LOCATIONS, (*LOCATIONS, other.number), message))


def checked(policies: Iterable[Whole]) -> tuple[list[Whole], list[Problem]]:
    """The policies without a problem, and all problems of the others.

    One that stands in a file which several policies start from is told once, with the policies that have it.
    """
    good: list[Whole] = []
    having: dict[Problem, list[Whole]] = {}
    for policy in policies:
        problems = [policy.problem(fault) for check in POLICY_CHECKS for fault in check(policy)]
        for problem in problems:
            having.setdefault(problem, []).append(policy)
        if not problems:
            good.append(policy)
    return good, told(having)


def told(having: Mapping[Problem, list[Whole]]) -> list[Problem]:
    """Each problem once; where it stands in a file that several policies start from, with the policies that have it."""
    return [_told(problem, policies) for problem, policies in having.items()]


def _told(problem: Problem, policies: list[Whole]) -> Problem:
    if any(policy.chain[0].source.name == problem.file for policy in policies):
        return problem
    names = " and ".join(f"`{policy.id}`" for policy in policies)
    return replace(problem, message=f"{problem.message}, for {names}")
