"""The guide of a role, written from the code: `docs/areas/<role>.md`. A test compares the two."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from contracts.codes import AreaCode, Role
from contracts.refusal import RefusalCode
from contracts.signing import CLOCKS_APART_MAX
from contracts.topics import OF_THE_HUB, participant
from hub.settings import Settings as HubSettings
from participants.gateway.settings import GatewaySettings
from participants.treatment.settings import Settings as TreatmentSettings
from simulators.certify.cases import PROMISES, Case
from simulators.certify.duties import HEARD, SAID, UNDRIVEN, Carried, heard_by, said_by, topics_of
from simulators.certify.insured.table import CASES as INSURED_CASES
from simulators.certify.people import hospital_code, people
from simulators.certify.samples import sample
from simulators.certify.treatment.table import CASES as TREATMENT_CASES
from simulators.certify.vectors import parts_in_order, vectors

FOLDER = Path(__file__).parents[2] / "docs" / "areas"
CASES_SHOWN = 3
SCHEMAS = "../../contracts/schemas"
ROLE_ZH = {Role.INSURED: "参保地", Role.TREATMENT: "就医地"}
_EXAMPLE = {Role.INSURED: "340000", Role.TREATMENT: "310000"}
_DEADLINES = {
    "settle": HubSettings.model_fields["settle_within_ms"].default // 1_000,
    "reverse": HubSettings.model_fields["reverse_within_ms"].default // 1_000,
    "differs": HubSettings.model_fields["break_after_s"].default,
    "status": TreatmentSettings.model_fields["status_within_ms"].default // 1_000,
    "certain": (
        TreatmentSettings.model_fields["settle_within_ms"].default
        + TreatmentSettings.model_fields["certain_margin_ms"].default
    )
    // 1_000,
    "void": TreatmentSettings.model_fields["void_before_ms"].default // 1_000,
    "slice": TreatmentSettings.model_fields["treatment_slice_every_s"].default,
    "preflight": GatewaySettings.model_fields["preflight_within_s"].default,
}
"""What the parties' own settings say by default, in seconds."""
_CASES: dict[Role, Sequence[Case[Any]]] = {
    Role.INSURED: INSURED_CASES,
    Role.TREATMENT: TREATMENT_CASES,
}


