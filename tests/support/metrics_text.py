"""metrics_text - a strict reader of Prometheus' text format 0.0.4: what it takes, every scraper takes.

Each family has its HELP and TYPE before its first sample and stands in one piece; no series twice; names and values as
the format has them; a histogram's buckets rise and end with +Inf, which is its count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
VALUE = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?|[-+]Inf|NaN")


@dataclass
class Family:
    name: str
    type: str = ""
    help: str = ""
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def value(self, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        found = [value for (_, series), value in self.samples.items() if set(labels.items()) <= set(series)]
        assert found, f"{self.name}{labels}: no such sample among {list(self.samples)}"
        return sum(found)


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    while text:
        match = LABEL.match(text)
        assert match, f"no label: {text!r}"
        value = re.sub(r"\\(.)", lambda escaped: {"n": "\n"}.get(escaped[1], escaped[1]), match[2])
        pairs.append((match[1], value))
        text = text[match.end():]
        assert text == "" or (text.startswith(",") and len(text) > 1), f"no comma: {text!r}"
        text = text[1:]
    assert len({name for name, _ in pairs}) == len(pairs), f"a label twice: {pairs}"
    return tuple(pairs)


def _sample(line: str, family: Family) -> None:
    match = re.fullmatch(rf"({NAME.pattern})(?:\{{(.*)\}})? ({VALUE.pattern})", line)
    assert match, f"no sample: {line!r}"
    suffixes = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
    assert match[1] in [family.name + suffix for suffix in suffixes], f"{match[1]} stands under {family.name}"
    key = (match[1], _labels(match[2] or ""))
    assert key not in family.samples, f"twice: {line!r}"
    family.samples[key] = float(match[3])


def _check(family: Family) -> None:
    assert family.help and family.type in ("counter", "gauge", "histogram"), family
    if family.type == "counter":
        assert family.name.endswith("_total") and all(value >= 0 for value in family.samples.values()), family
    if family.type == "histogram":
        buckets = [value for (name, _), value in family.samples.items() if name.endswith("_bucket")]
        assert buckets == sorted(buckets), family
        assert buckets[-1] == family.samples[(f"{family.name}_bucket", (("le", "+Inf"),))]
        assert buckets[-1] == family.samples[(f"{family.name}_count", ())]


def read_metrics(text: str) -> dict[str, Family]:
    families: dict[str, Family] = {}
    family: Family | None = None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert NAME.fullmatch(name) and name not in families, line
            family = families[name] = Family(name, help=words)
        elif line.startswith("# TYPE "):
            assert family is not None and line[7:].split(" ")[0] == family.name and not family.samples, line
            family.type = line[7:].split(" ")[1]
        else:
            assert family is not None, line
            _sample(line, family)
    for one in families.values():
        _check(one)
    return families
