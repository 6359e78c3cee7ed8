"""The part of the generated page that says how an institution shows who it is."""

import tomllib
from datetime import date
from html import escape
from importlib.resources import files
from typing import Any

from participants.gateway.http.worked_examples import examples
from participants.gateway.wire.profiles_file import SHIPPED, load_profiles


def schemes() -> str:
    """Every shipped profile: who speaks it, its steps, its settings and a worked example."""
    folder = files("participants.gateway").joinpath("data")
    told = tomllib.loads(folder.joinpath("schemes.toml").read_text("utf-8"))
    profiles = tomllib.loads(folder.joinpath(SHIPPED).read_text("utf-8"))
    assert set(told) == set(profiles["profiles"]) == set(examples()), "each profile is told"
    default = load_profiles().of("", date.min).name
    return (
        "<h2 id='schemes'>二、认证 Authentication</h2><p>每家机构用一种，由就医地经办机构配置；"
        f"未配置的用 <code>{escape(default)}</code>。密钥可同时有两个有效；到期前30、14、7、1天起，"
        "应答的 warn_msg 会提示。</p>"
        + "".join(
            _scheme(name, row, profiles["standard"] | profiles["profiles"][name])
            for name, row in told.items()
        )
    )


def _scheme(name: str, row: dict[str, Any], profile: dict[str, Any]) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in row["steps"])
    mind = "".join(f"<p class='mind'>注意：{escape(one)}</p>" for one in row["mind"])
    settings = "，".join(f"{key}={value}" for key, value in profile.items())
    lines = "".join(
        f"<tr><td>{escape(what)}</td><td><code>{escape(value)}</code></td></tr>\n"
        for what, value in examples()[name]
    )
    example = f"<p>算例</p><table class='example'>{lines}</table>" if lines else ""
    return (
        f"<section id='s-{name}'><h3>{escape(row['zh'])}"
        f"（{escape(row['who'])}，<code>{name}</code>）</h3><ol>{steps}</ol>{mind}"
        f"<p class='settings'>{escape(settings)}</p>{example}</section>"
    )
