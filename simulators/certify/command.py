"""`yidi certify`: certify somebody's area, prepare for it, and write the guides."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.codes import AreaCode, Role, areas

if TYPE_CHECKING:
    from simulators.certify.hub import Hub
    from simulators.certify.run import Certificate, Tell

app = typer.Typer(
    no_args_is_help=True,
    help="认证：扮演枢纽，检验他人实现的参保地或就医地。 Certify somebody else's area.",
)


def _area(text: str) -> str:
    if text not in areas():
        raise typer.BadParameter(f"没有这个地区：{text}")
    return text


def _page(file: Path | None) -> Path | None:
    """Looked at before the run: nobody should lose its report to a folder that is not there."""
    if file is not None and file.suffix != ".html":
        raise typer.BadParameter("报告是一个 .html 文件，旁有同名 .json")
    if file is not None and not file.parent.is_dir():
        raise typer.BadParameter(f"没有这个目录：{file.parent}")
    return file


OneArea = Annotated[str, typer.Option("--area", callback=_area, help="被测地区，如 340000")]
Report = Annotated[
    Path | None,
    typer.Option(dir_okay=False, callback=_page, help="报告写到这个 .html 文件，旁有 .json"),
]
Within = Annotated[float, typer.Option(min=0.5, max=120, help="每次答复至多等多少秒")]
Only = Annotated[list[str] | None, typer.Option(help="只运行编号以此开头的用例，可重复")]
Bar = Annotated[bool, typer.Option(help="显示进度")]


@app.command()
def insured(
    *,
    area: OneArea,
    desk: Annotated[str, typer.Option(help="经办窗口的地址 http://…，或 模块:类，见接入说明")] = "",
    token: Annotated[
        str, typer.Option(envvar="YIDI_CERTIFY_TOKEN", help="经办窗口要求的凭证（Bearer）")
    ] = "",
    report: Report = None,
    within: Within = 5.0,
    only: Only = None,
    progress: Bar = True,
) -> None:
    """认证参保地：经其主题（YIDI_KAFKA、YIDI_MESSAGE_KEYS）逐例检验并写出报告。"""
    from contracts.programs.settings import read
    from simulators.certify.insured.desk import desk_of
    from simulators.certify.run import certify_insured
    from simulators.certify.settings import PersonKey
    from simulators.terminal import said_plainly

    with said_plainly(), _hub(Role.INSURED, AreaCode(area), within) as hub:
        key, clerk = read(PersonKey).token_key(), desk_of(hub, desk, token)
        try:
            with _told(progress=progress) as tell:
                found = certify_insured(hub, key, tell, tuple(only or ()), clerk)
        finally:
            if clerk is not None:
                clerk.close()
    _end(found, report)


@app.command()
def treatment(
    *,
    area: OneArea,
    gateway: Annotated[str, typer.Option(help="被测就医地的网关地址，http://…")] = "",
    token: Annotated[
        str, typer.Option(envvar="YIDI_CERTIFY_TOKEN", help="网关要求的凭证（Bearer）")
    ] = "",
    outside: Annotated[str, typer.Option(help="没有这样的网关时：模块:类，见接入说明")] = "",
    report: Report = None,
    within: Within = 5.0,
    certain_within: Annotated[
        float, typer.Option(min=1, max=600, help="无答复的结算，至多多少秒自行终止")
    ] = 20.0,
    only: Only = None,
    progress: Bar = True,
) -> None:
    """认证就医地：扮演枢纽和医院，经其主题与网关逐例检验并写出报告。"""
    from contracts.programs.settings import read
    from simulators.certify.run import certify_treatment
    from simulators.certify.settings import SealingKeys
    from simulators.certify.treatment.choosing import outside_of
    from simulators.certify.treatment.stage import Stage
    from simulators.terminal import said_plainly

    with said_plainly(), _hub(Role.TREATMENT, AreaCode(area), within) as hub:
        stage = Stage(
            hub,
            outside_of(hub, gateway, token, outside),
            timedelta(seconds=certain_within),
            read(SealingKeys).sealer(),
        )
        try:
            with _told(progress=progress) as tell:
                found = certify_treatment(stage, tell, tuple(only or ()))
        finally:
            stage.close()
    _end(found, report)


@app.command()
def keys(
    role: Annotated[Role, typer.Argument(help="insured 或 treatment")],
    area: OneArea,
    days: Annotated[int, typer.Option(min=1, max=365, help="有效天数")] = 30,
) -> None:
    """生成认证用的 YIDI_MESSAGE_KEYS：一个当前有效的密钥，一个已失效的密钥。"""
    from contracts.clock import SystemClock
    from contracts.topics import participant
    from simulators.certify.preparing import message_keys

    name = participant(role, AreaCode(area))
    made = [base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2)]
    typer.echo(message_keys(name, made, SystemClock().now(), timedelta(days=days)))


@app.command()
def people(
    area: OneArea,
    institutions: Annotated[bool, typer.Option(help="就医地的定点医院，而不是参保人员")] = False,
    eligibilities: Annotated[bool, typer.Option(help="已认定的门诊慢特病，而不是参保人员")] = False,
) -> None:
    """输出认证所需的人员（或其门诊慢特病，或医院）CSV，供被测系统导入。"""
    from simulators.certify.people import eligibilities_csv, institutions_csv, people_csv

    if institutions and eligibilities:
        raise typer.BadParameter("--institutions 与 --eligibilities 至多给出其一")
    of = institutions_csv if institutions else eligibilities_csv if eligibilities else people_csv
    typer.echo(of(AreaCode(area)), nl=False)


@app.command()
def guide(
    folder: Annotated[
        Path | None, typer.Argument(file_okay=False, help="写到这个目录；默认 docs/areas")
    ] = None,
) -> None:
    """从代码生成各角色的接入说明。 Write the guide of each role."""
    from simulators.certify.guide import FOLDER, write

    write(folder or FOLDER)


@contextmanager
def _hub(role: Role, area: AreaCode, within: float) -> "Iterator[Hub]":
    from contracts.programs.broker import connected
    from contracts.programs.settings import read
    from contracts.topics import participant
    from simulators.certify.hub import Hub
    from simulators.certify.settings import KafkaAddress

    transport = connected(read(KafkaAddress).bootstrap(), participant(role, area))
    hub = Hub(role, area, transport, transport.keys, timedelta(seconds=within))
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def _told(*, progress: bool) -> "Iterator[Tell]":
    """A bar on standard error, or nothing."""
    from simulators.certify.run import no_bar
    from simulators.certify.telling import bar

    if not progress:
        yield no_bar
        return
    with bar() as tell:
        yield tell


def _end(found: "Certificate", report: Path | None) -> None:
    from simulators.certify.telling import sentence, written

    file = written(found, report)
    typer.echo(sentence(found, file))
    raise typer.Exit(0 if found.is_given else 1)
