"""A hospital's system, as small as can be: it knows the published interface, and nothing of ours.

It walks an outpatient and an inpatient through the national transactions, with any of the five
ways to show who it is. `yidi up` writes the file that it needs (addresses, a person, keys):

    python examples/his_client.py --with his.json --auth sm2

Needs Python 3.11, and for oauth and sm2 two libraries: cryptography (SM4) and gmssl_pyx (SM2).
"""

import argparse
import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

PATH = "/fsi/api/rsfComIfsService/callService"
TOKEN_PATH = "/auth/oauth/token"  # noqa: S105 - a path
WAITS_S = 20
CHINA = timezone(timedelta(hours=8))
SM2_USER_ID = "1234567812345678"

# What was charged: national code, name, price and count. One amount is beyond its price ceiling.
CLINIC = [
    ("XJ01CAA040E001010102699", "阿莫西林胶囊", "0.35", 24),
    ("002501010150000", "血细胞分析", "20.00", 1),
    ("002203010010000", "彩色多普勒超声常规检查", "130.00", 1),
]
WARD = [
    ("001109000010000", "普通病房床位费", "50.00", 1),
    ("001201000040000", "Ⅱ级护理", "30.00", 1),
    ("XJ01DDT055B001010101142", "注射用头孢曲松钠", "12.40", 2),
    ("XJ01MAZ089B002010201305", "左氧氟沙星氯化钠注射液", "36.80", 1),
]
DAYS_IN_WARD = 5
AMOUNTS = {"medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt"}


class Refused(Exception):
    """The platform said no; the text is what it said."""


# ---- five ways to show who we are ----------------------------------------------------------


class Plain:
    """Nothing: on the platform's own machine only."""

    def __init__(self, hospital: dict[str, Any], gateway: str) -> None:
        self.hospital, self.gateway = hospital, gateway

    def headers(self, infno: str) -> dict[str, str]:
        return {}

    def sealed(self, message: dict[str, Any]) -> dict[str, Any]:
        return message

    def opened(self, reply: dict[str, Any]) -> dict[str, Any]:
        return reply


class Hmac(Plain):
    """HMAC-SHA1 in _api_* headers."""

    def headers(self, infno: str) -> dict[str, str]:
        key = self.hospital["hmac"]
        named = {
            "_api_access_key": key["key_id"],
            "_api_name": infno,
            "_api_timestamp": str(int(time.time() * 1000)),
            "_api_version": "1.0.0",
        }
        text = "&".join(f"{name}={named[name]}" for name in sorted(named))
        mac = hmac.new(key["secret"].encode(), text.encode(), hashlib.sha1).digest()
        return named | {"_api_signature": base64.b64encode(mac).decode()}


class Tif(Plain):
    """SHA-256 in x-tif-* headers, with a nonce."""

    def headers(self, infno: str) -> dict[str, str]:
        key, stamp, nonce = self.hospital["tif"], str(int(time.time())), secrets.token_hex(8)
        signed = hashlib.sha256((stamp + key["secret"] + nonce + stamp).encode()).hexdigest()
        return {
            "x-tif-paasid": key["key_id"],
            "x-tif-timestamp": stamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": signed,
        }


