"""How long it takes to load and check the example policies, against parsing their text and nothing else.

python benchmarks/policy_load.py
"""

import statistics
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from empower.policy import read
from empower.policy.files import is_policy

POLICIES = Path(__file__).parents[1] / "policies"
ROUNDS = 40


def main() -> None:
    texts = [file.read_text(encoding="utf-8") for file in sorted(POLICIES.iterdir()) if is_policy(file.name)]
    cases: dict[str, Callable[[], object]] = {
        "parse the TOML": lambda: [tomllib.loads(text) for text in texts],
        "load: read, check, decide the invariants": lambda: read(POLICIES).policies,
        "full check: and look for what is odd": lambda: read(POLICIES).warnings,
    }
    times: dict[str, list[int]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, run in cases.items():
            begun = time.process_time_ns()
            run()
            times[name].append(time.process_time_ns() - begun)
    base = statistics.median(times["parse the TOML"])
    print(f"{len(texts)} policies, medians of {ROUNDS} rounds, CPU time\n")
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:<45} {median / 1e6:6.1f} ms  {median / base:5.1f} times")


if __name__ == "__main__":
    main()
