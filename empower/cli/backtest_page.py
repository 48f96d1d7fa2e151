"""A backtest as one HTML page: no script, nothing from elsewhere."""

from html import escape
from typing import Any

from empower.core.money import readable

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d1d1f;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}td.n{text-align:right}
.was{fill:#59636e}.now{fill:#0969da}.key{display:inline-block;width:.8rem;height:.8rem;margin:0 .3rem 0 1rem}
p.note{color:#59636e}@media(prefers-color-scheme:dark){body{background:#15171a;color:#e6e6e6}th,td{border-color:#333}}
"""
BAR, GAP, HEIGHT = 9, 8, 180


def page(said: dict[str, Any]) -> str:
    """The page of a report."""
    currencies = sorted({item["currency"] for item in said["days"]})
    parts = [
        f"<h1>{said['flips']:,} of {said['decided']:,} decisions flip</h1>",
        f"<p>At {escape(', '.join(said['locations']))}.</p>",
        *(_money(name, money) for name, money in said["money"].items()),
        *(_chart(said, currency) for currency in currencies),
        *(_counts(name, counts) for name, counts in said["by"].items() if counts),
        _examples(said["examples"]),
        f'<p class="note">{escape(said["assumes"])}</p>',
    ]
    head = f'<meta charset="utf-8"><title>Backtest</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _money(currency: str, money: dict[str, Any]) -> str:
    more, less = money["words"]
    return f"<p>{escape(currency)}: <b>{escape(more)}</b> given more, <b>{escape(less)}</b> given less.</p>"


def _counts(name: str, counts: dict[str, int]) -> str:
    rows = "".join(f'<tr><td>{escape(key)}</td><td class="n">{number:,}</td></tr>' for key, number in counts.items())
    return f"<h2>Flips by {escape(name)}</h2><table>{rows}</table>"


def _examples(examples: list[dict[str, Any]]) -> str:
    if not examples:
        return ""
    names = ("location", "at", "employee", "role", "remedy", "reason", "words", "was", "now")
    head = "".join(f"<th>{name if name != 'words' else 'amount'}</th>" for name in (*names, "by"))
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(str(item[name]))}</td>" for name in names)
        + f"<td>{escape(item['why']['rule'] + ' ' + item['why']['code']) if item['why'] else ''}</td></tr>"
        for item in examples
    )
    return f"<h2>The most telling</h2><table><tr>{head}</tr>{rows}</table>"


def _chart(said: dict[str, Any], currency: str) -> str:
    """Two bars a group of days, drawn as SVG."""
    from empower.cli.policy_backtest import weeks

    bars = weeks(said, currency)
    most = max(max(was, now) for _, was, now in bars) or 1
    decimals, symbol = said["moneys"].get(currency, (2, currency))
    drawn = []
    for number, (day, was, now) in enumerate(bars):
        left = number * (2 * BAR + GAP)
        for kind, value, at in (("was", was, left), ("now", now, left + BAR)):
            tall = round(HEIGHT * value / most)
            label = f"{day}: {readable(value, decimals, symbol)} {'as it was' if kind == 'was' else 'candidate'}"
            drawn.append(
                f'<rect class="{kind}" x="{at}" y="{HEIGHT - tall}" width="{BAR - 1}" height="{tall}">'
                f"<title>{escape(label)}</title></rect>"
            )
    width = len(bars) * (2 * BAR + GAP)
    first, last, top = bars[0][0], bars[-1][0], readable(most, decimals, symbol)
    title = f"Approved at once, {currency}"
    return (
        f"<h2>{escape(title)}</h2><p>From {first} to {last}, at most {escape(top)} a bar."
        '<span class="key" style="background:#59636e"></span>as it was'
        '<span class="key" style="background:#0969da"></span>under the candidate</p>'
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {HEIGHT}" width="100%" height="{HEIGHT}" '
        f'preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )
