"""The four plugs have one interface."""

from __future__ import annotations

import pytest

from aprfmt.conform.plugs import CallPlug, ExitPlug, JsonPlug, NdjsonPlug, Plug


@pytest.mark.parametrize(
    ("plug", "level", "command"),
    [
        (ExitPlug("true {file}"), "exit", "true {file}"),
        (JsonPlug("true {file}"), "json", "true {file}"),
        (NdjsonPlug("true --serve"), "ndjson", "true --serve"),
        (CallPlug("module:function"), "call", "module:function"),
    ],
)
def test_a_plug_says_who_is_asked_before_anything_is_started(plug: Plug, level: str, command: str) -> None:
    assert (plug.implementation.plug, plug.implementation.command) == (level, command)
    assert plug.implementation.name
    assert plug.can == {"read"}
    assert plug.skips == ()
    assert not plug.rules
    plug.close()
    plug.close()
