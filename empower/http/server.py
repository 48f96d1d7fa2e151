"""The server under the application: where it listens, and how it answers connections."""

import socket

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 10
"""How long requests under way may take to end after a stop."""
BACKLOG = 2048


def listening(host: str, port: int) -> socket.socket:
    """A socket that connections come to, on a free port for 0; raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Without it a small answer waits for the acknowledgement of its head: 40 ms a request.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def server_of(app: FastAPI) -> uvicorn.Server:
    """What serves an application, in one process."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)
