"""Runs with Ray: the same store as a run in one process, whoever is killed meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from seewhy import errors
from seewhy.datasets import RunOptions
from seewhy.datasets.engines import on_ray
from seewhy.datasets.engines.ray_cluster import Pool, ray_package
from seewhy.datasets.engines.ray_worker import problem_of, raise_problem
from seewhy.datasets.run_photos import RunState
from seewhy.errors import DependencyError, OptionError, StoreError

pytestmark = pytest.mark.one_backend

PHOTOS, PART, LIMIT = 30, 4, 240
"""Photos, photos in a part, and seconds: a worker that is lost can leave Ray waiting."""
# this backend starts soonest, and each worker is a process
SETTINGS = {
    "KERAS_BACKEND": "numpy",
    "OPENBLAS_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
BEGINNING = """
import json, os, pathlib, signal, sys, time
import keras
import ray
import seewhy
from seewhy import datasets

def parts(store):
    return {each.name: each.read_bytes() for each in pathlib.Path(store).glob("part-*.parquet")}

def workers():
    "Ray's processes below this one that hold a model."
    found, below = [], {os.getpid()}
    status = [path.read_text() for path in pathlib.Path("/proc").glob("[0-9]*/stat")]
    parents = {int(line.split()[0]): int(line.rpartition(")")[2].split()[1]) for line in status}
    for pid in sorted(parents):
        if parents[pid] in below:
            below.add(pid)
            name = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"MapWorker" in name and b"PartWorker" in name:
                found.append(pid)
    return found

class Doubled(keras.layers.Layer):
    "Known to this script only."
    def call(self, inputs):
        return inputs * 2

image = keras.Input((32, 32, 3))
model = keras.Model(image, keras.saving.load_model("own.keras")(Doubled()(image)))
explainer = seewhy.Explainer(model, method="rise:masks=200", preprocess="unit", batch_size=2)
how = {"shard_size": int(sys.argv[1]), "workers": 2}
"""
KILLED = (
    BEGINNING
    + """
datasets.run(explainer, "photos", "whole", datasets.RunOptions(**how))
ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="critical")
killed, told = [], []

def watch(state):
    told.append([state.done, len(parts("store"))])
    if state.done and not killed and workers():
        killed.append(workers()[0])
        os.kill(killed[0], signal.SIGKILL)

