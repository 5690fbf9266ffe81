"""Texts within the files of pictures: they come back, and the pixels stay."""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PdfParser import PdfParser

from seewhy import render
from seewhy.render.embedded import LONGEST, embed_text, embedded_text
from seewhy.render.embedded.html import record_script
from seewhy.render.embedded.limits import KEY, LONGEST_READ, TextError

pytestmark = pytest.mark.framework_free

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype="uint8")
TEXTS = {
    "short": json.dumps({"name": "cät\x1b[31m <&> ]]> </seewhy:record> \"'"}).replace(
        "</s", "\\u003c/s"
    ),
    "long": "".join(f"{k:x}<" for k in range(60_000)),
    "longest": "0123456789" * (LONGEST // 10),
    "empty": "",
}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp", ".svg", ".pdf"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_comes_back_and_the_pixels_stay(tmp_path, suffix, text):
    path = render.save(PICTURE, tmp_path / f"with{suffix}", text=text)
    bare = render.save(PICTURE, tmp_path / f"without{suffix}")
    assert embedded_text(path.read_bytes()) == text
    assert embedded_text(bare.read_bytes()) is None
    if suffix == ".pdf":
        _assert_same_pdf(path.read_bytes(), bare.read_bytes())
    elif suffix != ".svg":
        with Image.open(path) as one, Image.open(bare) as other:
            one.load()
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
            assert one.info.get("xmp") is not None or "seewhy" in getattr(one, "text", {})
    else:
        from xml.etree import ElementTree

        root = ElementTree.parse(path).getroot()
        assert root[1].text == (text or None)


def test_pillow_reads_the_text_of_a_png(tmp_path):
    path = render.save(PICTURE, tmp_path / "x.png", text=TEXTS["longest"])
    with Image.open(path) as image:
        assert image.text["seewhy"] == TEXTS["longest"]


def _assert_same_pdf(whole, bare):
    """As Pillow's own parser reads both: one page with one picture, and metadata beside it."""
    one, other = PdfParser(buf=bytearray(whole)), PdfParser(buf=bytearray(bare))
    assert len(one.pages) == len(other.pages) == 1
    page, same = (each.read_indirect(each.pages[0]) for each in (one, other))
    assert {name: page[name] for name in page} == {name: same[name] for name in same}
    picture = page[b"Resources"][b"XObject"][b"image"]
    assert one.read_indirect(picture).buf == other.read_indirect(picture).buf
    metadata = one.read_indirect(one.root[b"Metadata"])
    assert metadata.dictionary[b"Subtype"] == b"XML"
    assert metadata.buf.startswith(b"<?xpacket begin")
    assert metadata.buf.endswith(b'<?xpacket end="r"?>')
    assert b"Metadata" not in other.root


def test_a_pdf_of_another_program_stays_as_it_is():
    for content in (b"%PDF-1.7\n%%EOF", b"%PDF-1.7\ntrailer\n<< /Size 1 >>\nstartxref\n0\n%%EOF\n"):
        assert embed_text(content, "text") == content


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_comes_back_from_a_page(text):
    told = json.dumps({"name": text})
    page = f"<!doctype html>\n<html><body><p>{KEY}</p>{record_script(told)}</body></html>\n"
    found = embedded_text(page.encode())
    assert json.loads(found) == {"name": text}
    assert not set(found) & set("<>&")
    assert embedded_text(b"<!DOCTYPE html><html></html>") is None
    assert record_script(None) == ""
    with pytest.raises(TextError, match="cut short"):
        embedded_text(page.encode()[:-20].replace(b"</script>", b""))


def _png(data: bytes) -> bytes:
    chunk = b"iTXt" + data
    whole = struct.pack(">I", len(data)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + whole


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"seewhy\0\1\0\0\0" + zlib.compress(b"0" * (LONGEST_READ + 1)), "too long"),
        (b"seewhy\0\1\0\0\0" + zlib.compress(b"0" * 1000)[:-6], "cut short"),
        (b"seewhy\0\1\0\0\0nothing packed", "unpacked"),
        (b"seewhy\0\1\0", "cut short"),
        (b"seewhy\0\0\0\0\0\xff\xfe", "UTF-8"),
    ],
    ids=["bomb", "torn", "not packed", "short", "letters"],
)
def test_damaged_chunks_are_told(data, told):
    with pytest.raises(TextError, match=told):
        embedded_text(_png(data))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".svg", ".pdf"])
def test_a_file_that_is_cut_anywhere_gives_no_other_error(tmp_path, suffix):
    whole = render.save(PICTURE, tmp_path / f"x{suffix}", text=TEXTS["long"]).read_bytes()
    for end in [*range(0, 300, 7), *range(300, len(whole), len(whole) // 60)]:
        try:
            found = embedded_text(whole[:end])
        except TextError:
            continue
        assert found is None or found == TEXTS["long"]


def test_a_jpeg_that_promises_too_much_is_told():
    body = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">II", 2**31, 0) + b"x"
    file = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    with pytest.raises(TextError, match="too long"):
        embedded_text(file)