class OAuth(Plain):
    """A token in the header; the input signed with SM2 and locked with SM4, the output likewise."""

    token = ""

    def headers(self, infno: str) -> dict[str, str]:
        self.token = self.token or self._new_token()
        return {"Authorization": f"Bearer {self.token}"}

    def sealed(self, message: dict[str, Any]) -> dict[str, Any]:
        client_id = self.hospital["oauth"]["key_id"]
        text = json.dumps(message["input"], ensure_ascii=False)
        signature = sm2_signature(self.hospital["sm2"], client_id, text)
        return message | {
            "input": sm4(client_id, text),
            "cainfo": base64.b64encode(signature).decode(),
            "signtype": "SM2",
            "enc_type": "SM4",
        }

    def opened(self, reply: dict[str, Any]) -> dict[str, Any]:
        if "output" not in reply:
            return reply
        client_id = self.hospital["oauth"]["key_id"]
        text = sm4_opened(client_id, reply["output"])
        signature = base64.b64decode(reply["cainfo"])
        check(sm2_holds(self.hospital["sm2"], client_id, text, signature), "应答签名有误")
        return reply | {"output": json.loads(text)}

    def _new_token(self) -> str:
        key = self.hospital["oauth"]
        form = urllib.parse.urlencode(
            {
                "grant_type": "password",
                "username": self.hospital["code"],
                "password": key["password"],
                "scope": "server",
            }
        )
        basic = base64.b64encode(f"{key['key_id']}:{key['secret']}".encode()).decode()
        headers = {
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return str(posted(self.gateway + TOKEN_PATH, form.encode(), headers)["access_token"])


class Sm2(Plain):
    """SM2 over the sorted envelope; the input is a JSON text; the answer is signed likewise."""

    def sealed(self, message: dict[str, Any]) -> dict[str, Any]:
        told = message | {"input": json.dumps(message["input"], ensure_ascii=False)}
        text = sorted_text(told, {"cainfo", "input"})
        signature = sm2_signature(self.hospital["sm2"], SM2_USER_ID, text)
        return told | {"cainfo": signature.hex().upper()}

    def opened(self, reply: dict[str, Any]) -> dict[str, Any]:
        text, signature = sorted_text(reply, {"cainfo", "output"}), bytes.fromhex(reply["cainfo"])
        check(sm2_holds(self.hospital["sm2"], SM2_USER_ID, text, signature), "应答签名有误")
        return reply


WAYS = {"none": Plain, "hmac": Hmac, "tif": Tif, "oauth": OAuth, "sm2": Sm2}


def sorted_text(message: dict[str, Any], without: set[str]) -> str:
    return "&".join(f"{name}={message[name]}" for name in sorted(set(message) - without))


def sm2_signature(key: dict[str, str], user_id: str, text: str) -> bytes:
    """r‖s, 64 bytes."""
    import gmssl_pyx
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    private, public = bytes.fromhex(key["private_key"]), bytes.fromhex(key["public_key"])
    der = gmssl_pyx.sm2_sign(private, public, text.encode(), user_id.encode())
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sm2_holds(key: dict[str, str], user_id: str, text: str, signature: bytes) -> bool:
    """Whether the platform signed this."""
    import gmssl_pyx
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public, der = bytes.fromhex(key["our_public_key"]), encode_dss_signature(r, s)
    return bool(gmssl_pyx.sm2_verify(public, text.encode(), der, user_id.encode()))


def sm4(key: str, text: str) -> str:
    """SM4-ECB-PKCS7, as base64."""
    padding = 16 - len(text.encode()) % 16
    encryptor = _sm4_cipher(key).encryptor()
    locked = encryptor.update(text.encode() + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(locked).decode()


def sm4_opened(key: str, ciphertext: str) -> str:
    decryptor = _sm4_cipher(key).decryptor()
    padded = decryptor.update(base64.b64decode(ciphertext)) + decryptor.finalize()
    return bytes(padded[: -padded[-1]]).decode()


def _sm4_cipher(key: str) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.SM4(key.encode()), modes.ECB())  # noqa: S305 - the interface's choice


def posted(url: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=WAITS_S) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        # The service gateway of the hmac way says its no in JSON of its own.
        raise Refused(f"HTTP {error.code} {error.read().decode(errors='replace')}") from error
    # Amounts stay as they are written: a float would lose a fen.
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return found


def check(holds: bool, told: str) -> None:
    if not holds:
        raise Refused(told)


# ---- the interface -------------------------------------------------------------------------


@dataclass
class Platform:
    """The envelope around every transaction, and the number of every message."""

    gateway: str
    hospital: dict[str, Any]
    person: dict[str, str]
    way: Plain
    sign_no: str = ""
    sequence: int = field(default_factory=lambda: secrets.randbelow(9_000))

    def call(self, infno: str, content: dict[str, Any]) -> dict[str, Any]:
        """The output; Refused with the platform's own words."""
        self.sequence += 1
        message = {
            "infno": infno,
            "msgid": f"{self.hospital['code']}{now():%Y%m%d%H%M%S}{self.sequence:04d}",
            "mdtrtarea_admvs": self.hospital["division"],
            "insuplc_admdvs": self.person["insuplc_admdvs"],
            "recer_sys_code": "99",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员",
            "inf_time": moment(now()),
            "fixmedins_code": self.hospital["code"],
            "fixmedins_name": self.hospital["name"],
            "sign_no": self.sign_no,
            "input": content,
        }
        body = json.dumps(self.way.sealed(message), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **self.way.headers(infno)}
        reply = self.way.opened(posted(self.gateway + PATH, body, headers))
        # Some provinces write infcode as a number, others as text.
        if str(reply["infcode"]) != "0":
            raise Refused(f"{infno} {reply['err_msg']}")
        if reply.get("warn_msg"):
            say(f"　　提示：{reply['warn_msg']}")
        output: dict[str, Any] = reply.get("output") or {}
        return output


def now() -> datetime:
    return datetime.now(CHINA)


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def say(text: str) -> None:
    print(text, flush=True)


def told_shares(what: str, info: dict[str, Any]) -> None:
    """Who pays what, after the sums of the interface were checked."""
    amount = {name: decimal(value) for name, value in info.items() if name in AMOUNTS}
    cash = amount["psn_cash_pay"]
    check(
        amount["medfee_sumamt"]
        == amount["fund_pay_sumamt"] + amount["acct_pay"] + cash + amount["hosp_part_amt"],
        f"{what}：金额不平",
    )
    say(
        f"　　{what}：总额 {amount['medfee_sumamt']}，基金 {amount['fund_pay_sumamt']}，"
        f"个人账户 {amount['acct_pay']}，现金 {cash} 元"
    )


def decimal(value: Any) -> Decimal:
    """An amount, which may come as a number, as text, or not at all."""
    return Decimal("0.00") if value in {None, ""} else Decimal(str(value))


# ---- two patients --------------------------------------------------------------------------


@dataclass
class Case:
    """What the hospital knows of the person in front of it."""

    platform: Platform
    psn_no: str
    insutype: str
    psn_type: str

    def certificate(self) -> dict[str, str]:
        person = self.platform.person
        return {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person["certno"],
            "psn_cert_type": person["psn_cert_type"],
            "certno": person["certno"],
        }

    def lines(
        self, charged: list[tuple[str, str, str, int]], mdtrt_id: str, first: int, at: datetime,
        med_type: str,
    ) -> list[dict[str, Any]]:  # fmt: skip
        return [
            {
                "feedetl_sn": str(first + number),
                "mdtrt_id": mdtrt_id,
                "psn_no": self.psn_no,
                "chrg_bchno": "1",
                "rx_circ_flag": "0",
                "med_type": med_type,
                "fee_ocur_time": moment(at),
                "med_list_codg": code,
                "medins_list_codg": code,
                "medins_list_name": name,
                "det_item_fee_sumamt": str(Decimal(price) * count),
                "cnt": str(count),
                "pric": price,
                "bilg_dept_codg": "A03",
                "bilg_dept_name": "内科",
                "bilg_dr_codg": "D0001",
                "bilg_dr_name": "示例医师",
                "hosp_appr_flag": "0",
            }
            for number, (code, name, price, count) in enumerate(charged)
        ]


def diagnosis(code: str, name: str) -> dict[str, Any]:
    return {
        "diag_type": "1",
        "diag_srt_no": 1,
        "diag_code": code,
        "diag_name": name,
        "diag_dept": "内科",
        "dise_dor_no": "D0001",
        "dise_dor_name": "示例医师",
        "diag_time": moment(now()),
    }


def totals(results: list[dict[str, Any]]) -> dict[str, str]:
    """The platform's split of the lines, added up: what 2207 wants to be told again."""
    split = {
        "fulamt_ownpay_amt": "fulamt_ownpay_amt",
        "overlmt_selfpay": "overlmt_amt",
        "preselfpay_amt": "preselfpay_amt",
        "inscp_scp_amt": "inscp_scp_amt",
    }
    return {
        ours: str(sum(decimal(one[theirs]) for one in results)) for ours, theirs in split.items()
    }


def total(charged: list[tuple[str, str, str, int]]) -> Decimal:
    return sum((Decimal(price) * count for _, _, price, count in charged), Decimal(0))


def identified(platform: Platform) -> Case:
    person = platform.person
    asked = {
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person["certno"],
        "card_sn": "",
        "psn_cert_type": person["psn_cert_type"],
        "certno": person["certno"],
        "psn_name": person["psn_name"],
    }
    output = platform.call("1101", {"data": asked})
    base, insured = output["baseinfo"], output["insuinfo"][0]
    person["insuplc_admdvs"] = insured["insuplc_admdvs"]
    say(
        f"　1101 人员信息：{base['psn_name']}，人员编号 {base['psn_no']}，"
        f"参保地 {insured['insuplc_admdvs']}，账户余额 {insured['balc']} 元"
    )
    return Case(platform, base["psn_no"], insured["insutype"], insured["psn_type"])


def outpatient(platform: Platform) -> None:
    say("门诊")
    case = identified(platform)
    hospital, psn_no = platform.hospital, case.psn_no
    asked = {
        "psn_no": psn_no,
        "insutype": case.insutype,
        "fixmedins_code": hospital["code"],
        "med_type": "11",
        "begntime": moment(now()),
    }
    entitled = platform.call("2001", {"data": asked})["trtinfo"]
    for one in (one for one in entitled if one["trt_enjymnt_flag"] != "1"):
        say(f"　　不可享受：{one['fund_pay_type']} {one['trt_chk_rslt']}")
    say(f"　2001 待遇检查：{len(entitled)} 项")
    registration = {
        **case.certificate(),
        "psn_no": psn_no,
        "insutype": case.insutype,
        "begntime": moment(now()),
        "psn_type": case.psn_type,
        "psn_name": platform.person["psn_name"],
        "ipt_otp_no": f"MZ{now():%H%M%S}{secrets.randbelow(100):02d}",
        "dept_code": "A03",
        "dept_name": "内科",
        "caty": "A03",
    }
    mdtrt_id = platform.call("2201", {"data": registration})["data"]["mdtrt_id"]
    say(f"　2201 挂号：就诊ID {mdtrt_id}")
    visit = {
        "mdtrt_id": mdtrt_id,
        "psn_no": psn_no,
        "med_type": "11",
        "begntime": moment(now()),
        "dise_codg": "J06.900",
        "dise_name": "急性上呼吸道感染",
    }
    found = diagnosis("J06.900", "急性上呼吸道感染") | {"vali_flag": "1"}
    platform.call("2203", {"mdtrtinfo": visit, "diseinfo": [found]})
    say("　2203 就诊信息：J06.900 急性上呼吸道感染")
    lines = case.lines(CLINIC, mdtrt_id, 1, now(), "11")
    results = platform.call("2204", {"feedetail": lines})["result"]
    split = totals(results)
    say(f"　2204 费用明细：{len(results)} 条，符合政策范围 {split['inscp_scp_amt']} 元")
    bill = {
        **case.certificate(),
        "psn_no": psn_no,
        "psn_type": case.psn_type,
        "psn_name": platform.person["psn_name"],
        "med_type": "11",
        "medfee_sumamt": str(total(CLINIC)),
        "psn_setlway": "01",
        "mdtrt_id": mdtrt_id,
        "chrg_bchno": "1",
        "acct_used_flag": "1",
        "insutype": case.insutype,
        **split,
    }
    told_shares("2206 预结算", platform.call("2206", {"data": bill})["setlinfo"])
    settled = platform.call("2207", {"data": bill})["setlinfo"]
    told_shares("2207 结算", settled)
    which = {"psn_no": psn_no, "setl_id": settled["setl_id"], "mdtrt_id": mdtrt_id}
    again = platform.call("5203", {"data": which})["setlinfo"]
    check(again["fund_pay_sumamt"] == settled["fund_pay_sumamt"], "5203 与 2207 不一致")
    say(f"　5203 结算信息：{again['setl_id']}，{again['setl_time']}，与 2207 一致")
    told_shares("2208 撤销", platform.call("2208", {"data": which})["setlinfo"])


def inpatient(platform: Platform) -> None:
    say("住院")
    case = identified(platform)
    person, psn_no = platform.person, case.psn_no
    admitted = now() - timedelta(days=DAYS_IN_WARD)
    stay = {
        "psn_no": psn_no,
        "insutype": case.insutype,
        "begntime": moment(admitted),
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person["certno"],
        "cert_type": person["psn_cert_type"],
        "certno": person["certno"],
        "med_type": "21",
        "ipt_no": f"ZY{now():%H%M%S}{secrets.randbelow(100):02d}",
        "atddr_no": "D0001",
        "chfpdr_name": "示例医师",
        "adm_diag_dscr": "肺炎",
        "adm_dept_codg": "A03",
        "adm_dept_name": "内科",
        "adm_bed": "12",
        "dscg_maindiag_code": "J18.900",
        "dscg_maindiag_name": "肺炎",
        "insuplc_admdvs": person["insuplc_admdvs"],
        "mdtrtarea_admvs": platform.hospital["division"],
    }
    found = diagnosis("J18.900", "肺炎") | {"psn_no": psn_no, "maindiag_flag": "1"}
    admission = platform.call("2401", {"mdtrtinfo": stay, "diseinfo": [found]})
    mdtrt_id = admission["result"]["mdtrt_id"]
    say(f"　2401 入院：就诊ID {mdtrt_id}，{admitted:%Y-%m-%d}")
    for day in range(DAYS_IN_WARD):
        at = admitted + timedelta(days=day)
        lines = case.lines(WARD, mdtrt_id, 100 * (day + 1), at, "21")
        results = platform.call("2301", {"feedetail": lines})["result"]
        say(f"　2301 费用明细：{at:%m-%d} {len(results)} 条，{total(WARD)} 元")
    bill = {
        **case.certificate(),
        "psn_no": psn_no,
        "psn_type": case.psn_type,
        "psn_name": person["psn_name"],
        "medfee_sumamt": str(total(WARD) * DAYS_IN_WARD),
        "psn_setlway": "01",
        "mdtrt_id": mdtrt_id,
        "acct_used_flag": "1",
        "insutype": case.insutype,
        "mid_setl_flag": "0",
        "dscgTime": f"{now():%Y-%m-%d}",
        "insuplc_admdvs": person["insuplc_admdvs"],
        "mdtrtarea_admvs": platform.hospital["division"],
    }
    told_shares("2303 预结算", platform.call("2303", {"data": bill})["setlinfo"])
    discharge = {
        "mdtrt_id": mdtrt_id,
        "psn_no": psn_no,
        "insutype": case.insutype,
        "endtime": moment(now()),
        "dscg_dept_codg": "A03",
        "dscg_dept_name": "内科",
        "dscg_way": "1",
    }
    platform.call("2402", {"dscginfo": discharge, "diseinfo": [found | {"mdtrt_id": mdtrt_id}]})
    say("　2402 出院：医嘱离院")
    settled = platform.call("2304", {"data": bill})["setlinfo"]
    told_shares("2304 结算", settled)
    which = {"mdtrt_id": mdtrt_id, "setl_id": settled["setl_id"], "psn_no": psn_no}
    told_shares("2305 撤销", platform.call("2305", {"data": which})["setlinfo"])


def main() -> int:
    parser = argparse.ArgumentParser(description="按国家接口走一遍门诊和住院")
    parser.add_argument("--with", dest="file", required=True, help="yidi up 写出的 his.json")
    parser.add_argument("--auth", choices=sorted(WAYS), default="none", help="认证方式")
    chosen = parser.parse_args()
    given = json.loads(Path(chosen.file).read_text("utf-8"))
    hospital = given["hospitals"][chosen.auth]
    way = WAYS[chosen.auth](hospital, given["gateway"])
    platform = Platform(given["gateway"], hospital, dict(given["person"]), way)
    say(f"{hospital['name']}（{hospital['code']}），认证方式 {chosen.auth}")
    try:
        signed_in = {"opter_no": "0001", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}
        platform.sign_no = platform.call("9001", {"signIn": signed_in})["signinoutb"]["sign_no"]
        say(f"　9001 签到：{platform.sign_no}")
        outpatient(platform)
        inpatient(platform)
        platform.call("9002", {"signOut": {"sign_no": platform.sign_no, "opter_no": "0001"}})
        say("　9002 签退")
    except (Refused, urllib.error.URLError) as no:
        say(f"未完成：{no}")
        return 1
    say("全部完成。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
