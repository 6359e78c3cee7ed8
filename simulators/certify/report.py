"""A certificate as one HTML file for people, Chinese first, and as JSON for machines."""

import json
from collections import Counter
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from contracts.clock import SHANGHAI
from contracts.codes import Role, areas
from simulators.certify.cases import PROMISES, Sort
from simulators.certify.exchange import Exchange
from simulators.certify.run import Certificate, Outcome

ROLE_ZH = {Role.INSURED: "参保地", Role.TREATMENT: "就医地"}
_STYLE = files("simulators").joinpath("data", "certify", "report.css").read_text(encoding="utf-8")


def as_json(given: Certificate) -> str:
    """Everything that the HTML says, under names that do not change."""
    document = {
        "role": given.role,
        "area": given.area,
        "certified": given.is_given,
        "began_at": given.began_at.isoformat(),
        "ended_at": given.ended_at.isoformat(),
        "passed": len(given.outcomes) - len(given.failed),
        "failed": len(given.failed),
        "left_out": given.left_out,
        "cases": [_case_as_json(one) for one in given.outcomes],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_html(given: Certificate) -> str:
    """A page that stands alone: no script, no address of anybody."""
    title = f"{ROLE_ZH[given.role]}接口认证报告：{areas()[given.area].name}（{given.area}）"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<div class="en">Certification of {given.role} area {given.area}</div>',
        _verdict(given),
        _summary(given),
        _failures(given.failed),
        "<h2>全部用例 <span class='en'>every case</span></h2>",
        *map(_case, given.outcomes),
        _promises(),
    ]
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{_STYLE}</style>"
    body = "\n".join(parts)
    return (
        f"<!doctype html>\n<html lang='zh-CN'><head>{head}</head>\n<body>\n{body}\n</body></html>\n"
    )


def _case_as_json(one: Outcome) -> dict[str, object]:
    case = one.case
    return {
        "id": case.id,
        "sort": case.sort,
        "zh": case.zh,
        "en": case.en,
        "promise": case.promise,
        "sent": case.sent,
        "expected": case.expected,
        "passed": one.passed,
        "why": one.why,
        "seconds": round(one.seconds, 3),
        "exchanges": [
            {
                "at": exchange.at.isoformat(),
                "way": exchange.way,
                "place": exchange.place,
                "key": exchange.key,
                "kind": exchange.kind,
                "content": exchange.content,
                "note": exchange.note,
            }
            for exchange in one.exchanges
        ],
    }


def _verdict(given: Certificate) -> str:
    if given.is_given:
        said = f"通过：{len(given.outcomes)} 个用例全部符合 · certified"
    elif given.failed:
        said = (
            f"未通过：{len(given.outcomes)} 个用例中 {len(given.failed)} 个不符合 · not certified"
        )
    else:
        said = f"未完成：只运行了部分用例，另有 {given.left_out} 个未运行 · not certified"
    return f'<div class="verdict {"yes" if given.is_given else "no"}">{said}</div>'


def _summary(given: Certificate) -> str:
    ran = Counter(one.case.sort for one in given.outcomes)
    bad = Counter(one.case.sort for one in given.failed)
    rows = "".join(
        f"<tr><td>{sort.zh}</td><td>{ran[sort]}</td><td>{ran[sort] - bad[sort]}</td>"
        f"<td>{bad[sort]}</td></tr>"
        for sort in Sort
    )
    began, ended = (at.astimezone(SHANGHAI) for at in (given.began_at, given.ended_at))
    when = f"{began:%Y-%m-%d %H:%M:%S} 至 {ended:%H:%M:%S}（北京时间）"
    return (
        f"<p>{when}</p><table><tr><th>类别</th><th>用例</th><th>通过</th><th>未通过</th></tr>"
        f"{rows}</table>"
    )


def _failures(failed: Iterable[Outcome]) -> str:
    rows = "".join(
        f'<tr><td class="id"><a href="#{one.case.id}">{one.case.id}</a></td>'
        f"<td>{escape(one.case.zh)}</td><td class='bad'>{escape(one.why)}</td></tr>"
        for one in failed
    )
    return (
        f"<h2>不符合项 <span class='en'>failures</span></h2><table>{rows}</table>" if rows else ""
    )


def _case(one: Outcome) -> str:
    case, state = one.case, "ok" if one.passed else "bad"
    said = "通过" if one.passed else "未通过"
    facts = (
        ("发出", case.sent),
        ("应当", case.expected),
        ("检验的承诺", f"{case.promise} {PROMISES[case.promise]}"),
        ("结果", one.why or "符合"),
    )
    rows = "".join(f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in facts)
    return (
        f'<details class="{state}" id="{case.id}"{"" if one.passed else " open"}>'
        f'<summary><span class="id">{case.id}</span> <span class="{state}">{said}</span> '
        f'{escape(case.zh)} <span class="en">{escape(case.en)} · {case.sort.zh} · '
        f"{one.seconds:.2f} s</span></summary><table>{rows}</table>"
        f"{''.join(map(_exchange, one.exchanges))}</details>"
    )


def _exchange(one: Exchange) -> str:
    side = "to" if one.way == "→" else "from"
    note = f' <span class="note">{escape(one.note)}</span>' if one.note else ""
    at = one.at.astimezone(SHANGHAI)
    return (
        f'<div class="{side}"><span class="en">{at:%H:%M:%S.%f}</span> {one.way} '
        f"<b>{escape(one.kind)}</b> <span class='en'>{escape(one.place)} · 键 {escape(one.key)}"
        f"</span>{note}<pre>{escape(one.content)}</pre></div>"
    )


def _promises() -> str:
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(text)}</td></tr>" for number, text in PROMISES.items()
    )
    return f"<h2>承诺 <span class='en'>promises</span></h2><table>{rows}</table>"
