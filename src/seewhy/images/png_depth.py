"""What is lost of PNG files with 16-bit colours, which are read with 8 bits each."""

from __future__ import annotations


def coarse_note(data: bytes) -> tuple[str, ...]:
    """A note where the bytes are such a file; none for any other."""
    is_png = data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR"
    if not is_png or data[24:25] != b"\x10" or data[25:26] == b"\0":
        return ()
    return (
        "high-bit-depth: of each 16-bit colour value only the upper 8 bits were read, as if 65535 "
        "were white. If the model was trained otherwise, give a uint16 array and range=(0, …).",
    )
