"""What the checks of trust say of maps that are right, and of maps that are known to be wrong.

    python benchmarks/trust.py FOLDER [--output results.json] [--methods layer-cam]

FOLDER has photos and `labels.csv` with the columns file, kind, index: the kind of photo ("right"
where the network's top class is right, "wrong", "pasted", …), and the class that is explained.
Of each kind every other photo, from the second on, is judged: the others are for choosing
thresholds. Of photos that the network gets wrong only its own maps are. Also measures what 20
verdicts take beside their forward passes.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from seewhy import Explainer
from seewhy.metrics.controls import centre_map, edge_map, random_map
from seewhy.results.trust import Trust

RANKS = (100, 900)
BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--methods", default="layer-cam,gradient-input")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with (arguments.folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    by_kind: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    explainer = Explainer(arguments.model, batch_size=BATCH)
    found: dict[str, Any] = {"times": _times(explainer, arguments.folder, rows), "records": []}
    print(json.dumps(found["times"]), flush=True)
    for kind, photos in by_kind.items():
        for name, trusts in _judged(explainer, arguments, photos[1::2]):
            found["records"].append({"photos": kind, "map": name} | _rates(trusts))
            print(json.dumps(found["records"][-1]), flush=True)
            if name == "own" and "wrong" in kind:
                break
    if arguments.output:
        arguments.output.write_text(json.dumps(found, indent=1) + "\n")


def _judged(
    explainer: Explainer, arguments: argparse.Namespace, photos: list[dict[str, str]]
) -> Any:
    """(name of the kind of map, the verdicts of its maps)."""
    paths = [str(arguments.folder / row["file"]) for row in photos]
    targets = [int(row["index"]) for row in photos]
    own = explainer(paths, targets)
    yield "own", explainer.trust(own)
    ranked = explainer.having(top=RANKS[1])(paths, targets)
    random = np.random.default_rng(0)
    ranks = random.integers(*RANKS, size=len(photos)).tolist()
    places = [one.predictions[rank].index for one, rank in zip(ranked, ranks, strict=True)]
    yield f"rank {RANKS[0]}–{RANKS[1]}", explainer.trust(explainer(paths, places))
    images = explainer.scorer(paths).inputs
    given = {
        "another photo's": [one.map for one in [*own[1:], own[0]]],
        "centre Gaussian": list(centre_map(images)),
        "narrower Gaussian": list(centre_map(images, sigma=0.2)),
        "edges": list(edge_map(images)),
        "random": list(random_map(np.zeros((len(photos), *own[0].map.shape, 1)))),
    }
    for name, maps in given.items():
        yield name, explainer.judge(maps, paths, targets)
    few = slice(12)  # the fifth check decides
    for name, maps in given.items():
        judged = explainer.judge(maps[few], paths[few], targets[few], claimed=True)
        yield f"{name}, said to be its own", judged
    for method in arguments.methods.split(","):
        other = explainer.having(method=method)
        explanations = other(paths, targets)
        maps = [one.heatmap for one in explanations]
        yield f"{method}, method not said", explainer.judge(maps, paths, targets)
        yield f"{method}, said", other.trust(explanations)


def _rates(trusts: list[Trust]) -> dict[str, Any]:
    """How many there are, and the share that passes, in all and of each check."""
    passed: dict[str, list[bool]] = defaultdict(list)
    for trust in trusts:
        for check in trust.checks:
            if check.passed is not None:
                passed[check.name].append(check.passed)
    return {
        "count": len(trusts),
        "pass": _share([trust.verdict == "pass" for trust in trusts]),
        "fail": _share([trust.verdict == "fail" for trust in trusts]),
        "checks": {name: _share(answers) for name, answers in passed.items()},
    }


def _share(answers: list[bool]) -> float:
    return round(float(np.mean(answers)), 3)


def _times(explainer: Explainer, folder: Path, rows: list[dict[str, str]]) -> dict[str, float]:
    """Processor seconds of 20 verdicts, and of as many forward passes of the model, in turn."""
    paths = [str(folder / row["file"]) for row in rows[:20]]
    explanations = explainer(paths)
    images = np.repeat(explainer.scorer(paths).inputs, 39, axis=0)
    model = explainer.pipeline.wrapped.model
    verdicts, passes = [], []
    for _ in range(3):
        start = time.process_time()
        explainer.trust(explanations)
        verdicts.append(time.process_time() - start)
        start = time.process_time()
        model.predict(images, batch_size=BATCH, verbose=0)
        passes.append(time.process_time() - start)
    best = min(verdicts[1:]), min(passes[1:])
    return {
        "first": verdicts[0],
        "verdicts": best[0],
        "passes": best[1],
        "times": best[0] / best[1],
    }


if __name__ == "__main__":
    main()
