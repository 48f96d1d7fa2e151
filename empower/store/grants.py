"""Who may do what in a PostgreSQL store: roles for the application, for finance and for backups.

The owner of the tables, who migrates them, is none of these: the application runs as a role that cannot take back what
it wrote into a book, and finance as one that reaches no guest, no note, no key and no PIN.
"""

import importlib
import pkgutil

from sqlmodel import SQLModel

APPLICATION, FINANCE, BACKUP = "empower_app", "empower_finance", "empower_backup"
ROLES = (APPLICATION, FINANCE, BACKUP)

APPEND_ONLY = frozenset({"entry", "checkpoint", "verifier", "policy", "idempotency"})
"""Rows that the application adds and never changes."""
FOR_FINANCE = frozenset(
    {"approval", "checkpoint", "comp", "counter", "deployment", "entry", "location", "measure", "policy", "publication"}
    | {"staff", "verifier"}
)
"""Books and what follows from them; a guest is a pseudonym there, and an employee an id."""
SCHEMA_VERSION = "alembic_version"


def tables() -> list[str]:
    """The names of all tables of a store, by name."""
    for module in pkgutil.iter_modules(importlib.import_module("empower.store").__path__, "empower.store."):
        importlib.import_module(module.name)
    return sorted(SQLModel.metadata.tables)


def grants() -> str:
    """The SQL that says it, to be run by the owner of the tables; running it again changes nothing."""
    every = tables()
    changing = [name for name in every if name not in APPEND_ONLY]
    return "\n".join(
        [
            "-- What the roles of an Empower store may do. To be run by the owner of its tables, after `empower init`,",
            "-- and again after each upgrade. Then let somebody log in as one of them, for example:",
            f"--   CREATE ROLE till LOGIN PASSWORD '…' IN ROLE {APPLICATION};",
            "BEGIN;",
            *(_role(role) for role in ROLES),
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {', '.join(ROLES)};",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
            f"GRANT USAGE ON SCHEMA public TO {', '.join(ROLES)};",
            "",
            "-- The application: what it wrote into a book, signed, or answered to a key, it cannot take back.",
            _grant("SELECT, INSERT", sorted(APPEND_ONLY), APPLICATION),
            _grant("SELECT, INSERT, UPDATE, DELETE", changing, APPLICATION),
            _grant("SELECT", [SCHEMA_VERSION], APPLICATION),
            "",
            "-- Finance: reads the books and what follows from them; no guest, note, name, key, PIN or session.",
            _grant("SELECT", [*sorted(FOR_FINANCE), SCHEMA_VERSION], FINANCE),
            "",
            "-- Backups: read everything, change nothing.",
            _grant("SELECT", [*every, SCHEMA_VERSION], BACKUP),
            "COMMIT;",
        ]
    )


def _role(name: str) -> str:
    return (
        f"DO $$ BEGIN CREATE ROLE {name} NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"
    )


def _grant(what: str, names: list[str], role: str) -> str:
    return f"GRANT {what} ON {', '.join(names)} TO {role};"
