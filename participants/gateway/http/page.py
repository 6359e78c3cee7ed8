"""One HTML file of everything that a hospital must build, written from the tables alone.

`python -m participants.gateway.http.page [FILE]` writes it, too.
"""

import sys
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from contracts.refusal import RefusalCode
from participants.gateway.http.paths import PATHS, TOKEN_PATH
from participants.gateway.http.schemes_page import schemes
from participants.gateway.serving.requests import Effect
from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire.dictionaries import Dictionary, dictionaries
from participants.gateway.wire.fields import PREFLIGHT, Field, FieldType, Node, Shape, shapes

MEDIA_TYPE = "text/html; charset=utf-8"
_STYLE = "page.css"

TYPES_TOLD = {
    FieldType.TEXT: "字符",
    FieldType.NUMBER: "数值",
    FieldType.DATE: "日期 yyyy-MM-dd",
    FieldType.DATETIME: "时间 yyyy-MM-dd HH:mm:ss",
    FieldType.INTEGER: "整数",
    FieldType.DIGITS: "数字串",
    FieldType.BYTES: "字节（BASE64或字节数组）",
    FieldType.FLAG: "true/false",
}
EFFECTS_TOLD = {
    Effect.READS: "查询本地数据",
    Effect.ASKS: "经枢纽查询，不改变数据",
    Effect.TRIES: "经枢纽试算，不改变数据；同一报文ID得到同一结果",
    Effect.RECORDS: "改变本地数据，立即应答；同一报文ID得到同一结果",
    Effect.CONCLUDES: "经枢纽改变数据；同一报文ID得到同一结果，结果未知时告知何时确定",
}


