"""The rules and profiles: as plain Python facts, and as a page for people, `docs/rules.md`."""

from __future__ import annotations

from collections.abc import Iterator

from .markdown import cell, code_block
from .model import Checksum, Rule, Spec
from .rules import LAYERS, SEVERITIES, in_order_of_needs

__all__ = ["emit_page", "rule_facts", "rule_link"]

_INTRODUCTION = """\
What can be wrong with a file, each fault under an id that is never reused and a name that says the defect.

## What the words mean
"""

_SKIPPING = """\
**Skipping.** A rule is judged when none of the rules that it needs has a finding or was skipped itself; otherwise it is
*skipped*, and counted as skipped. Skipped is never passed: nothing is known about it.

**Fatal.** The file cannot be read past a fault that is fatal, so that no operation goes on, whatever it is told to
accept.

**Profiles.** A profile is what a file is judged for. It holds all rules at their own severity, unless a rule says
otherwise; one that is listed below as *listed* holds only the rules that name it.
"""


def rule_facts(spec: Spec) -> Iterator[str]:
    """Lines of the module `facts`: what each rule is, which profiles hold it, which checksums state one."""
    if spec.rules:
        yield from _rules(spec)
        yield from _profiles(spec)
    yield "CHECKSUMS: tuple[ChecksumFact, ...] = ("
    for where, fact in _checksums(spec):
        yield f"    ChecksumFact({where!r}, {fact.algorithm!r}, {fact.covers!r}, {fact.rule!r}),"
    yield ")"
    yield '"""The checksums, in the order in which a builder computes them."""'


def _rules(spec: Spec) -> Iterator[str]:
    yield "RULES: Mapping[str, RuleFacts] = {"
    for rule in spec.rules.values():
        yield f"    {rule.id!r}: RuleFacts("
        yield f"        id={rule.id!r},"
        yield f"        name={rule.name!r},"
        yield f"        defect={rule.defect!r},"
        yield f"        severity={rule.severity!r},"
        yield f"        layer={rule.layer!r},"
        yield f"        fatal={rule.fatal},"
        yield f"        reads_data={rule.reads_data},"
        yield f"        needs={rule.needs!r},"
        yield f"        why={rule.why!r},"
        yield f"        repair={rule.repair!r},"
        yield f"        example={rule.example!r},"
        yield "    ),"
    yield "}"
    yield '"""Every rule by its id, in the order of the specification."""'
    yield ""
    yield "RULE_ORDER: tuple[str, ...] = ("
    yield from (f"    {rule!r}," for rule in in_order_of_needs(spec.rules))
    yield ")"
    yield '"""The ids of all rules, each behind those that it needs."""'
    yield ""


def _profiles(spec: Spec) -> Iterator[str]:
    yield "PROFILES: Mapping[str, Mapping[str, str]] = {"
    for profile in spec.profiles:
        yield f"    {profile!r}: {{"
        yield from (f"        {rule!r}: {severity!r}," for rule, severity in spec.severities(profile).items())
        yield "    },"
    yield "}"
    yield '"""The rules that each profile holds, with their severity in it."""'
    yield ""
    yield "PROFILE_DOCS: Mapping[str, str] = {"
    yield from (f"    {profile.id!r}: {profile.doc!r}," for profile in spec.profiles.values())
    yield "}"
    yield '"""What each profile is for."""'
    yield ""


def _checksums(spec: Spec) -> Iterator[tuple[str, Checksum]]:
    """Every checksum of the file, by its section."""
    for name in spec.layout:
        section = spec.section(name)
        for attr in () if section.user_type is None else spec.types[section.user_type].seq:
            if attr.checksum is not None:
                yield f"{name}.{attr.id}", attr.checksum


def rule_link(rule: str) -> str:
    """A link from another page to the section about a rule."""
    return f"[{rule}](rules.md#{rule.lower()})"


def emit_page(spec: Spec) -> str:
    """The text of `docs/rules.md`, without the banner."""
    lines = [f"# {spec.title}: rules", "", _INTRODUCTION]
    lines += [*_words("Severity", SEVERITIES), *_words("Layer", LAYERS), _SKIPPING]
    for profile in spec.profiles.values():
        lines += [f"- `{profile.id}`{' (listed)' if profile.listed else ''}: {' '.join(profile.doc.split())}"]
    lines += ["", "## Index", "", *_index(spec), ""]
    stated = _stated(spec)
    for rule in spec.rules.values():
        lines += _section(spec, rule, stated.get(rule.id, []))
    return "\n".join(lines).rstrip("\n") + "\n"


def _words(title: str, words: dict[str, str]) -> Iterator[str]:
    yield f"**{title}.**"
    yield ""
    yield from (f"- *{word}*: {meaning}" for word, meaning in words.items())
    yield ""


def _index(spec: Spec) -> Iterator[str]:
    profiles = {profile: spec.severities(profile) for profile in spec.profiles}
    yield f"| {' | '.join(['id', 'name', 'severity', 'layer', 'what is wrong', *(f'`{name}`' for name in profiles)])} |"
    yield "|---" * (5 + len(profiles)) + "|"
    for rule in spec.rules.values():
        held = [severities.get(rule.id, "--") for severities in profiles.values()]
        link = f"[{rule.id}](#{rule.id.lower()})"
        yield f"| {' | '.join([link, rule.name, rule.severity, rule.layer, cell(rule.defect), *held])} |"


def _stated(spec: Spec) -> dict[str, list[str]]:
    """The fields and members of enums that state each rule."""
    found = [
        (check.rule, attr.id if owner is spec.root else f"{owner.id}.{attr.id}")
        for owner in spec.owners
        for attr in (*owner.seq, *owner.instances.values())
        for check in attr.checks
    ]
    found += [(fact.rule, where) for where, fact in _checksums(spec)]
    for enum in spec.enums.values():
        found += [
            (entry.keys["warn"]["rule"], f"{enum.id}.{entry.id}") for entry in enum.entries if "warn" in entry.keys
        ]
    stated: dict[str, list[str]] = {}
    for rule, where in dict.fromkeys(found):
        stated.setdefault(rule, []).append(where)
    return stated


def _section(spec: Spec, rule: Rule, stated: list[str]) -> Iterator[str]:
    held = [f"`{name}` {spec.severities(name).get(rule.id, '--')}" for name in spec.profiles]
    facts = {
        "Severity": rule.severity + (", fatal" if rule.fatal else ""),
        "Layer": rule.layer,
        "Needs": ", ".join(f"[{need}](#{need.lower()})" for need in rule.needs) or "nothing",
        "Stated by": ", ".join(f"`{where}`" for where in stated),
        "Reads": "every byte of the file" if rule.reads_data else "",
        "Profiles": ", ".join(held),
    }
    yield f'<a id="{rule.id.lower()}"></a>'
    yield ""
    yield f"## {rule.id} {rule.name}"
    yield ""
    yield f"{rule.defect[0].upper()}{rule.defect[1:]}."
    yield ""
    yield from (f"- {title}: {text}" for title, text in facts.items() if text)
    for title, text in (("Why", rule.why), ("Repair", rule.repair)):
        yield ""
        yield f"**{title}.** {text}"
    yield ""
    yield "**Example.**"
    yield ""
    yield from code_block(rule.example)
    yield ""
