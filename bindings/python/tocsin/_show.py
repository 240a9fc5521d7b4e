"""Patterns and matches as notebooks show them: HTML and SVG, without any other package."""
import html


def cell(value):
    return "" if value is None else html.escape(str(value))


def matches_html(matches, most=10):
    """A table of the first matches, and the counters."""
    several = matches._only is None and len(matches._outputs) > 1
    parts = []
    if several:
        for name in matches.patterns:
            parts.append(f"<h4>{html.escape(name)}</h4>" + matches_html(matches[name], most))
        return "".join(parts)
    head = "".join(f"<th>{html.escape(n)}</th>" for n in matches.columns)
    rows = "".join("<tr>" + "".join(f"<td>{cell(v)}</td>" for v in m) + "</tr>" for m in matches[:most])
    shown = f"the first {most} of " if len(matches) > most else ""
    counters = ""
    if matches.stats:
        counted = {k: matches.stats[k] for k in ("rows_in", "rows_late", "rows_bad", "timeouts", "partitions") if matches.stats[k]}
        counters = "; " + ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in counted.items()) if counted else ""
    return (f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{shown}{len(matches):,} {'match' if len(matches) == 1 else 'matches'}{counters}</p>")


def pattern_html(pattern):
    program = pattern._program
    if program is None:
        return f"<pre>{html.escape(repr(pattern))}</pre>"
    pictures = "".join(f"<div>{program.draw(i)}</div>" for i in range(len(program.patterns)))
    return f"{pictures}<details><summary>plan</summary><pre>{html.escape(pattern.explain())}</pre></details>"
