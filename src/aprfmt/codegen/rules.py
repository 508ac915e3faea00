"""Reads the rules and profiles of a ksy: what a rule is called, how bad it is, what it needs, which profiles hold it.

The severity of a rule is stated here alone; what the statements at the fields ask of it is held against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .errors import CodegenError
from .model import Profile, Rule, Spec
from .pytext import folded
from .values import items, known, mapping, one_of, text

__all__ = ["LAYERS", "SEVERITIES", "in_order_of_needs", "read_profiles", "read_rules", "verify_rules"]

SEVERITIES = {
    "error": "the file is not valid. In the rule itself, it is one that every careful reader must refuse.",
    "warning": "the file is valid, and something in it is most likely not what was meant.",
    "info": "the file is valid, and something in it is worth knowing.",
}
"""How bad a finding can be."""
LAYERS = {
    "structure": "sections lie where they can be found, and fields have values with a meaning.",
    "integrity": "the bytes are all there, as they were written, and belong to one tensor each.",
    "metadata": "the metadata can be read and says what it has to say.",
    "canonical": "the file looks as a good writer makes it.",
}
"""What a rule can be about."""
_RULE_KEYS = {
    *("name", "defect", "severity", "layer", "profiles", "fatal", "reads-data", "needs"),
    *("why", "repair", "example"),
}
_ID = re.compile(r"[A-Z]+(-[A-Z0-9]+)+")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def read_rules(node: object) -> dict[str, Rule]:
    """Every rule by its id, in the order of the specification."""
    body = mapping(node, "/-rules")
    if not body:
        raise CodegenError("/-rules", "expected at least one rule")
    return {rule: _rule(rule, mapping(value, f"/-rules/{rule}"), f"/-rules/{rule}") for rule, value in body.items()}


def _rule(rule: str, node: Mapping[str, Any], path: str) -> Rule:
    if not _ID.fullmatch(rule):
        raise CodegenError(path, f"expected an id in capitals such as APR-H001, found {rule!r}")
    known(node, _RULE_KEYS, path)
    return Rule(
        id=rule,
        path=path,
        name=_name(text(node, "name", path), f"{path}/name"),
        defect=_line(node, "defect", path),
        severity=one_of(node.get("severity"), SEVERITIES, f"{path}/severity"),
        layer=one_of(node.get("layer"), LAYERS, f"{path}/layer"),
        profiles=_severities(node.get("profiles", {}), f"{path}/profiles"),
        fatal=_mark(node, "fatal", path),
        reads_data=_mark(node, "reads-data", path),
        needs=_needs(node.get("needs", []), f"{path}/needs"),
        why=folded(text(node, "why", path)),
        repair=folded(text(node, "repair", path)),
        example=text(node, "example", path),
    )


def _name(name: str, path: str) -> str:
    if not _NAME.fullmatch(name):
        raise CodegenError(path, f"expected lower-case words with hyphens between them, found {name!r}")
    return name


def _line(node: Mapping[str, Any], key: str, path: str) -> str:
    line = text(node, key, path)
    if len(line.splitlines()) > 1:
        raise CodegenError(f"{path}/{key}", f"expected one line, found {line!r}")
    return line


def _mark(node: Mapping[str, Any], key: str, path: str) -> bool:
    """Whether a key is there, which says nothing but `true`."""
    if key in node and node[key] is not True:
        raise CodegenError(f"{path}/{key}", f"expected true, found {node[key]!r}")
    return key in node


def _severities(node: object, path: str) -> dict[str, str]:
    return {
        profile: one_of(severity, SEVERITIES, f"{path}/{profile}") for profile, severity in mapping(node, path).items()
    }


def _needs(node: object, path: str) -> tuple[str, ...]:
    found: list[str] = []
    for at, rule in enumerate(items(node, path)):
        if not isinstance(rule, str) or rule in found:
            raise CodegenError(f"{path}/{at}", f"expected the id of another rule, found {rule!r}")
        found.append(rule)
    return tuple(found)


def read_profiles(node: object) -> dict[str, Profile]:
    """Every profile by its name, in the order of the specification."""
    body = mapping(node, "/-profiles")
    return {name: _profile(_name(name, f"/-profiles/{name}"), body, f"/-profiles/{name}") for name in body}


def _profile(name: str, profiles: Mapping[str, Any], path: str) -> Profile:
    if not isinstance(profiles[name], dict):
        return Profile(name, path, folded(text(profiles, name, "/-profiles")), listed=False)
    node = mapping(profiles[name], path)
    known(node, {"doc", "listed"}, path)
    doc = folded(text(node, "doc", path))
    if not _mark(node, "listed", path):
        raise CodegenError(f"{path}/listed", "expected true; a profile that is not listed is a text")
    return Profile(name, path, doc, listed=True)


def verify_rules(spec: Spec) -> None:
    """Raise `CodegenError` for the first thing in which rules, profiles and fields do not agree."""
    if not spec.rules:
        if spec.profiles:
            raise CodegenError("/-profiles", "goes with -rules")
        return
    _unlike_names(spec)
    for rule in spec.rules.values():
        for profile in rule.profiles:
            if profile not in spec.profiles:
                raise CodegenError(f"{rule.path}/profiles/{profile}", "no profile is called so")
        for at, need in enumerate(rule.needs):
            if need not in spec.rules:
                raise CodegenError(f"{rule.path}/needs/{at}", f"expected a rule that /-rules lists, found {need!r}")
    for profile in spec.profiles:
        if not spec.severities(profile):
            raise CodegenError(spec.profiles[profile].path, "no rule names this profile, so everything would pass")
    in_order_of_needs(spec.rules)
    for rule_id, path, refuses in _uses(spec):
        if rule_id not in spec.rules:
            raise CodegenError(path, f"expected a rule that /-rules lists, found {rule_id!r}")
        severity = spec.rules[rule_id].severity
        if refuses is not None and refuses != (severity == "error"):
            wanted = "an error" if refuses else "a warning or an info"
            raise CodegenError(path, f"expected {wanted}, found {rule_id}, whose severity is {severity}")


def _unlike_names(spec: Spec) -> None:
    """A rule can be asked for by its id or its name in any case, so no two of those are alike."""
    names: dict[str, str] = {}
    for rule in spec.rules.values():
        if rule.name in names:
            raise CodegenError(f"{rule.path}/name", f"{rule.name!r} is the name of {names[rule.name]}")
        if rule.name.upper() in spec.rules:
            raise CodegenError(f"{rule.path}/name", f"{rule.name!r} is the id of a rule")
        names[rule.name] = rule.id


def _uses(spec: Spec) -> Iterator[tuple[str, str, bool | None]]:
    """Where a rule is stated: its id, the path, and whether what breaks it is refused there.

    The last is None for a checksum, which no generated parser looks at.
    """
    for attr in spec.attrs:
        for check in attr.checks:
            yield check.rule, check.path, check.refuses
        if attr.checksum is not None:
            yield attr.checksum.rule, f"{attr.path}/-checksum", None
    for enum in spec.enums.values():
        for entry in enum.entries:
            if "warn" in entry.keys:
                yield entry.keys["warn"]["rule"], f"{entry.path}/-warn", False


def in_order_of_needs(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The ids such that every rule stands behind those it needs, and otherwise as in the specification.

    Raises `CodegenError` when rules need each other.
    """
    placed: dict[str, None] = {}

    def place(rule: str, trail: tuple[str, ...]) -> None:
        if rule in trail:
            circle = " needs ".join((*trail[trail.index(rule) :], rule))
            raise CodegenError(f"{rules[trail[-1]].path}/needs", f"rules need each other: {circle}")
        for need in () if rule in placed else rules[rule].needs:
            place(need, (*trail, rule))
        placed[rule] = None

    for rule in rules:
        place(rule, ())
    return tuple(placed)
