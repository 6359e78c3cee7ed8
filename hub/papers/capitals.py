"""Amounts in words 人民币大写, as a notice of payment needs them beside the figures."""

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def in_capitals(amount_fen: int) -> str:
    """123456 → 壹仟贰佰叁拾肆元伍角陆分; up to 10^16 yuan. Negative amounts begin with 负."""
    assert abs(amount_fen) < 10**18, amount_fen
    yuan, fen = divmod(abs(amount_fen), 100)
    jiao, fen = divmod(fen, 10)
    whole = _whole(yuan) + "元" if yuan else ""
    small = f"{DIGITS[jiao]}角" if jiao else ("零" if yuan and fen else "")
    small += f"{DIGITS[fen]}分" if fen else ""
    sign = "负" if amount_fen < 0 else ""
    return sign + (whole + small if small else (whole or "零元") + "整")


def _whole(yuan: int) -> str:
    groups, rest = [], yuan
    while rest:
        rest, group = divmod(rest, 10_000)
        groups.append(group)
    said = ""
    for place in reversed(range(len(groups))):
        group = groups[place]
        if group:
            # One zero stands for all the places that are empty before what follows.
            gap = bool(said) and (group < 1_000 or groups[place + 1 :][:1] == [0])
            said += ("零" if gap else "") + _group(group) + GROUPS[place]
    return said


def _group(group: int) -> str:
    said, empty = "", False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if digit:
            said += ("零" if empty and said else "") + DIGITS[digit] + PLACES[place]
        empty = digit == 0
    return said
