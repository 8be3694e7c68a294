"""What scripts/bench --peers leaves behind: times in the results, tables and a plot for the documentation."""

import subprocess

from bench.peers.contest import OURS, PEERS
from bench.scoreboard import ROOT, Failed, machine_line, shown, without_folders, write_between

FIGURE = ROOT / "docs" / "figures" / "kernels_peers.png"


def details(outcomes):
    """Times, ratios and busy processors by case and contestant, or why a peer is absent."""
    return {name: {"disturbed": round(outcome.disturbed, 3), "contestants": contestants(outcome)}
            for name, outcome in outcomes.items()}


def contestants(outcome):
    found = {name: {"ms": outcome.milliseconds(name), "ratio": outcome.ratio(name),
                    "cores": round(outcome.cores[name], 2)} for name in outcome.seconds}
    return found | {name: {"absent": without_folders(why)} for name, why in outcome.absent.items()}


# --- tables -----------------------------------------------------------------------------------------------------------


def write_tables(cases, machine, groups):
    lines = [f"{machine_line(machine)}. Milliseconds per pass; in brackets how many times Residua's."]
    reasons = {}
    for group in groups:
        group = [name for name in group if name in cases]
        if not group:
            continue
        lines += ["", "| | " + " | ".join(group) + " |", "|---|" + "---|" * len(group)]
        for peer in (OURS, *PEERS):
            cells = [cell(cases[name]["contestants"].get(peer), reasons) for name in group]
            if any(cells):
                lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    lines += ["", *(f"[{number}] {reason}" for reason, number in reasons.items())] if reasons else []
    write_between("peers", lines)


def cell(found, reasons):
    if found is None:
        return ""
    if "absent" in found:
        return f"[{reasons.setdefault(found['absent'], len(reasons) + 1)}]"
    ratio = "" if found["ratio"] == 1 else f" ({found['ratio']:.1f})"
    return f"{found['ms']:.3g}{ratio}"


# --- plot -------------------------------------------------------------------------------------------------------------

# Colours of Okabe & Ito, which people with any kind of colour vision tell apart. Solid lines: under a compiler.
STYLES = {
    OURS: "lc rgb '#000000' lw 4 pt 7 ps 1.4",
    "torch_nested": "lc rgb '#0072B2' lw 2 dt 2 pt 4 ps 1.2",
    "torch_nested_compiled": "lc rgb '#0072B2' lw 2 pt 5 ps 1.2",
    "torch_jets": "lc rgb '#56B4E9' lw 2 dt 2 pt 6 ps 1.2",
    "torch_jets_compiled": "lc rgb '#56B4E9' lw 2 pt 7 ps 1.2",
    "torch_func": "lc rgb '#009E73' lw 2 dt 2 pt 8 ps 1.2",
    "torch_func_compiled": "lc rgb '#009E73' lw 2 pt 9 ps 1.2",
    "jax_nested": "lc rgb '#D55E00' lw 2 pt 11 ps 1.2",
    "jax_jvp": "lc rgb '#E69F00' lw 2 pt 13 ps 1.2",
    "jax_jet": "lc rgb '#CC79A7' lw 2 pt 15 ps 1.2",
    "deepxde": "lc rgb '#777777' lw 2 dt 2 pt 12 ps 1.2",
}


def write_plot(cases, machine, by_width):
    """Time per pass over the width, one line per contestant, the slowest first in the key."""
    curves = {name: [(width, cases[case]["contestants"][name]["ms"]) for width, case in by_width.items()
                     if "ms" in cases.get(case, {"contestants": {}})["contestants"].get(name, {})] for name in STYLES}
    curves = {name: curve for name, curve in curves.items() if curve}
    if not curves:
        return
    order = sorted(curves, key=lambda name: -curves[name][-1][1])
    blocks = "\n".join("\n".join([f"${name} << EOD", *(f"{width} {ms}" for width, ms in curves[name]), "EOD"])
                       for name in order)
    title = (f"Loss and gradient of the heat residual: 16,384 points, float32, 2 threads\\n{machine['cpu']}, "
             f"{machine['date'][:10]}")
    lines = ", ".join(f"${name} using 1:2 with linespoints {STYLES[name]} title '{name}'" for name in order)
    times = [ms for curve in curves.values() for _, ms in curve]
    ticks = ", ".join(str(width) for width in by_width)
    FIGURE.parent.mkdir(parents=True, exist_ok=True)
    script = f"""
set terminal pngcairo size 1100,680 font 'DejaVu Sans,12' noenhanced
set output '{FIGURE}'
set title "{title}"
set logscale xy
set xrange [28:292]
set yrange [{min(times) / 1.4}:{max(times) * 1.4}]
set xtics ({ticks})
set xlabel 'neurons per hidden layer (4 layers, tanh)'
set ylabel 'milliseconds per pass'
set grid xtics ytics mytics lc rgb '#dddddd'
set key outside right center Left reverse spacing 1.3
{blocks}
plot {lines}
"""
    done = subprocess.run(["gnuplot"], input=script, text=True, check=False, capture_output=True)
    if done.returncode:
        raise Failed(f"gnuplot: {shown(FIGURE)}: {done.stderr.strip()}")
