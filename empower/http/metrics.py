"""What the service counts of itself, for Prometheus: nothing of locations, people or money."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self, policy_problems: Callable[[], int]) -> None:
        """`policy_problems` tells how many problems keep changed policies out of force."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "empower_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "empower_http_request_seconds",
            "From the request's arrival to the end of its answer.",
            ["route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._decisions = Counter(
            "empower_decisions",
            "Decisions answered, by the call that asked.",
            ["call", "outcome"],
            registry=self.registry,
        )
        problems = Gauge(
            "empower_policy_problems", "Problems that keep changed policies out of force.", registry=self.registry
        )
        problems.set_function(policy_problems)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its path's pattern, so that the series stay few."""
        known = method if method in METHODS else "other"
        series = self._answered.get((known, route, status))
        if series is None:
            series = (self._requests.labels(known, route, str(status)), self._seconds.labels(route))
            self._answered[known, route, status] = series
        series[0].inc()
        series[1].observe(seconds)

    def decided(self, call: str, outcome: str) -> None:
        """Count a decision."""
        self._decisions.labels(call, outcome).inc()

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)
