"""Finding classes by what people type, and reading class names from their files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from seewhy.errors import LabelsError, TargetError
from seewhy.targets import labels
from seewhy.targets.labels import Group, Label, Labels

pytestmark = pytest.mark.framework_free


def digits(*names: str) -> Labels:
    return labels.labels_of_model(names, len(names))


def test_imagenet_has_the_usual_order():
    classes = labels.imagenet_labels()
    assert len(classes) == 1000
    assert classes[0] == Label(0, "n01440764", "tench")
    assert classes[285] == Label(285, "n02124075", "Egyptian_cat")
    assert [label.index for label in classes.entries] == list(range(1000))


@pytest.mark.parametrize(
    "wanted",
    [282, "282", " 282 ", np.int64(282), "n02123159", "N02123159", "tiger_cat", "Tiger Cat"],
)
def test_one_class_by_all_its_names(wanted):
    assert labels.imagenet_labels().find(wanted).index == 282


def test_hyphens_do_not_matter():
    assert labels.imagenet_labels().find("shih tzu").name == "Shih-Tzu"


@pytest.mark.parametrize(("wanted", "index"), [("Cardigan", 264), ("cardigan", 474)])
def test_exact_spelling_decides_between_dog_and_garment(wanted, index):
    assert labels.imagenet_labels().find(wanted).index == index


@pytest.mark.parametrize(
    ("wanted", "candidates"),
    [
        ("crane", ["134 n02012849 crane", "517 n03126707 crane"]),
        ("Maillot", ["638 n03710637 maillot", "639 n03710721 maillot"]),
        ("CARDIGAN", ["264 n02113186 Cardigan", "474 n02963159 cardigan"]),
    ],
)
def test_ambiguous_names_list_their_classes(wanted, candidates):
    with pytest.raises(TargetError, match="can mean 2 classes") as caught:
        labels.imagenet_labels().find(wanted)
    assert all(candidate in str(caught.value) for candidate in candidates)
    assert "index or WordNet id" in str(caught.value)


@pytest.mark.parametrize("wanted", [1000, -1, "1000", "-1", "99999"])
def test_index_out_of_range_names_the_range(wanted):
    with pytest.raises(TargetError, match="indices 0 to 999"):
        labels.imagenet_labels().find(wanted)


@pytest.mark.parametrize("wanted", [True, None, 1.5])
def test_what_is_no_class_is_refused(wanted):
    with pytest.raises(TargetError, match="0 to 999 or a name"):
        labels.imagenet_labels().find(wanted)


@pytest.mark.parametrize(
    ("wanted", "name", "size"),
    [("dog", "dog", 118), ("Dogs", "dog", 118), ("big cats", "big_cat", 8), ("foxes", "fox", 4)],
)
def test_groups(wanted, name, size):
    found = labels.imagenet_labels().find(wanted)
    assert isinstance(found, Group)
    assert (found.name, len(found.indices)) == (name, size)


def test_ranges_of_groups_include_both_ends():
    assert labels.imagenet_labels().find("elephant").indices == (101, 385, 386)


def test_a_class_goes_before_a_group():
    both = Labels(digits("cat", "dog").entries, {"cat": (0, 1)})
    assert both.find("cat") == Label(0, None, "cat")


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("tiger_ct", "282 n02123159 tiger_cat"),
        ("retriever", "207 n02099601 golden_retriever"),
        ("tabby cat", "281 n02123045 tabby"),
        ("dogg", "Groups of classes: dog"),
    ],
)
def test_unknown_names_get_the_nearest(wanted, hint):
    with pytest.raises(TargetError) as caught:
        labels.imagenet_labels().find(wanted)
    assert hint in str(caught.value)


def test_unknown_name_without_neighbours_says_what_works():
    with pytest.raises(TargetError, match="index from 0 to 999 or a name such as 'tench'"):
        labels.imagenet_labels().find("qqqqqq")


def test_digits_as_names_are_indices_only_where_both_agree():
    assert digits("0", "1", "2").find("1").index == 1
    assert digits("10", "20").find("20").index == 1
    with pytest.raises(TargetError, match="1 2; 0 1"):
        digits("1", "2", "3").find("1")


FORMS = {
    "names.txt": "tench\ngoldfish\n\n",
    "name.csv": "name\ntench\ngoldfish\n",
    "bare.csv": "tench\ngoldfish\n",
    "swapped.csv": "name,index\ngoldfish,1\ntench,0\n",
    "indexed.csv": "1,goldfish\n0,tench\n",
    "list.json": '["tench", "goldfish"]',
    "object.json": '{"1": "goldfish", "0": "tench"}',
    "inverse.json": '{"goldfish": 1, "tench": 0}',
}
FORMS_WITH_IDS = {
    "full.csv": "index,wnid,name\n1,n01443537,goldfish\n0,n01440764,tench\n",
    "no_header.csv": "0,n01440764,tench\n1,n01443537,goldfish\n",
    "two.csv": "n01440764,tench\nn01443537,goldfish\n",
    "keras.json": '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}',
}


@pytest.mark.parametrize("form", [*FORMS, *FORMS_WITH_IDS])
def test_all_forms_of_files(tmp_path, form):
    path = tmp_path / form
    path.write_text({**FORMS, **FORMS_WITH_IDS}[form], encoding="utf-8-sig")
    ids = ("n01440764", "n01443537") if form in FORMS_WITH_IDS else (None, None)
    assert labels.read_labels(path).entries == (
        Label(0, ids[0], "tench"),
        Label(1, ids[1], "goldfish"),
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", "tench\n\ngoldfish", "line 2 is empty"),
        ("a.txt", "", "no class names"),
        ("a.csv", "index,name\n0,tench\n2,goldfish", "at 1 there is 2"),
        ("a.csv", "index,name\n0,tench\n0,goldfish", "at 1 there is 0"),
        ("a.csv", "index,name\none,tench", "found 'one'"),
        ("a.csv", "name\ntench, a fish", "needs quotes"),
        ("a.csv", "a,b,c,d", "no header"),
        ("a.json", "{", "cannot read"),
        ("a.json", "3", "list of names"),
        ("a.json", "[3]", "found 3"),
        ("a.json", '{"a": "b"}', "found 'a'"),
        ("a.xml", "", "not from"),
    ],
)
def test_unreadable_files_say_why(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(LabelsError, match=reason):
        labels.read_labels(path)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(LabelsError, match="cannot read"):
        labels.read_labels(tmp_path / "a.txt")


def test_missing_file(tmp_path):
    with pytest.raises(LabelsError, match="there is no file"):
        labels.read_labels(tmp_path / "names.txt")


def test_of_takes_names_labels_files_and_nothing(tmp_path):
    path = tmp_path / "n.json"
    path.write_text(json.dumps(["a", "b"]))
    named = labels.labels_of_model(["a", "b"], 2)
    assert named[1] == Label(1, None, "b")
    assert (
        labels.labels_of_model(path, 2)
        == labels.labels_of_model(str(path), 2)
        == labels.labels_of_model(named, 2)
        == named
    )
    assert [label.name for label in labels.labels_of_model(None, 2).entries] == [
        "class 0",
        "class 1",
    ]
    assert labels.labels_of_model(None, 3).find("Class 2").index == 2


def test_of_compares_the_numbers(tmp_path):
    with pytest.raises(LabelsError, match=r"model has 3 outputs, but there are 2 .* Give 3 names"):
        labels.labels_of_model(["a", "b"], 3)
