"""Bar charts as SVG, small enough to read: groups of horizontal bars, a mark where the goal is."""
from xml.sax.saxutils import escape

COLOURS = ["#d9480f", "#868e96", "#4c6ef5", "#12b886", "#ae3ec9", "#f59f00"]
LABEL, WIDTH, BAR, GAP, HEAD = 200, 520, 18, 14, 74


def bars(title, subtitle, groups, systems, values, number="{:.2f}", goals=None):
    """groups: row names; values[group][system]: length or None; goals[group]: length or None. Gives the SVG text."""
    goals = goals or {}
    longest = max([v for g in groups for v in values[g].values() if v] + [g for g in goals.values() if g] + [1e-9])
    scale = WIDTH / longest
    height = HEAD + sum(len(systems) * BAR + GAP for _ in groups) + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + WIDTH + 90}" height="{height}" '
           'font-family="system-ui, sans-serif" font-size="13">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           f'<text x="16" y="26" font-size="17" font-weight="600" fill="#212529">{escape(title)}</text>',
           f'<text x="16" y="45" fill="#495057">{escape(subtitle)}</text>']
    x = 16
    for i, system in enumerate(systems):
        out.append(f'<rect x="{x}" y="54" width="11" height="11" rx="2" fill="{COLOURS[i % len(COLOURS)]}"/>'
                   f'<text x="{x + 16}" y="64" fill="#212529">{escape(system)}</text>')
        x += 34 + 8 * len(system)
    if goals:
        out.append(f'<line x1="{x + 5}" y1="52" x2="{x + 5}" y2="67" stroke="#212529" stroke-width="2"/>'
                   f'<text x="{x + 12}" y="64" fill="#212529">goal</text>')
    y = HEAD + 4
    for group in groups:
        middle = y + len(systems) * BAR / 2 + 4
        out.append(f'<text x="{LABEL - 10}" y="{middle:.1f}" text-anchor="end" fill="#212529">{escape(group)}</text>')
        for i, system in enumerate(systems):
            value = values[group].get(system)
            top = y + i * BAR
            if value is None:
                out.append(f'<text x="{LABEL + 4}" y="{top + 13}" fill="#868e96">no figure</text>')
                continue
            length = max(1, value * scale)
            out.append(f'<rect x="{LABEL}" y="{top + 1}" width="{length:.1f}" height="{BAR - 3}" rx="2" '
                       f'fill="{COLOURS[i % len(COLOURS)]}"/>'
                       f'<text x="{LABEL + length + 6:.1f}" y="{top + 13}" fill="#212529">{number.format(value)}</text>')
        if goals.get(group):
            mark = LABEL + goals[group] * scale
            out.append(f'<line x1="{mark:.1f}" y1="{y - 3}" x2="{mark:.1f}" y2="{y + len(systems) * BAR + 1}" '
                       'stroke="#212529" stroke-width="2"/>')
        y += len(systems) * BAR + GAP
    out.append(f'<line x1="{LABEL}" y1="{HEAD}" x2="{LABEL}" y2="{y - GAP + 4}" stroke="#adb5bd"/>')
    return "\n".join(out + ["</svg>", ""])
