"""A backtest as one HTML page: no script, nothing from elsewhere."""

from html import escape
from typing import Any

from empower.core.money import readable

STYLE = """
:root{--ink:#1d1d1f;--paper:#fff;--line:#dde1e6;--dim:#59636e;--was:#8b949e;--now:#0969da}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#15171a;--line:#33373d;--dim:#9198a1;--now:#4493f8}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--paper)}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin:2.2rem 0 .4rem}h3{font-size:.95rem;margin:0}
.dim{color:var(--dim)}.money{display:flex;gap:2.5rem;margin:1.2rem 0}.money b{display:block;font-size:1.5rem}
table{border-collapse:collapse;width:100%}th{font-weight:600;border-bottom:1px solid var(--ink)}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top;overflow-wrap:anywhere}
td{border-bottom:1px solid var(--line)}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.groups{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1.6rem 2.5rem}
.share{height:4px;border-radius:2px;background:var(--now)}
svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--dim)}svg line{stroke:var(--line)}
.was{fill:var(--was)}.now{fill:var(--now)}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin:0 .35rem 0 1rem}
"""
BAR, GAP, HEIGHT, LEFT, BELOW = 12, 10, 180, 80, 22
LABELS = 6
"""Days that are named below a chart, at most."""


def page(said: dict[str, Any]) -> str:
    """The page of a report."""
    currencies = sorted({item["currency"] for item in said["days"]})
    days = sorted(item["day"] for item in said["days"])
    over = f", from {days[0]} to {days[-1]}" if days else ""
    left = f" Not governed by it: {escape(', '.join(said['left_out']))}." if said["left_out"] else ""
    parts = [
        f"<h1>{said['flips']:,} of {said['decided']:,} decisions flip</h1>",
        f'<p class="dim">At {escape(", ".join(said["locations"]))}{over}.{left}</p>',
        *(_money(name, money) for name, money in said["money"].items()),
        *(_chart(said, currency) for currency in currencies),
        _groups(said["by"]),
        _examples(said["examples"]),
        f'<p class="dim">{escape(said["assumes"])}</p>',
    ]
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head = f"{meta}<title>Backtest</title><style>{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _money(currency: str, money: dict[str, Any]) -> str:
    more, less = money["words"]
    told = f"<div><b>{escape(more)}</b>given more</div><div><b>{escape(less)}</b>given less</div>"
    return f'<div class="money" title="{escape(currency)}">{told}</div>'


def _groups(by: dict[str, dict[str, int]]) -> str:
    """Flips by each name, the most first, with a bar of its share."""
    tables = "".join(_counts(name, counts) for name, counts in by.items() if counts)
    return f'<h2>Flips</h2><div class="groups">{tables}</div>' if tables else ""


def _counts(name: str, counts: dict[str, int]) -> str:
    whole = sum(counts.values())
    rows = "".join(
        f'<tr><td>{escape(key)}<div class="share" style="width:{100 * number // whole}%"></div></td>'
        f'<td class="n">{number:,}</td></tr>'
        for key, number in counts.items()
    )
    return f"<div><h3>by {escape(name)}</h3><table>{rows}</table></div>"


def _examples(examples: list[dict[str, Any]]) -> str:
    if not examples:
        return ""
    names = ("where and when", "who", "what", "amount", "change", "by")
    head = "".join(f"<th{' class=n' if name == 'amount' else ''}>{name}</th>" for name in names)
    rows = "".join(f"<tr>{_example(item)}</tr>" for item in examples)
    return f"<h2>The most telling</h2><table><tr>{head}</tr>{rows}</table>"


def _example(item: dict[str, Any]) -> str:
    why = f"{item['why']['rule']}\n{item['why']['code']}" if item["why"] else ""
    cells = (
        f"{item['location']}\n{item['at'][:16].replace('T', ' ')}Z",
        f"{item['employee']}\n{item['role']}",
        f"{item['remedy']}\n{item['reason']}",
        item["words"],
        f"{item['was']}\n→ {item['now']}",
        why,
    )
    told = (escape(cell).replace("\n", "<br>") for cell in cells)
    return "".join(f"<td{' class=n' if cell == escape(item['words']) else ''}>{cell}</td>" for cell in told)


def _chart(said: dict[str, Any], currency: str) -> str:
    """Two bars a group of days, drawn as SVG."""
    from empower.cli.policy_backtest import weeks

    bars = weeks(said, currency)
    most = max(max(was, now) for _, was, now in bars) or 1
    how = said["moneys"].get(currency, (2, currency))
    width = LEFT + len(bars) * (2 * BAR + GAP)
    every = -(-len(bars) // LABELS)
    drawn = [_line(most, share, width, how) for share in (0, 1, 2)]
    for number, (day, was, now) in enumerate(bars):
        left = LEFT + number * (2 * BAR + GAP)
        if number % every == 0:
            drawn.append(f'<text x="{left}" y="{HEIGHT + BELOW - 4}">{day}</text>')
        for kind, value, at in (("was", was, left), ("now", now, left + BAR)):
            words = readable(value, *how)
            label = f"{day}: {words} {'as it was' if kind == 'was' else 'under the candidate'}"
            drawn.append(_bar(kind, at, round((HEIGHT - 10) * value / most), label))
    title = f"Approved at once, {currency}"
    return (
        f'<h2>{escape(title)}<span class="key" style="background:var(--was)"></span>as it was'
        '<span class="key" style="background:var(--now)"></span>under the candidate</h2>'
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {HEIGHT + BELOW}">{"".join(drawn)}</svg>'
    )


def _bar(kind: str, left: int, tall: int, label: str) -> str:
    return (
        f'<rect class="{kind}" x="{left}" y="{HEIGHT - tall}" width="{BAR - 1}" height="{tall}">'
        f"<title>{escape(label)}</title></rect>"
    )


def _line(most: int, half: int, width: int, how: tuple[int, str]) -> str:
    """A line at nothing, at half of the highest bar, or at all of it."""
    high = HEIGHT - (HEIGHT - 10) * half // 2
    words = escape(readable(most * half // 2, *how))
    return (
        f'<line x1="{LEFT - 6}" y1="{high}" x2="{width}" y2="{high}"/>'
        f'<text x="{LEFT - 10}" y="{high + 4}" text-anchor="end">{words}</text>'
    )
