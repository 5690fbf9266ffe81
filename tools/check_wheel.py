"""Whether an installed wheel is whole: run by the Python of an environment that has nothing else.

`python tools/check_wheel.py SOURCE` compares it with the folder that it was built from; it must not
be on the path. Prints what was checked, and ends with what is wrong.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("seewhy", "seewhy_pytest")
LINKS = {"Documentation", "Source", "Issues", "Changelog"}
# They import a framework that this environment need not have, or pytest.
ELSEWHERE = ("seewhy.backend.", "seewhy.__main__", "seewhy_pytest")


def main() -> None:
    source = Path(sys.argv[1]).resolve()
    environment = Path(sys.prefix).resolve()
    for package in PACKAGES:
        (place,) = importlib.util.find_spec(package).submodule_search_locations
        expect(environment in Path(place).resolve().parents, f"{package} is not the installed one")
        ours, theirs = files(source / package), files(Path(place))
        expect(ours == theirs, f"{package}: in one only: {sorted(ours ^ theirs)}")
        expect("py.typed" in theirs, f"{package} has no py.typed")
        print(f"{package}: {len(theirs)} files, as in the source")
    check_metadata()
    check_imports()
    check_command()
    check_demo()


def files(folder: Path) -> set[str]:
    """All files of a package but compiled ones, by their paths."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in paths if "__pycache__" not in path.parts}


def check_metadata() -> None:
    import seewhy

    about = importlib.metadata.metadata("seewhy")
    expect(about["Version"] == seewhy.__version__, "the versions differ")
    links = {line.partition(",")[0] for line in about.get_all("Project-URL")}
    expect(links == LINKS, f"links: {links}")
    expect("Grad-CAM" in about.get_payload(), "the README is not the description")
    names = {point.name for point in importlib.metadata.distribution("seewhy").entry_points}
    expect(names == {"seewhy"}, f"entry points: {names}")
    print(f"metadata: version {about['Version']}, {', '.join(sorted(links))}")


def check_imports() -> None:
    import seewhy

    found = [module.name for module in pkgutil.walk_packages(seewhy.__path__, "seewhy.")]
    names = [name for name in found if not name.startswith(ELSEWHERE)]
    for name in names:
        importlib.import_module(name)
    for name in seewhy.__all__:
        getattr(seewhy, name)
    print(f"imports: {len(names)} modules, {len(seewhy.__all__)} public names")


def check_command() -> None:
    command = str(Path(sys.executable).with_name("seewhy"))
    version = importlib.metadata.version("seewhy")
    for start in ([command], [sys.executable, "-m", "seewhy"]):
        expect(run(*start, "--version") == f"seewhy {version}\n", "--version says another")
        expect("explain" in run(*start, "--help"), "--help lists no commands")
    expect("rise" in run(command, "methods"), "methods are not listed")
    print("command: --version, --help, methods; python -m seewhy")


def check_demo() -> None:
    """The bundled photo is explained by the bundled network."""
    with tempfile.TemporaryDirectory() as folder:
        command = Path(sys.executable).with_name("seewhy")
        told = run(str(command), "demo", "--output", folder)
        pictures = sorted(path.name for path in Path(folder).iterdir())
        expect("tabby" in told or "cat" in told, f"the demo says {told!r}")
        expect(len(pictures) >= 2, f"the demo writes {pictures}")
        page = Path(folder) / "debug.html"
        photo = str(Path(importlib.import_module("seewhy.data").__file__).with_name("chelsea.png"))
        code = "import sys, seewhy; "
        code += "seewhy.debug('efficientnet-lite0', sys.argv[1], 'lynx', trust=False)"
        code += ".save(sys.argv[2])"
        run(sys.executable, "-W", "ignore", "-c", code, photo, str(page))
        expect("</html>" in page.read_text(encoding="utf-8"), "the page is not whole")
    print(f"demo: {', '.join(pictures)}; a page of debug")


def run(*command: str) -> str:
    """What a command prints, started where no checkout is."""
    done = subprocess.run(
        command,
        cwd=tempfile.gettempdir(),
        env=os.environ | {"PYTHONPATH": "", "TERM": "dumb", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    expect(done.returncode == 0, f"{' '.join(command)} ends with {done.returncode}: {done.stderr}")
    return done.stdout


def expect(true: bool, otherwise: str) -> None:
    if not true:
        sys.exit(f"the wheel is not whole: {otherwise}")


if __name__ == "__main__":
    main()