@cache
def written() -> str:
    """The whole page; it does not change while the program runs."""
    style = files("participants.gateway").joinpath(f"data/{_STYLE}").read_text("utf-8")
    offered = [shapes()[infno] for infno in sorted(TRANSACTIONS)]
    parts = (
        _contents(offered),
        _endpoints(),
        schemes(),
        _envelope(shapes()["envelope"]),
        "<h2 id='transactions'>四、交易 Transactions</h2>",
        *(_transaction(shape) for shape in offered),
        _preflight(shapes()[PREFLIGHT]),
        _codes(),
        _dictionaries(),
    )
    head = (
        "<!DOCTYPE html><html lang='zh-CN'><head><meta charset='utf-8'>"
        f"<title>异地就医接入网关接口说明</title><style>{style}</style></head><body>"
        "<h1>异地就医接入网关接口说明</h1>"
        "<p>What a hospital must build. 本页由网关自身的表生成，与所运行的程序一致。</p>"
    )
    return head + "\n".join(parts) + "</body></html>\n"


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; its cells are HTML already."""
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


def _contents(offered: Iterable[Shape]) -> str:
    links = " ".join(
        f"<a href='#t{shape.infno}'>{shape.infno} {escape(shape.name)}</a>" for shape in offered
    )
    return (
        "<nav><a href='#endpoints'>一、地址</a> <a href='#schemes'>二、认证</a> "
        "<a href='#envelope'>三、报文</a> <a href='#transactions'>四、交易</a> "
        "<a href='#preflight'>五、结算预检</a> <a href='#codes'>六、错误码</a> "
        f"<a href='#dictionaries'>七、代码表</a><div>{links}</div></nav>"
    )


def _endpoints() -> str:
    rows = [("POST", f"<code>{escape(path)}</code>", "交易") for path in PATHS]
    rows += [
        ("POST", f"<code>{TOKEN_PATH}</code>", "取OAuth令牌"),
        ("POST", "<code>/preflight</code>", "结算预检"),
        ("GET", "<code>/docs</code>", "本页"),
    ]
    return (
        "<h2 id='endpoints'>一、地址 Endpoints</h2>"
        + table(("方法", "路径", "用途"), rows)
        + "<p>交易编号写在报文的 infno 中；报文没有时取路径中的 {infno}。"
        "内容类型 application/json 或 text/plain，UTF-8；上传文件（9101）也可用 "
        "multipart/form-data：jsonStr 与 file 两部分。9102 的应答是文件本身。</p>"
    )


def _envelope(shape: Shape) -> str:
    return (
        "<h2 id='envelope'>三、报文 Envelope</h2><h3>请求</h3>"
        + _fields(shape.nodes[0])
        + "<p>input 为各交易的输入：对象、JSON字符串，或密文。未列出的字段不校验，名称不分大小写。"
        '""、null、"null"、"NULL" 同为空；数字可写作数字或字符串。'
        "msgid 每笔唯一：同一报文ID、同一内容再发，得到原来的结果；内容不同则拒绝（1009）。</p>"
        "<h3>应答</h3>"
        + _fields(shape.out[0])
        + "<p>output 为各交易的输出；没有输出的交易为 {}；失败时通常没有。"
        "金额为两位小数的数字，可按机构配置为字符串；infcode 可按机构配置为字符串。</p>"
    )


def _transaction(shape: Shape) -> str:
    effect = EFFECTS_TOLD[TRANSACTIONS[shape.infno].effect]
    return (
        f"<section id='t{shape.infno}'><h3>{shape.infno} {escape(shape.name)}</h3>"
        f"<p class='effect'>{effect}</p><h4>输入</h4>{_nodes(shape.nodes)}"
        f"<h4>输出</h4>{_nodes(shape.out)}</section>"
    )


def _preflight(shape: Shape) -> str:
    return (
        "<h2 id='preflight'>五、结算预检 Pre-flight</h2><p>POST /preflight，普通JSON，没有报文；"
        "认证与该机构的请求头相同。</p>" + _nodes(shape.nodes)
    )


def _nodes(nodes: Iterable[Node], above: str = "") -> str:
    return "".join(_node(node, above) for node in nodes) or "<p>无</p>"


def _node(node: Node, above: str) -> str:
    name = f"{above}{node.name}"
    many, required = "数组" if node.many else "对象", "必有" if node.required else "可无"
    told = f"节点 <code>{escape(name)}</code> {escape(node.zh)}（{many}，{required}）"
    if not node.name:
        told = "字段直接列出，没有节点"
    inner = _nodes(node.nodes, f"{name}.") if node.nodes else ""
    return f"<p class='node'>{told}</p>{_fields(node)}{inner}"


def _fields(node: Node) -> str:
    return table(("字段", "名称", "类型", "长度", "必填", "代码表"), map(_field, node.fields))


def _field(field: Field) -> tuple[str, ...]:
    kind = TYPES_TOLD[field.type] + ("（数组）" if field.many else "")
    known = field.dictionary
    return (
        f"<code>{escape(field.name)}</code>",
        escape(field.zh),
        kind,
        _length(field),
        _required(field),
        f"<a href='#d-{known}'>{known}</a>" if known else "",
    )


def _length(field: Field) -> str:
    if field.type in {FieldType.NUMBER, FieldType.INTEGER}:
        return f"{field.length},{field.scale}" if field.scale else str(field.length)
    is_text = field.type in {FieldType.TEXT, FieldType.DIGITS}
    return str(field.length) if is_text else ""


def _required(field: Field) -> str:
    if not field.required:
        return ""
    return f"是（有 {escape(field.unless)} 时可空）" if field.unless else "是"


def _codes() -> str:
    rows = ((code.value, escape(code.zh), escape(code.en)) for code in RefusalCode)
    return (
        "<h2 id='codes'>六、错误码 Refusals</h2><p>err_msg 以方括号中的四位错误码开头。"
        "2004 表示结果未知：所告时间之后以同一报文ID重发，或用5203查询、2601冲正。</p>"
        + table(("错误码", "说明", "English"), rows)
    )


def _dictionaries() -> str:
    lists = "".join(_dictionary(one) for one in dictionaries().values())
    return f"<h2 id='dictionaries'>七、代码表 Code lists</h2>{lists}"


def _dictionary(one: Dictionary) -> str:
    labels = {entry.code: entry.label for entry in one.entries}
    rows = ((escape(code), escape(labels.get(code, ""))) for code in sorted(one.codes))
    children = "<p>可用下级（更长）的代码。</p>" if one.children else ""
    told = table(("代码", "名称"), rows)
    return f"<section id='d-{one.name}'><h3>{escape(one.name)}</h3>{children}{told}</section>"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(written(), encoding="utf-8")
    else:
        sys.stdout.write(written())
