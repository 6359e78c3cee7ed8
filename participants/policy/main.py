"""The command `yidi policy`: list and check policies, calculate and explain a case, compare."""

import json as jsontext
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.refusal import RefusalCode
from participants.policy.cases import printed
from participants.policy.cases.answer import Answer, answer_of
from participants.policy.cases.batch import answer_all
from participants.policy.cases.fields import CaseFileWrong
from participants.policy.cases.refusals import refusal_as_json
from participants.policy.cases.stream import parsed, read_case
from participants.policy.cases.what_if import changed
from participants.policy.explain import explain as explained
from participants.policy.loader import library, load
from participants.policy.model import CaseRefused, Policy
from participants.policy.reading.section import PolicyFileWrong

REFUSED = 2
"""Exit code when a case, or the policy it names, is refused."""
CASE_HELP = """

病例从标准输入读取，是一个 JSON 对象；任何键都可省略，{} 就是默认病例。金额是以元为单位的文本。

insured：person_type（政策的第一类人员），age（40，未成年 10），years_insured（3）或
months_insured，diseases_approved（1）。

visit：kind（inpatient，否则政策的第一类），level（1，否则政策的最低级），stay_in_year（1），
out_of_area（null，即在本地），disease（null），flags（[]），month（空）；跨年住院：
days_before_new_year 与 days_after_new_year（都给出时，按日拆分的政策分两年计算）。

amounts_yuan：total 与 in_scope，一个省略时等于另一个，都省略为 0。
in_scope_by_class_yuan：其中各类费用（{}）。

year_to_date_yuan：in_scope、deductible、pool、large_sum、outpatient_in_scope 等，均为 0；
慢特病的 chronic_in_scope 省略时等于 outpatient_in_scope。

account_yuan、family_account_yuan（0），use_account（给了余额即 true），lines（[]）。

parameters：average_wage_yuan（政策的默认值，否则 12000.00）。
"""

app = typer.Typer(no_args_is_help=True, help="待遇政策：查看、检查、试算、说明、比较。")
PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="政策编号，或 .toml 文件")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]


@app.command(name="list")
def list_policies(json: AsJson = False) -> None:
    """列出随产品提供的政策。"""
    with _answered(json):
        found = list(library().values())
        if json:
            _echo_json([printed.policy_as_json(one) for one in found])
        else:
            _echo(printed.policies(found))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="政策文件 .toml")],
    json: AsJson = False,
) -> None:
    """检查政策文件；有误时给出 文件:行: 键: 原因，并以 1 结束。"""
    from participants.policy.cases.file_check import check_files

    findings = check_files(files)
    if json:
        _echo_json([one.as_json() for one in findings])
    else:
        for one in findings:
            typer.echo(one.told(), err=not one.is_sound)
    raise typer.Exit(0 if all(one.is_sound for one in findings) else 1)


@app.command(short_help="试算一个病例。", help=f"试算一个病例。{CASE_HELP}")
def calculate(
    policy: PolicyName,
    json: AsJson = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="逐行读写 JSON，一行一个病例；被拒绝的行不影响其他行")
    ] = False,
) -> None:
    with _answered(json or batch):
        found = _policy(policy)
        if batch:
            refused = answer_all(found, sys.stdin.buffer, sys.stdout.buffer)
            raise typer.Exit(REFUSED if refused else 0)
        answer = answer_of(found, _read())
        if json:
            _echo_json(answer.as_json())
        else:
            _echo(printed.result(found, answer.result))


@app.command(
    short_help="逐步说明一个病例的计算过程。", help=f"逐步说明一个病例的计算过程。{CASE_HELP}"
)
def explain(policy: PolicyName, json: AsJson = False) -> None:
    with _answered(json):
        result = answer_of(_policy(policy), _read()).result
        if json:
            _echo_json({"policy": result.policy_id, "lines": explained(result)})
        else:
            _echo(explained(result))


@app.command(
    short_help="同一病例在两个政策下的差别。", help=f"同一病例在两个政策下的差别。{CASE_HELP}"
)
def diff(
    policy_a: Annotated[str, typer.Argument(metavar="POLICY_A", help="政策编号，或 .toml 文件")],
    policy_b: Annotated[str, typer.Argument(metavar="POLICY_B", help="政策编号，或 .toml 文件")],
    json: AsJson = False,
) -> None:
    with _answered(json):
        left, right, case = _policy(policy_a), _policy(policy_b), _read()
        names = (policy_a, policy_b)
        _echo_both(names, answer_of(left, case), answer_of(right, case), as_json=json)


@app.command(short_help="同一个人换一种情形会怎样。", help=f"同一个人换一种情形会怎样。{CASE_HELP}")
def what_if(
    policy: PolicyName,
    settings: Annotated[
        list[str], typer.Option("--set", help="改变一个键，可重复：visit.out_of_area=referral")
    ],
    json: AsJson = False,
) -> None:
    with _answered(json):
        found, case = _policy(policy), _read()
        answers = answer_of(found, case), answer_of(found, changed(case, settings))
        _echo_both(("原情形", "改变后"), *answers, as_json=json)


@app.command()
def bench(
    policy: Annotated[str, typer.Option(help="有住院分段的政策")] = "yizheng-employee-2010",
    seconds: Annotated[int, typer.Option(min=1, max=600, help="每项的 CPU 秒数")] = 3,
    json: AsJson = False,
) -> None:
    """测量单核每秒计算的病例数（含全部步骤）。"""
    from participants.policy.cases.benchmark import measured

    with _answered(json):
        figures = measured(_policy(policy), seconds)
        if json:
            _echo_json(figures.as_json())
        else:
            _echo(figures.told())


@contextmanager
def _answered(as_json: bool) -> Iterator[None]:
    """A refusal is one sentence on standard error, with --json an object too, and exit code 2."""
    try:
        yield
    except (CaseRefused, PolicyFileWrong) as error:
        refusal = _refusal_of(error)
        if as_json:
            _echo_json({"error": refusal})
        typer.echo(f"{refusal['field']}：{refusal['text']}", err=True)
        raise typer.Exit(REFUSED) from error


def _refusal_of(error: CaseRefused | PolicyFileWrong) -> dict[str, str]:
    if isinstance(error, CaseRefused):
        return refusal_as_json(error)
    text = f"政策文件有误：{error}"
    return {"code": RefusalCode.FIELD_INVALID.value, "field": "policy", "text": text}


def _policy(name: str) -> Policy:
    """A policy of the library by its id, else one in a file."""
    if name in library():
        return library()[name]
    if not name.endswith(".toml"):
        text = f"没有这个政策：{name}（yidi policy list 列出全部）"
        raise CaseFileWrong(RefusalCode.FIELD_INVALID, "policy", text)
    if not Path(name).is_file():
        raise CaseFileWrong(RefusalCode.FIELD_INVALID, "policy", f"没有这个文件：{name}")
    return load(Path(name))


def _read() -> Any:
    return parsed(read_case(sys.stdin.buffer))


def _echo_both(names: tuple[str, str], left: Answer, right: Answer, *, as_json: bool) -> None:
    if as_json:
        _echo_json(printed.both_as_json(left, right))
    else:
        _echo(printed.side_by_side(names, left.result, right.result))


def _echo(lines: list[str]) -> None:
    typer.echo("\n".join(lines))


def _echo_json(value: Any) -> None:
    typer.echo(jsontext.dumps(value, ensure_ascii=False))
