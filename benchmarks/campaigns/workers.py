"""The kill campaign where it is a worker of the distributed engine that dies, or the coordinator, under load.

    python -m benchmarks.campaigns.workers --store URL --data DIR [DIR …] --start COMMAND [--kills 10]

`URL` is a store that was set up with `empower init --distributed`. Of the servers whose data is in `DIR`, one after
another is killed with -9, all its processes at once, and started again by `COMMAND`, in which `{}` stands for `DIR`.
Two `empower serve` live on, and tills ask them with the same keys until they are answered. What was being committed in
two phases is settled by Citus when the worker is back: with `citus.recover_2pc_interval` of some seconds, in time.
The checks are those of `kill`. Exit code 1 on any violation.
"""

import itertools
import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.campaigns.kill import COLUMNS, Database, Size, attack_server
from benchmarks.campaigns.plays import rules
from benchmarks.campaigns.setting import parser, place, setting, told


class Server:
    """Servers of PostgreSQL, of which the next one dies each time."""

    def __init__(self, folders: list[Path], command: str) -> None:
        self._next = itertools.cycle(folders)
        self._command = command
        self._folder = folders[0]

    def stop(self, _how: str) -> None:
        """With -9: its first process, held so that it starts no other meanwhile, and all that it has started."""
        self._folder = next(self._next)
        first = int((self._folder / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGSTOP)
        every = (first, *_children(first))
        for process in every:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(Path(f"/proc/{process}").exists() for process in every):
            time.sleep(0.01)

    def start(self) -> None:
        """Start the one that died again; raises `CalledProcessError` where that is not possible."""
        subprocess.run([word.replace("{}", str(self._folder)) for word in shlex.split(self._command)], check=True)


def _children(process: int) -> list[int]:
    """The processes that one has started, asked before it is gone."""
    found = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in found.read_text().split()] if found.exists() else []


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--data", nargs="+", type=Path, required=True, metavar="DIR", help="of the servers that die")
    options.add_argument("--start", required=True, metavar="COMMAND", help="that starts one again")
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--tills", type=int, default=6)
    asked = options.parse_args()
    with place(asked.store) as at, setting(at.url, at.folder, rules()) as stage:
        dying = Database(Server(asked.data, asked.start))
        run = attack_server(stage, Size(asked.kills, 2, asked.tills, asked.seed), dying)
    raise SystemExit(told("kill -9 of servers of the distributed engine", COLUMNS, [run.row], run.wrong))


if __name__ == "__main__":
    main()