def written(role: Role) -> str:
    """The whole guide of a role."""
    parts = [
        _prose("guide.txt").format(
            zh=ROLE_ZH[role],
            an="an" if role is Role.INSURED else "a",
            role=role,
            schemas=SCHEMAS,
            account=f"{role}.{_EXAMPLE[role]}",
            clock=int(CLOCKS_APART_MAX.total_seconds() // 60),
        ),
        _topics(role),
        _heard(role),
        _said(role),
        _codes(),
        _bytes(role),
        _try(role),
        _cases(role),
        _samples(role),
    ]
    return "\n".join(parts)


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for role in Role:
        (folder / f"{role}.md").write_text(written(role), "utf-8")


def _prose(file: str) -> str:
    return files("simulators").joinpath("data", "certify", file).read_text(encoding="utf-8")


def _topics(role: Role) -> str:
    own = [(topic.name, topic.key, "hub", "本地区", topic.partitions) for topic in topics_of(role)]
    said = {one.topic for one in said_by(role)}
    hubs = {topic.name: topic.key for topic in OF_THE_HUB if topic.name in said}
    lines = [f"| `{name}` | {key} | {by} | {to} | {n} |" for name, key, by, to, n in own]
    lines += [f"| `{name}` | {key} | 本地区 | hub | |" for name, key in hubs.items()]
    head = "| 主题 topic | 键 key | 写 | 读 | 分区 |\n|---|---|---|---|---|"
    return (
        f"## 主题 Topics\n\n`{{area}}` 是本地区的六位代码。\n\n{head}\n" + "\n".join(lines) + "\n"
    )


def _heard(role: Role) -> str:
    head = "| 消息 | | 主题 | 键 | 答以 | 时限 | 要点 | 用例 |\n|---|---|---|---|---|---|---|---|"
    return f"## 要收的消息 What the hub says\n\n{head}\n" + "\n".join(_heard_rows(role)) + "\n"


def _heard_rows(role: Role) -> Iterator[str]:
    for one in heard_by(role):
        duty = HEARD[one.body.KIND]
        yield (
            f"| {_linked(one)} | {duty.zh} | `{one.topic}` | `{one.key}` | {_kinds(duty.answer)} "
            f"| {duty.deadline.format(**_DEADLINES)} | {duty.owes} | {_driven(role, one)} |"
        )


def _said(role: Role) -> str:
    head = "| 消息 | | 主题 | 键 | 何时 | 用例 |\n|---|---|---|---|---|---|"
    rows = [
        f"| {_linked(one)} | {SAID[one.body.KIND].zh} | `{one.topic}` | `{one.key}` "
        f"| {SAID[one.body.KIND].when.format(**_DEADLINES)} | {_driven(role, one)} |"
        for one in said_by(role)
    ]
    return f"## 要发的消息 What the area says\n\n{head}\n" + "\n".join(rows) + "\n"


def _driven(role: Role, one: Carried) -> str:
    """The first cases that drive a kind, and how many; or why none does."""
    kind = one.body.KIND
    if kind in UNDRIVEN[role]:
        return f"无：{UNDRIVEN[role][kind]}"
    ids = [case.id for case in _CASES[role] if kind in case.drives]
    told = "、".join(ids[:CASES_SHOWN])
    return told if len(ids) <= CASES_SHOWN else f"{told} 等 {len(ids)} 例"


def _codes() -> str:
    head = "| 代码 | 含义 | meaning |\n|---|---|---|"
    rows = "\n".join(f"| {one.value} | {one.zh} | {one.en} |" for one in RefusalCode)
    return f"## 代码 Codes\n\n代码含义永不改变。\n\n{head}\n{rows}\n"


def _bytes(role: Role) -> str:
    area = AreaCode(_EXAMPLE[role])
    told = "\n".join(
        f"| {what} | {_in_a_cell(of)} | `{_in_a_cell(is_)}` |"
        for what, of, is_ in vectors(role, area)
    )
    return _prose("guide_bytes.txt").format(
        account=participant(role, area), parts=parts_in_order(), vectors=told
    )


def _in_a_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _try(role: Role) -> str:
    area = _EXAMPLE[role]
    if role is Role.TREATMENT:
        return _prose("guide_treatment.txt").format(
            area=area, hospital=hospital_code(AreaCode(area))
        )
    rows = "\n".join(f"| `{one.who}` | {one.zh} |" for one in people(AreaCode(area)).values())
    return _prose("guide_insured.txt").format(area=area, people=rows)


def _cases(role: Role) -> str:
    head = "| 编号 | 类别 | 用例 | 发出 | 应当 | 承诺 |\n|---|---|---|---|---|---|"
    rows = [
        f"| {one.id} | {one.sort.zh} | {one.zh} <br> {one.en} | {one.sent} | {one.expected} "
        f"| {one.promise} |"
        for one in _CASES[role]
    ]
    promises = "\n".join(f"{number}. {text}" for number, text in PROMISES.items())
    return f"### 用例 The cases\n\n{head}\n" + "\n".join(rows) + f"\n\n承诺：\n\n{promises}\n"


def _samples(role: Role) -> str:
    told = "## 样例 Samples\n\n每类一条，均符合其模式；编号、人员均为虚构。\n"
    return told + "\n".join(_sampled(role, [*heard_by(role), *said_by(role)]))


def _sampled(role: Role, carried: Iterable[Carried]) -> Iterator[str]:
    for one in carried:
        kind = one.body.KIND
        is_answer = kind in SAID and role in SAID[kind].by and SAID[kind].is_answer
        yield (
            f"\n### {kind}\n\n主题 `{one.topic}`，键 `{one.key}`；"
            f"[{kind}.json]({SCHEMAS}/{kind}.json)\n\n"
            f"```json\n{sample(kind, role, is_answer=is_answer)}\n```\n"
        )


def _linked(one: Carried) -> str:
    return f"[`{one.body.KIND}`]({SCHEMAS}/{one.body.KIND}.json)"


def _kinds(kinds: Sequence[str]) -> str:
    return " 或 ".join(f"`{one}`" for one in kinds) or "—"
