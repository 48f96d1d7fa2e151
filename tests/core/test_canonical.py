"""The bytes that are hashed: RFC 8785, with another implementation as its witness, and golden entries."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from empower.core.canonical import LARGEST_INTEGER, NotCanonicalError, canonical, check, digest
from empower.core.codes import Code, Outcome
from empower.core.counter import UNUSED, CounterKey, Needed, Usage
from empower.core.entry import (
    Kind,
    commitment,
    content,
    entry,
    key_commitment,
    moment_of,
    own_guest,
    pin_commitment,
    recorded_standing,
    stamp,
    standing_of,
)
from empower.core.merkle import leaf_hash

keys = st.text(st.characters(max_codepoint=127), max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
integers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
scalars = st.none() | st.booleans() | integers | texts | st.sampled_from((*Code, *Outcome))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_another_implementation_writes_the_same_bytes(value: Any):
    check(value)
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_it_reads_back_as_it_was(value: Any):
    assert json.loads(canonical(value)) == value


@given(st.lists(values, max_size=3))
def test_a_tuple_is_an_array(items: list[Any]):
    check(tuple(items))
    assert canonical(tuple(items)) == canonical(items)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None], "A": "x"}, b'{"A":"x","a":[true,null],"b":1}'),
        ('€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()),
        ("\b\t\n\f\r\x00\x1f\x7f", b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f"'),
        ("\u2028😀é", '"\u2028😀é"'.encode()),
        ({"10": 1, "2": 2, "": 3}, b'{"":3,"10":1,"2":2}'),
        (-LARGEST_INTEGER, b"-9007199254740991"),
        ({"a": {}, "b": []}, b'{"a":{},"b":[]}'),
    ],
)
def test_golden_bytes(value: Any, written: bytes):
    assert canonical(value) == written


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (1.5, "`1.5` is a float"),
        (1.0, "`1.0` is a float"),
        (float("nan"), "`nan` is a float"),
        (float("inf"), "`inf` is a float"),
        (2**53, "`9007199254740992` is beyond"),
        (-(2**53), "`-9007199254740992` is beyond"),
        ({"é": 1}, "`é` is not an ASCII key"),
        ({1: 1}, "`1` is not an ASCII key"),
        ({None: 1}, "`None` is not an ASCII key"),
    ],
)
@pytest.mark.parametrize(
    "wrap", [lambda bad: bad, lambda bad: [0, bad], lambda bad: (bad,), lambda bad: {"a": [{"b": bad}]}]
)
def test_what_has_no_exact_form_is_refused_however_deep(bad: Any, said: str, wrap: Any):
    with pytest.raises(NotCanonicalError, match=said):
        check(wrap(bad))


@pytest.mark.parametrize(
    "value", [datetime(2026, 3, 1, tzinfo=UTC), {1: "a"}, {"a": {3}}, CounterKey("a", "b", "c"), "\ud800"]
)
def test_what_has_no_form_in_json_is_refused(value: Any):
    with pytest.raises(TypeError):
        canonical({"value": value})


def test_a_digest_is_named_by_its_algorithm():
    assert digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


AT = datetime(2026, 11, 23, 19, 42, 11, 5000, tzinfo=timezone(timedelta(hours=-5)))
COMP = "01936f00-0000-7000-8000-000000000001"

DECISION = {
    "request": {"remedy": "dessert", "amount": {"amount": 1200, "currency": "USD"}, "check": {"id": "Nº 7"}},
    "decision": {"outcome": Outcome.APPROVE, "findings": [{"rule": "limits.m", "code": Code.WITHIN_LIMIT}]},
    "standing": [["employee/day", "E1042", "2026-11-23", 0, 2400, 0, 2], None],
}
GOLDEN_DECISION = (
    '{"decision":{"findings":[{"code":"within_limit","rule":"limits.m"}],"outcome":"approve"},'
    '"request":{"amount":{"amount":1200,"currency":"USD"},"check":{"id":"Nº 7"},"remedy":"dessert"},'
    '"standing":[["employee/day","E1042","2026-11-23",0,2400,0,2],null]}'
)
WAS = {"policy": "sha256:bb", "id": "bistro", "was": "sha256:aa"}
HIRED = {"employee": "E1042", "roles": ["server"], "from": "2026-11-23"}
NOTED = {"released": 1200, "note": {"commitment": "ab"}}
BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "open": ({"policy": "sha256:aa", "id": "bistro"}, '{"id":"bistro","policy":"sha256:aa"}'),
    "policy": (WAS, '{"id":"bistro","policy":"sha256:bb","was":"sha256:aa"}'),
    "staff": (HIRED, '{"employee":"E1042","from":"2026-11-23","roles":["server"]}'),
    "key": ({"scopes": ["pos"], "key": "k1"}, '{"key":"k1","scopes":["pos"]}'),
    "signing": ({"key": "ab", "was": None}, '{"key":"ab","was":null}'),
    "decision": (DECISION, GOLDEN_DECISION),
    "capture": ({"released": 200, "amount": 1000}, '{"amount":1000,"released":200}'),
    "void": (NOTED, '{"note":{"commitment":"ab"},"released":1200}'),
    "expire": ({"released": 1200, "from": "approved"}, '{"from":"approved","released":1200}'),
    "reverse": ({"amount": 1200}, '{"amount":1200}'),
    "erase": ({"guest": "g-1"}, '{"guest":"g-1"}'),
    "webhook": ({"webhook": "w1", "does": "add"}, '{"does":"add","webhook":"w1"}'),
}
OF_NO_COMP = ("open", "policy", "staff", "key", "signing", "erase", "webhook")


def test_no_kind_of_entry_goes_away():
    """Books hold them for years."""
    assert set(BODIES) <= set(get_args(Kind))


@pytest.mark.parametrize("kind", BODIES)
def test_the_leaf_of_each_kind_of_entry(kind: str):
    body, written = BODIES[kind]
    comp = "null" if kind in OF_NO_COMP else f'"{COMP}"'
    golden = (
        f'{{"at":"2026-11-24T00:42:11.005000Z","body":{written},"by":"cli:ana","comp":{comp},"kind":"{kind}",'
        '"location":"bistro-soho","seq":41,"v":1}'
    )
    line = entry("bistro-soho", 41, kind, AT, None if kind in OF_NO_COMP else COMP, "cli:ana", body)
    assert line.leaf.decode() == golden
    assert line.leaf == rfc8785.dumps(json.loads(golden))
    assert line.hash == leaf_hash(golden.encode())
    assert (line.seq, line.kind, line.recorded_at) == (41, kind, "2026-11-24T00:42:11.005000Z")
    assert content(line.leaf)["body"] == body


def test_the_golden_hash_of_a_leaf():
    line = entry("bistro-soho", 41, "capture", AT, COMP, "cli:ana", BODIES["capture"][0])
    assert line.hash.hex() == "b602d88cbcdcae96efc73b75caf21037a14acd1462774ef2208736ca281d138b"


def test_the_parts_of_an_entry_cannot_run_into_each_other():
    def leaf(location: str, by: str) -> bytes:
        return entry(location, 1, "open", AT, None, by, {}).leaf

    assert leaf('a","by":"b', "c") != leaf("a", 'b","location":"c')


@pytest.mark.parametrize("leaf", [b"[]", b'"x"', b"1", b"null", b"{"])
def test_a_leaf_that_is_no_object_is_refused(leaf: bytes):
    with pytest.raises(ValueError, match=r"leaf is a JSON object|Expecting"):
        content(leaf)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (AT, "2026-11-24T00:42:11.005000Z"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000000Z"),
        (datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "2026-01-01T00:00:00.000001Z"),
    ],
)
def test_a_moment_is_stamped_in_utc_to_the_microsecond(moment: datetime, text: str):
    assert stamp(moment) == text
    assert moment_of(text) == moment


times = st.datetimes(timezones=st.sampled_from((UTC, timezone(timedelta(hours=9)), timezone(timedelta(minutes=-210)))))
sane = times.filter(lambda moment: 1970 <= moment.year < 9999)


@given(sane, sane)
def test_stamps_sort_as_moments_do(one: datetime, other: datetime):
    assert (stamp(one) < stamp(other)) == (one < other)
    assert moment_of(stamp(one)) == one


def test_a_standing_is_read_back_as_it_was_recorded():
    key = CounterKey("guest/day", "guest|1", "2026-10-25")
    needed = [Needed(key, "2026-11-23", wide=False), None, Needed(key._replace(subject="x"), "", wide=True)]
    rows = recorded_standing(needed, [Usage(1, 2, 3, 4), None, UNUSED])
    assert rows == [
        ["guest/day", "guest|1", "2026-10-25", 1, 2, 3, 4],
        None,
        ["guest/day", "x", "2026-10-25", 0, 0, 0, 0],
    ]
    assert standing_of(json.loads(canonical(rows))) == (
        [key, None, key._replace(subject="x")],
        [Usage(1, 2, 3, 4), None, UNUSED],
    )


def test_a_standing_that_does_not_fit_what_was_needed_is_refused():
    with pytest.raises(ValueError, match="zip"):
        recorded_standing([None], [])


def test_a_commitment_says_nothing_without_its_salt_and_fits_one_text():
    """RFC 4231, test case 2, is the same function."""
    assert commitment(b"Jefe", "what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert commitment(b"salt", "cold soup") != commitment(b"other", "cold soup")


def test_what_stands_in_a_leaf_for_what_is_kept_beside_it():
    """Each is made once and held against what is kept for years: its bytes may not change."""
    assert key_commitment(b"body", "key:1", "k-1") == (
        "79cc5b107247e978f9e5a0d97d704ce90b54542279433e971229f59bc3047990"
    )
    assert own_guest(b"mac", "E1", "g_1") == "65e01295b1f97b94e73a5113fd1f6c93fa13874fab3e0038bd4f72fde572718a"
    assert pin_commitment("E1", "$argon2id$x", "2026-11-23T19:42:11.000000Z") == (
        "014f404a0bd78dc9df9b7eb59a3221e4d568cb534de328b4fd72870d54ec8725"
    )
