"""Check a built site: python tools/check_site.py FOLDER

No page may load anything from elsewhere, every link within the site must lead to a page and, where
it names one, to an anchor in it, and links to elsewhere must be addresses. Their hosts are listed:
whether they answer cannot be known offline. Ends with status 1 and a line for each fault.
"""

from __future__ import annotations

import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from re import findall
from urllib.parse import unquote, urlsplit

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "image": "href",
    "use": "href",
}
"""Tags that load what an attribute names; <link> does for some of its kinds."""
LINKS_THAT_LOAD = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "shortcut"}


class Page(HTMLParser):
    """What one page loads, links to, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        self.loads += findall(r"url\(\s*['\"]?([^'\")]+)", given.get("style", ""))
        self.loads += [
            part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()
        ]
        if tag in LOADS and given.get(LOADS[tag]):
            self.loads.append(given[LOADS[tag]])
        elif tag == "link" and given.get("href"):
            kinds = set(given.get("rel", "").lower().split())
            (self.loads if kinds & LINKS_THAT_LOAD else self.links).append(given["href"])
        elif tag in ("a", "area") and given.get("href"):
            self.links.append(given["href"])


def faults(site: Path) -> tuple[list[str], Counter[str]]:
    """What is wrong, a line each, and how many links lead to each host elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in _pages(site)}
    found: list[str] = []
    hosts: Counter[str] = Counter()
    for path, page in pages.items():
        name = path.relative_to(site)
        for address in page.loads:
            if _is_elsewhere(address):
                found.append(f"{name}: loads {address}")
            found += _missing(site, path, pages, address)
        for address in page.links:
            if _is_elsewhere(address):
                host = urlsplit(address).hostname or ""
                hosts[host] += 1
                if "." not in host or " " in address:
                    found.append(f"{name}: {address!r} is no address")
            else:
                found += _missing(site, path, pages, address)
    found += _styles(site)
    return found, hosts


def _pages(site: Path) -> list[Path]:
    """The pages; what the theme keeps as templates beside its scripts is none."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def _styles(site: Path) -> list[str]:
    """Style sheets that load fonts, pictures or others from elsewhere."""
    return [
        f"{path.relative_to(site)}: loads {address}"
        for path in sorted(site.rglob("*.css"))
        for address in findall(
            r"(?:url\(\s*['\"]?|@import\s+['\"])([^'\")]+)", path.read_text(encoding="utf-8")
        )
        if _is_elsewhere(address)
    ]


def _is_elsewhere(address: str) -> bool:
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https", "ftp")


def _missing(site: Path, path: Path, pages: dict[Path, Page], address: str) -> list[str]:
    """A fault where an address within the site leads nowhere."""
    parts = urlsplit(address)
    if parts.scheme or address.startswith("//"):
        return []  # elsewhere, data:, mailto:
    target = path
    if parts.path:
        folder = site if parts.path.startswith("/") else path.parent
        target = (folder / unquote(parts.path).lstrip("/")).resolve()
        if target.is_dir():
            target = target / "index.html"
        if not target.exists():
            return [f"{path.relative_to(site)}: there is no {address}"]
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return [f"{path.relative_to(site)}: there is no anchor {address}"]
    return []


def main(folder: str) -> int:
    site = Path(folder).resolve()
    found, hosts = faults(site)
    told = ", ".join(f"{host} ({count})" for host, count in sorted(hosts.items()))
    print(f"links to elsewhere, which were not followed: {told or 'none'}")
    for line in found:
        print(line, file=sys.stderr)
    print(f"{len(found)} faults in {len(_pages(site))} pages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
