"""A worked example of each scheme, from made-up keys: a client can be checked against it."""

import base64
import hashlib
import hmac

from participants.gateway.security import sm4

STAMP_MS, STAMP_S = "1767225600000", "1767225600"  # 2026-01-01 08:00:00 in China
SECRET = "yidi-example-secret"  # noqa: S105 - made up, and printed
ACCESS_KEY, PAASID = "ak-example", "paasid-example"
CLIENT_ID = "a1b2c3d4e5f60718"
NONCE = "19b7d2f0c00-3a5c7e"
INPUT = '{"data":{"psn_no":"3401","setl_id":"S1","mdtrt_id":"M1"}}'
ENVELOPE = "fixmedins_code=H31010000001&infno=5203&infver=V1.0&msgid=M1&sign_no="
SORTED_USER_ID = "1234567812345678"
# The key pair of the SM2 standard's own example (GB/T 32918.5). A signature has chance in it: these
# two were made once.
PUBLIC_KEY = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
PRIVATE_KEY = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
INPUT_SIGNATURE = (
    "ZjEAsb8aUs6Zp1nFEuhDBeXBCIjGymMmXLeNUrYtnbv4qGcQxgqVzGb67ilPxlZUxD8XxiDVpIRUdqijWYDy2A=="
)
SORTED_SIGNATURE = (
    "26349BBFACB8E938B0570043D31190468EEFC02A8F34437A474D73698527CF35"
    "274B0A1D6D8A46F13920F5F8DC56B72B815BB8BA3A73531E556116070781084D"
)

Lines = tuple[tuple[str, str], ...]


def examples() -> dict[str, Lines]:
    """By the name of the profile: what goes in and what comes out, a line each."""
    return {
        "plain": (),
        "bearer": (("Authorization", "Bearer q3Jc…"),),
        "hunan": _hunan(),
        "guangdong": _guangdong(),
        "jilin": _jilin(),
        "hubei": (
            ("公钥", PUBLIC_KEY),
            ("私钥", PRIVATE_KEY),
            ("用户标识", SORTED_USER_ID),
            ("待签名文本", ENVELOPE),
            ("cainfo（每次不同）", SORTED_SIGNATURE),
        ),
    }


def _hunan() -> Lines:
    named = {
        "_api_access_key": ACCESS_KEY,
        "_api_name": "5203",
        "_api_timestamp": STAMP_MS,
        "_api_version": "1.0.0",
    }
    text = "&".join(f"{name}={value}" for name, value in named.items())
    mac = hmac.digest(SECRET.encode(), text.encode(), "sha1")
    signature = base64.b64encode(mac).decode()
    return (
        ("SK", SECRET),
        ("待签名文本", text),
        *named.items(),
        ("_api_signature", signature),
    )


def _guangdong() -> Lines:
    text = f"{STAMP_S}{SECRET}{NONCE}{STAMP_S}"
    return (
        ("秘密", SECRET),
        ("待摘要文本", text),
        ("x-tif-paasid", PAASID),
        ("x-tif-timestamp", STAMP_S),
        ("x-tif-nonce", NONCE),
        ("x-tif-signature", hashlib.sha256(text.encode()).hexdigest()),
    )


def _jilin() -> Lines:
    basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
    return (
        ("客户端编号", CLIENT_ID),
        ("Authorization（取令牌）", f"Basic {basic}"),
        ("公钥", PUBLIC_KEY),
        ("私钥", PRIVATE_KEY),
        ("input 的JSON文本", INPUT),
        ("cainfo（每次不同）", INPUT_SIGNATURE),
        ("input（密文）", sm4.sealed(CLIENT_ID.encode(), INPUT)),
    )
