"""Photos that are known again, and others that are merely similar."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from seewhy.audit.beside import small_copies
from seewhy.audit.beside.alike import groups_of_copies, near_pairs
from seewhy.audit.beside.small_copies import SmallCopies, small_copy

pytestmark = pytest.mark.framework_free


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def photo():
    return Image.open(Path(seewhy.__file__).parent / "data" / "chelsea.png").convert("RGB")


def copy_of(image, **how):
    file = BytesIO()
    image.save(file, **how or {"format": "png"})
    return file.getvalue()


def copies_of(tmp_path, photos):
    found = []
    for k, data in enumerate(photos):
        path = tmp_path / f"{k}.img"
        path.write_bytes(data)
        found.append(small_copy(str(path)))
    return [digest for digest, _ in found], np.stack([copy for _, copy in found])


def test_resized_and_recompressed_photos_are_known_again(photo, tmp_path):
    across, down = photo.size
    changed = [
        copy_of(photo),
        copy_of(photo, format="jpeg", quality=20),
        copy_of(photo.resize((across // 3, down // 3)), format="jpeg", quality=50),
        copy_of(photo.resize((across * 3, down * 3)), format="jpeg", quality=70),
        copy_of(photo.resize((across // 2, down // 2)), format="webp"),
        copy_of(photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    ]
    groups = groups_of_copies(*copies_of(tmp_path, changed), 100)
    assert [group.tolist() for group in groups] == [[0, 1, 2, 3, 4]]


def test_pixels_that_are_the_same_in_other_files_are_the_same_photo(tmp_path):
    """Also where there are no details."""
    smooth = Image.fromarray(np.tile(np.linspace(30, 200, 90).astype("uint8"), (90, 1)))
    files = [copy_of(smooth), copy_of(smooth, format="bmp"), copy_of(smooth.rotate(90))]
    groups = groups_of_copies(*copies_of(tmp_path, files), 100)
    assert [group.tolist() for group in groups] == [[0, 1]]


def test_photos_that_are_merely_similar_are_no_duplicates(photo, tmp_path, random):
    """Parts of a photo that are moved a little, a thing at another place, and plain photos."""
    scene = photo.resize((224, 224))
    things = []
    for left, top in ((20, 20), (150, 150), (20, 150)):
        other = scene.copy()
        other.paste((200, 190, 60), (left, top, left + 25, top + 25))
        things.append(copy_of(other))
    crops = [copy_of(photo.crop((k, k // 2, k + 250, k // 2 + 250))) for k in range(0, 200, 20)]
    plain = [copy_of(Image.new("RGB", (60, 60), (level,) * 3)) for level in (128, 128, 128, 130, 0)]
    noise = [
        copy_of(Image.fromarray(random.normal(120, 10, (200, 200, 3)).astype("uint8")))
        for _ in range(6)
    ]
    away = np.add.outer(np.linspace(-1, 1, 200) ** 2, np.linspace(-1, 1, 200) ** 2)
    textures = [
        copy_of(Image.fromarray(np.clip(each, 0, 255).astype("uint8")))
        for each in 200 - 60 * away + random.normal(0, 25, (4, 200, 200))
    ]
    skies = [
        copy_of(Image.fromarray(np.tile(np.linspace(level, 220, 90).astype("uint8"), (70, 1)).T))
        for level in (60, 62, 70)
    ]
    others = [*plain, *noise, *textures, *skies]
    digests, copies = copies_of(tmp_path, [*things, *crops, *others])
    assert not len(near_pairs(copies))
    # files that are equal, byte by byte, are the same photo whatever they show
    equal = groups_of_copies(digests, copies, 100)
    assert [[digests[k] for k in group] for group in equal] == [[digests[len(things + crops)]] * 3]


def test_the_closest_of_many_are_compared(random, monkeypatch):
    monkeypatch.setattr("seewhy.audit.beside.alike.PARTNERS", 3)
    base = random.uniform(40, 200, (32, 32))
    alike = [base + random.normal(0, 14, base.shape) for _ in range(30)]
    alike.insert(20, alike[0] + random.normal(0, 1, base.shape))
    pairs = near_pairs(np.clip(np.stack(alike), 0, 255).astype("uint8"))
    assert [0, 20] in pairs.tolist()


def test_copies_that_were_made_are_not_made_again(photo, tmp_path, monkeypatch):
    for k in range(9):
        (tmp_path / f"{k}.png").write_bytes(copy_of(photo.rotate(k).resize((64, 64))))
    (tmp_path / "5.png").write_bytes(b"broken")
    sources = [str(tmp_path / f"{k}.png") for k in range(9)]
    monkeypatch.setattr(small_copies, "PART", 3)
    made, make = [], small_copies.small_copy

    def making(source):
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(source)
        return make(source)

    monkeypatch.setattr(small_copies, "small_copy", making)
    monkeypatch.setattr(small_copies, "_BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        SmallCopies(sources, tmp_path).read(lambda *_: None)
    made.clear()
    monkeypatch.setattr(
        small_copies, "small_copy", lambda source: (made.append(source), make(source))[1]
    )
    reader = SmallCopies(sources, tmp_path)
    digests, copies = reader.read(lambda *_: None)
    assert made == sources[3:]
    assert [k for k, digest in enumerate(digests) if not digest] == [5]
    assert "5.png" in reader.problems[0]
    made.clear()
    again = SmallCopies(sources, tmp_path).read(lambda *_: None)
    assert made == sources[3:6]  # one of them could not be read
    assert again[0] == digests
    np.testing.assert_array_equal(again[1], copies)
    # another photo of that name
    (tmp_path / "8.png").write_bytes(copy_of(photo))
    made.clear()
    SmallCopies(sources, tmp_path).read(lambda *_: None)
    assert made == sources[3:]
