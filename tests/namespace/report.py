"""Write docs/compatibility.md: `python -m tests.namespace.report`."""

from __future__ import annotations

from pathlib import Path

from .compare import VERSION, Finding, compare, counted, share

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"


def page() -> str:
    """Return the text of the page."""
    table = compare()
    lines = [
        "# Compatibility with Keras",
        "",
        f"Written by `python -m tests.namespace.report` from the public names of Keras {VERSION}. A name counts where",
        "annette has it with Keras's parameters, in their order, with their defaults.",
        "",
        f"Outside the areas listed at the end, {share(table):.1%} do.",
        "",
        "| namespace | names | as in Keras | other parameters | missing |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for namespace, findings in table.items():
        own = counted(findings)
        if own:
            same, there = sum(f.same for f in own), sum(f.there for f in own)
            lines.append(
                f"| `{namespace}` | {len(own)} | {same} | {there - same} | {len(own) - there} |"
            )
    everything = [f for findings in table.values() for f in findings]
    own = counted(everything)
    lines += section("Missing", [f"- `{f.name}`" for f in own if not f.there])
    lines += section(
        "With other parameters",
        [f"- `{f.name}`: {'; '.join(f.differences)}" for f in own if f.there and f.differences],
    )
    lines += section("Areas left out", areas(everything))
    return "\n".join(lines) + "\n"


def section(title: str, lines: list[str]) -> list[str]:
    """Return a heading and its lines."""
    return ["", f"## {title}", "", *(lines or ["None."])]


def areas(findings: list[Finding]) -> list[str]:
    """Return a line for each area: why, and what it leaves out."""
    reasons: dict[str, list[str]] = {}
    for f in findings:
        if f.area is not None and not f.there:
            reasons.setdefault(f.area, []).append(f.name.removeprefix("keras."))
    return [
        f"- **{why[0].upper()}{why[1:]}** ({len(names)}): {', '.join(f'`{n}`' for n in names)}"
        for why, names in reasons.items()
    ]


if __name__ == "__main__":
    PAGE.write_text(page())
