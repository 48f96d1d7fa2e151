"""Amounts as people type and read them. Between the two they are integers of minor units; never a float."""

from typing import NamedTuple


class Cash(NamedTuple):
    """Minor units of a currency."""

    minor: int
    currency: str

    @property
    def readable(self) -> str:
        """`$12.50`."""
        from empower.core.money import readable
        from empower.policy.money import known

        found = known(self.currency)
        return readable(self.minor, found.decimals, found.symbol)

    @property
    def plain(self) -> str:
        """`12.50`."""
        from empower.core.money import plain
        from empower.policy.money import known

        return plain(self.minor, known(self.currency).decimals)


def minor_of(text: str, code: str, pointer: str = "/amount") -> int:
    """`"12.50"` as 1250 minor units of `code`; raises `InputError` as `policy.money.read` does."""
    from empower.policy.money import read

    return read(text, code, pointer)