state = datasets.run(
    explainer, "photos", "store", datasets.RunOptions(**how, engine="ray"), told=watch
)
print(json.dumps({
    "killed": len(killed), "at": [count for count in told if count[0]][0],
    "same": parts("store") == parts("whole"), "parts": len(parts("store")),
    "done": [state.photos, state.done, state.unreadable, state.whole],
    "manifests": [json.loads(pathlib.Path(s, "manifest.json").read_text())
                  for s in ("whole", "store")],
    "going on": ray.is_initialized(), "rows": [row.id for row in datasets.open("store")],
}))
"""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with photos, one of them broken, and a model."""
    place = tmp_path_factory.mktemp("ray")
    (place / "photos").mkdir()
    values = np.random.default_rng(0)
    for k in range(PHOTOS):
        pixels = values.integers(0, 256, (33, 40, 3)).astype("uint8")
        Image.fromarray(pixels).save(place / f"photos/{k:02}.png")
    (place / "photos/07.png").write_bytes(b"none")
    import keras

    image = keras.Input((32, 32, 3))
    x = keras.layers.Permute((1, 3, 2, 4, 5))(keras.layers.Reshape((8, 4, 8, 4, 3))(image))
    x = keras.layers.Dense(6, activation="relu")(keras.layers.Reshape((8, 8, 48))(x))
    x = keras.layers.Dense(5, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(image, x).save(place / "own.keras")
    return place


def python(folder, *arguments, **how):
    """Start Python in the folder, in a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=os.environ | SETTINGS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **how,
    )


def ended(process):
    """(status, stdout, stderr); whoever takes too long is killed with all its processes."""
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, out, err


def test_a_worker_killed_in_the_middle(folder):
    status, out, err = ended(python(folder, "-c", KILLED, PART))
    assert status == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found["killed"] == 1
    assert found["same"]
    assert found["parts"] == -(-PHOTOS // PART) > found["at"][1]
    assert found["done"] == [PHOTOS, PHOTOS, 1, True]
    assert found["manifests"][0] == found["manifests"][1]
    assert found["rows"] == [f"{k:02}.png" for k in range(PHOTOS)]
    assert found["going on"]  # what the user began, the user ends


def command(store, *more):
    own = ["--model", "own.keras", "--method", "rise:masks=200", "--preprocess", "unit"]
    how = ["--batch-size", 2, "--shard-size", PART, "--output", store]
    return ["-m", "seewhy", "run", "photos", *own, *how, *more]


def parts(store):
    return {path.name: path.read_bytes() for path in Path(store).glob("part-*.parquet")}


def until_begun(store, process):
    """Wait until there are parts, or the process is over."""
    limit = time.monotonic() + LIMIT
    while process.poll() is None and len(parts(store)) < 2 and time.monotonic() < limit:
        time.sleep(0.01)


@pytest.mark.slow
def test_the_driver_killed_and_started_again(folder):
    assert ended(python(folder, *command("whole2")))[0] == 1  # one photo is broken
    ray = ["--engine", "ray", "--workers", 2]
    first = python(folder, *command("again", *ray))
    until_begun(folder / "again", first)
    first.kill()
    ended(first)
    before = parts(folder / "again")
    assert 2 <= len(before) < len(parts(folder / "whole2"))
    times = {name: (folder / "again" / name).stat().st_mtime_ns for name in before}
    status, out, err = ended(python(folder, *command("again", *ray)))
    assert status == 1, err
    assert "done before" in out
    assert parts(folder / "again") == parts(folder / "whole2")
    for name, time_of in times.items():
        assert (folder / "again" / name).stat().st_mtime_ns == time_of


@pytest.mark.slow
def test_ctrl_c_finishes_the_parts_in_hand_and_the_command_goes_on(folder):
    first = python(folder, *command("stopped", "--engine", "ray", "--workers", 1))
    until_begun(folder / "stopped", first)
    first.send_signal(signal.SIGINT)
    status, out, err = ended(first)
    assert (status, out) == (130, "")
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert 2 <= len(parts(folder / "stopped")) < -(-PHOTOS // PART)
    assert ended(python(folder, *command("stopped")))[0] == 1
    assert len(parts(folder / "stopped")) == -(-PHOTOS // PART)


@pytest.mark.slow
def test_ctrl_c_twice_stops_at_once(folder):
    ray = ["--engine", "ray", "--workers", 1]
    words = ["rise:masks=9000" if word == "rise:masks=200" else word for word in command("twice")]
    first = python(folder, *words, *ray)
    while first.poll() is None and not (folder / "twice/manifest.json").exists():
        time.sleep(0.1)
    time.sleep(1)
    first.send_signal(signal.SIGINT)
    assert "the part in hand is finished first" in first.stderr.readline()
    first.send_signal(signal.SIGINT)
    status, out, err = ended(first)
    assert (status, out) == (130, "")
    # and nothing of Ray's own end
    assert err == "seewhy: stopped; the same command goes on behind the last finished part.\n"


@pytest.mark.slow
def test_what_is_wrong_in_a_worker_is_told_as_elsewhere(folder):
    ray = ["--engine", "ray", "--workers", 1]
    status, out, err = ended(python(folder, *command("wrong", *ray, "--target", "99")))
    assert (status, out) == (1, "")
    assert err.startswith("seewhy: ")
    assert "99" in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def cluster(*nodes):
    found = [{"Alive": True, "Resources": each} for each in nodes]
    return SimpleNamespace(nodes=lambda: [*found, {"Alive": False, "Resources": {"CPU": 64}}])


@pytest.mark.framework_free
@pytest.mark.parametrize(
    ("nodes", "asked", "size", "cpus", "gpus"),
    [
        ([{"CPU": 9}], None, 1, 8, 0),
        ([{"CPU": 9}], 2, 2, 4, 0),
        ([{"CPU": 2}], 2, 2, 0.5, 0),
        ([{"CPU": 1}], None, 1, 0, 0),
        ([{"CPU": 8}, {"CPU": 16}], None, 2, 8, 0),
        ([{"CPU": 16, "GPU": 2}, {"CPU": 8, "GPU": 1}], None, 3, 1, 1),
        ([{"CPU": 16, "GPU": 1}], 2, 2, 1, 0.5),
    ],
)
def test_workers_leave_ray_a_processor(nodes, asked, size, cpus, gpus):
    pool = Pool.of(cluster(*nodes), asked)
    assert (pool.size, pool.cpus, pool.gpus) == (size, cpus, gpus)
    assert pool.size * pool.cpus <= sum(each["CPU"] for each in nodes) - 1
    assert 1 <= pool.threads <= 16


@pytest.fixture
def watched(monkeypatch):
    """A run whose workers give so many signs of life, and a clock to be set."""
    clock = SimpleNamespace(now=0.0, beats=0, parts={}, finished=[])

    def look(finished):
        clock.finished += finished
        return clock.beats, clock.parts

    progress = SimpleNamespace(look=SimpleNamespace(remote=look))
    monkeypatch.setattr(on_ray.time, "monotonic", lambda: clock.now)
    run = SimpleNamespace(state=RunState(photos=8), told=lambda state: None)
    watch = on_ray.Watch(SimpleNamespace(get=lambda value: value), run, lambda: False)
    clock.look = lambda: watch._count(progress, 0)
    clock.take = watch._take
    clock.state = run.state
    return clock


@pytest.mark.framework_free
def test_workers_that_are_lost_end_the_run(watched):
    watched.now = 2 * on_ray.LATE  # nothing has begun: the cluster may be busy
    watched.look()
    watched.now = 2 * on_ray.PATIENCE
    watched.look()
    assert watched.state.problems == [on_ray.WAITING]
    watched.beats = 1
    watched.look()
    watched.now += on_ray.PATIENCE - 1
    watched.look()
    watched.now += 2
    with pytest.raises(StoreError, match=r"no sign of life for 301 s.* same command goes on"):
        watched.look()


@pytest.mark.framework_free
def test_photos_of_a_part_that_comes_again_are_counted_once(watched):
    watched.parts = {0: (3, 1), 1: (2, 0)}
    watched.look()
    assert (watched.state.done, watched.state.unreadable) == (5, 1)
    watched.parts = {0: (1, 0), 1: (4, 0)}  # the worker of part 0 was lost
    watched.look()
    assert (watched.state.done, watched.state.unreadable) == (5, 0)
    watched.take(json.dumps({"part": 0, "done": 4, "unreadable": 1, "problems": ["bad"]}))
    watched.parts = {1: (4, 0)}
    watched.look()
    assert watched.finished == [0]
    assert (watched.state.done, watched.state.unreadable) == (8, 1)
    assert watched.state.problems == ["bad"]


@pytest.mark.framework_free
def test_without_ray_its_mend_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyError, match=r"pip install 'seewhy\[ray\]'"):
        ray_package()


@pytest.mark.framework_free
def test_an_engine_that_there_is_not():
    with pytest.raises(OptionError, match="local, ray; got 'dask'"):
        RunOptions(engine="dask")


@pytest.mark.framework_free
def test_problems_are_the_same_on_the_other_side():
    with pytest.raises(StoreError, match="full"):
        raise_problem(json.loads(json.dumps(problem_of(StoreError("full")))))
    with pytest.raises(errors.SeewhyError, match=r"a worker on .* failed .TypeError: odd"):
        raise_problem(problem_of(TypeError("odd")))
