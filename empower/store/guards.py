"""The triggers that keep rows as they are, as they stand in the database: by name, with their text.

Where a table is spread over several servers, a trigger counts as there only if it stands on every piece of it too.
"""

import json

from sqlalchemy import text

from empower.store.unit import Unit

_THERE = (
    "SELECT t.tgname AS name, pg_get_triggerdef(t.oid, true) AS said FROM pg_trigger t JOIN pg_proc p "
    "ON p.oid = t.tgfoid WHERE t.tgrelid = '{}'::regclass AND NOT t.tgisinternal AND t.tgenabled <> 'D' "
    "AND position('RAISE EXCEPTION' IN p.prosrc) > 0"
)
_PIECES = (
    "SELECT shardid, success, result FROM run_command_on_placements('{}', "
    "$$SELECT coalesce(json_agg(json_build_array(name, said)), '[]') FROM ({}) AS there$$)"
)


def guards(unit: Unit, table: str) -> dict[str, str]:
    """The triggers of a table that are in force and refuse something."""
    if not unit.queries.is_shared:
        sql = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"  # noqa: S608  no input
        return dict(unit.rows(unit.queries.cached(f"guards of {table}", text(sql)), {}))
    found = dict(unit.rows(_sql(unit, f"guards of {table}", _THERE.format(table)), {}))
    return _everywhere(unit, table, found) if unit.queries.is_distributed else found


def _everywhere(unit: Unit, table: str, found: dict[str, str]) -> dict[str, str]:
    """Those that stand on every piece as well, where their names end with the piece's number."""
    pieces = _sql(unit, f"guards of the pieces of {table}", _PIECES.format(table, _THERE.format("%s")))
    for number, was_asked, said in unit.rows(pieces, {}):
        there = dict(json.loads(said)) if was_asked else {}
        for name, wanted in list(found.items()):
            if there.get(f"{name}_{number}", "").replace(f"_{number}", "") != wanted:
                del found[name]
    return found


def _sql(unit: Unit, name: str, query: str) -> str:
    return unit.queries.cached(name, text(query.replace(":", "\\:")))
