"""Sizes and durations in words, one way of writing each. A leaf: any layer may import it."""

from __future__ import annotations


def age(seconds: float) -> str:
    """`<1m`, `4m`, `3h`, `12d`: never finer than a minute. Negative ages, from clocks that differ, are 0."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return "<1m"
    if minutes < 120:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 2880 else f"{minutes // 1440}d"


def fine_age(seconds: float) -> str:
    """As `age`, with `<15s`, `15s`, `30s` and `45s` within the first minute."""
    if seconds >= 60:
        return age(seconds)
    return f"{int(max(0.0, seconds) // 15) * 15 or '<15'}s"


def whole_seconds(seconds: float) -> str:
    """`14 s`, `119 s`, then as `age`: how long something has lasted."""
    return f"{seconds:.0f} s" if seconds < 120 else age(seconds)


def duration(seconds: float) -> str:
    """`340 ms`, `2.1 s`, `14 s`, `3m`: how long something took."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 9.95 else whole_seconds(seconds)


def counted(count: int, noun: str) -> str:
    """`1 room`, `2 rooms`, `1,000 rooms`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """`2.9 MiB`, `17.3 KiB`, `12 B`: bytes on this machine."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def decimal_size(count: int) -> str:
    """`1.2 MB`, `34 kB`: bytes of an upload, whose limits are given in powers of ten."""
    if count >= 1_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{max(1, round(count / 1e3)) if count else 0} kB"


def version_tag(tag: str) -> str:
    """`11-29 01:22` of a tag of 14 digits, which are a time in UTC; any other tag as it is."""
    if len(tag) == 14 and tag.isascii() and tag.isdigit():
        return f"{tag[4:6]}-{tag[6:8]} {tag[8:10]}:{tag[10:12]}"
    return tag
