"""The engine over HTTP: routes, keys, problems, AuthZEN, health and metrics."""
