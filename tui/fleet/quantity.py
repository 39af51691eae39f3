"""Kubernetes quantities, such as `250m` and `4Gi`, written as `lk agent status` writes them."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

_GRAMMAR = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?"
)
_FACTOR = {
    "": Decimal(1),
    **{unit: Decimal(10) ** power for unit, power in zip("num", (-9, -6, -3), strict=True)},
    **{unit: Decimal(1000) ** (i + 1) for i, unit in enumerate("kMGTPE")},
    **{f"{unit}i": Decimal(1024) ** (i + 1) for i, unit in enumerate("KMGTPE")},
}
_NEARLY = {unit: float(factor) for unit, factor in _FACTOR.items()}
_NANO = Decimal("1e-9")


def parse(text: str) -> Decimal | None:
    """The value in its base unit (cores, bytes); None if the text is no quantity."""
    match = _GRAMMAR.fullmatch(text.strip())
    if match is None:
        return None
    number, suffix, exponent = match.groups()
    value = Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _FACTOR[suffix or ""])
    return value.quantize(_NANO, rounding=ROUND_CEILING) if abs(value) < 1 else value


@lru_cache(maxsize=256)
def cpu(text: str) -> str:
    """`184m`: rounded up to whole thousandths of a core; empty for no quantity."""
    value = parse(text)
    return "" if value is None else f"{(value * 1000).to_integral_value(ROUND_CEILING)}m"


@lru_cache(maxsize=256)
def memory(text: str, suffix: bool = False) -> str:
    """`0.68`: GiB to two significant digits as C prints them, on request with `GB`; empty for no quantity."""
    value = parse(text)
    if value is None:
        return ""
    size = value.to_integral_value(ROUND_CEILING) / Decimal(2**30)
    return f"{float(size):.2g}{'GB' if suffix else ''}"


def share(used: str, limit: str) -> float | None:
    """Used over limit, to a billionth; None when either is unknown."""
    top, bottom = _amount(used), _limit(limit)
    return round(top / bottom, 9) if top is not None and bottom else None


def _amount(text: str) -> float | None:
    """The value as a float: enough to compare, in a third of the time of the exact one."""
    match = _GRAMMAR.fullmatch(text.strip())
    if match is None:
        return None
    number, suffix, exponent = match.groups()
    return float(number) * (10.0 ** int(exponent) if exponent else _NEARLY[suffix or ""])


_limit = lru_cache(maxsize=256)(_amount)
