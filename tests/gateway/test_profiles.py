"""Institution profiles: what is shipped, what may be laid over it, and every fault by its name."""

from datetime import date
from pathlib import Path

import pytest

from participants.gateway.security.sm2 import SignatureText
from participants.gateway.wire.profiles import Encryption, InfcodeType, Signing, Transport
from participants.gateway.wire.profiles_file import ProfilesUnsound, load_profiles

TODAY = date(2024, 3, 1)


def laid_over(folder: Path, text: str) -> Path:
    file = folder / "profiles.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_shipped_default_asks_for_nothing_and_is_therefore_open() -> None:
    profiles = load_profiles()
    assert profiles.default.is_open
    assert profiles.are_open
    guarded = profiles.guarded()
    assert guarded.default.transport is Transport.BEARER
    assert not guarded.are_open


def test_an_institution_is_like_a_shipped_profile_and_differs_from_a_day_on(tmp_path: Path) -> None:
    file = laid_over(
        tmp_path,
        """
        [default]
        like = "bearer"
        [institutions.A]
        like = "jilin"
        infcode = "number"
        [[institutions.B]]
        like = "hubei"
        [[institutions.B]]
        like = "hunan"
        since = 2024-03-01
        """,
    )
    profiles = load_profiles(file)
    assert profiles.of("?", TODAY).transport is Transport.BEARER
    jilin = profiles.of("A", TODAY)
    assert (jilin.transport, jilin.signing) == (Transport.OAUTH, Signing.INPUT)
    assert (jilin.encryption, jilin.infcode) == (Encryption.SM4, InfcodeType.NUMBER)
    before = profiles.of("B", date(2024, 2, 29))
    assert (before.signing, before.signature_text) == (Signing.SORTED, SignatureText.UPPER_HEX)
    after = profiles.of("B", TODAY)
    assert (after.transport, after.signing) == (Transport.HMAC, Signing.NONE)
    assert not profiles.are_open
    assert profiles.guarded() == profiles


FAULTS = {
    '[institutions.A]\nlike = "nobody"': "institutions.A：没有名为nobody的配置",
    '[institutions.A]\nmode = "x"': "institutions.A.mode：没有这一项",
    '[institutions.A]\ntransport = "ftp"': (
        "institutions.A.transport：应为none、bearer、hmac、tif、oauth之一"
    ),
    "[institutions.A]\ninfcode = 0": "institutions.A.infcode：应为number、text之一",
    '[institutions.A]\nclock_apart_s = "9"': "institutions.A.clock_apart_s：应为整数",
    "[institutions.A]\nclock_apart_s = true": "institutions.A.clock_apart_s：应为整数",
    "[institutions.A]\nclock_apart_s = 0": "institutions.A.clock_apart_s：应大于零",
    "[institutions.A]\nsign_no_required = 1": (
        "institutions.A.sign_no_required：应为true 或 false"
    ),
    '[institutions.A]\nsm2_user_id = ""': "institutions.A.sm2_user_id：应为文本",
    "[institutions.A]\nsigns_replies = true": "institutions.A.signs_replies：应答签名须有请求签名",
    '[institutions.A]\nencryption = "sm4"': (
        "institutions.A.encryption：sm4 以OAuth客户端编号为密钥，须用 oauth"
    ),
    '[institutions.A]\nsigning = "input"\nsm2_user_id = "@client_id"': (
        "institutions.A.sm2_user_id：@client_id 须用 oauth"
    ),
    '[institutions.A]\nsince = "soon"': "institutions.A.since：应为日期，如 2026-01-01",
    "[[institutions.A]]\n[[institutions.A]]": "institutions.A.since：起始日期重复",
    "[institutions]\nA = 1": "institutions.A：应为一节",
    "[other]": "other：没有这一节",
    "default = 1": "default：没有这一节",
    '[standard]\ninfcode = "both"': "default.infcode：应为number、text之一",
}


@pytest.mark.parametrize(("text", "told"), FAULTS.items())
def test_a_fault_is_told_with_file_key_and_reason(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ProfilesUnsound) as unsound:
        load_profiles(laid_over(tmp_path, text))
    assert unsound.value.faults[0] == f"profiles.toml：{told}"


def test_every_fault_is_told_at_once_and_what_is_no_toml_too(tmp_path: Path) -> None:
    with pytest.raises(ProfilesUnsound) as unsound:
        load_profiles(laid_over(tmp_path, "[institutions.A]\ninfcode = 1\namounts = 2\nx = 3"))
    assert len(unsound.value.faults) == 3
    with pytest.raises(ProfilesUnsound, match=r"profiles\.toml：不是合法的TOML"):
        load_profiles(laid_over(tmp_path, "[["))
