"""The commands for institutions' keys: give one, list them, take one back."""

from datetime import timedelta
from typing import Annotated

import typer

from contracts.clock import SHANGHAI, SystemClock
from contracts.codes import AreaCode, areas
from contracts.delivery.engine import transaction
from contracts.programs.ending import Trouble, said_plainly
from contracts.programs.settings import Secrets, read
from participants.gateway.security.minting import mint
from participants.gateway.security.sm2 import PublicKeyWrong
from participants.treatment.domain.institution_key import KEYS_AT_ONCE_MAX, KeyScheme
from participants.treatment.services import institution_keys
from participants.treatment.services.institution_keys import InstitutionUnknown, TooManyKeys
from participants.treatment.settings import Settings

TROUBLES: tuple[Trouble, ...] = (
    (InstitutionUnknown, lambda error: f"定点医药机构未登记：{error}"),
    (TooManyKeys, lambda error: f"已有{KEYS_AT_ONCE_MAX}个{error}密钥，请先用 revoke-key 停用一个"),
    (PublicKeyWrong, lambda _: "SM2公钥有误：应为64字节（可带04前缀）或33字节压缩格式"),
)


def area_of_option(text: str) -> AreaCode:
    """The treatment area that an option names."""
    if text not in areas():
        raise typer.BadParameter(f"没有这个就医地：{text}")
    return AreaCode(text)


OneArea = Annotated[str, typer.Option("--area", help="就医地，如 310000")]
Scheme = Annotated[KeyScheme, typer.Option("--scheme", help="认证方式")]


def issue_key(
    area: OneArea,
    institution: Annotated[str, typer.Option(help="定点医药机构编号")],
    scheme: Scheme,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 365,
    public_key: Annotated[
        str | None, typer.Option(help="医药机构的SM2公钥（十六进制或BASE64）；不给则由我方生成一对")
    ] = None,
) -> None:
    """发放医药机构密钥；其中的秘密只显示这一次。"""
    code, now = area_of_option(area), SystemClock().now()
    if public_key is not None and scheme is not KeyScheme.SM2:
        raise typer.BadParameter("只有 sm2 需要公钥")
    with said_plainly(TROUBLES):
        url, sealer = read(Settings).database_url_of(code), read(Secrets).sealer()
        minted = mint(
            scheme, institution, sealer=sealer, valid_from=now, valid_for=timedelta(days=days),
            public_key=public_key,
        )  # fmt: skip
        with transaction(url, name=f"gateway.{code}") as tx:
            institution_keys.add(tx, minted.key, now)
    for name, value in minted.shown.items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"valid_until: {minted.key.valid_until.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}")


def list_keys(
    area: OneArea,
    institution: Annotated[str, typer.Option(help="只看这家定点医药机构")] = "",
) -> None:
    """列出医药机构密钥：机构、方式、编号、起止、状态；不显示秘密。"""
    code, now = area_of_option(area), SystemClock().now()
    with said_plainly(TROUBLES):
        url = read(Settings).database_url_of(code)
        with transaction(url, name=f"gateway.{code}") as tx:
            keys = institution_keys.listed(tx, institution)
    for key in keys:
        dates = (key.valid_from, key.valid_until)
        since, until = (f"{at.astimezone(SHANGHAI):%Y-%m-%d}" for at in dates)
        state = "有效" if key.is_valid(now) else "已停用" if key.revoked_at else "不在有效期"
        typer.echo(f"{key.institution_code} {key.scheme} {key.key_id} {since} {until} {state}")


def revoke_key(
    area: OneArea, scheme: Scheme, key: Annotated[str, typer.Option(help="密钥编号")]
) -> None:
    """停用一个密钥；网关最迟在 YIDI_GATEWAY_TOKEN_KEPT_FOR 之后不再接受。"""
    code, now = area_of_option(area), SystemClock().now()
    with said_plainly(TROUBLES):
        url = read(Settings).database_url_of(code)
        with transaction(url, name=f"gateway.{code}") as tx:
            was_live = institution_keys.revoke(tx, scheme, key, now)
    if not was_live:
        typer.echo("没有这个密钥，或已停用", err=True)
        raise typer.Exit(1)
    typer.echo("已停用")
