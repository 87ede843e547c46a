#!/usr/bin/env python3
"""The notebooks as source files: find them in book order, bring them to normal form, list them, copy them.

    python tools/notebooks.py normalise            rewrite every notebook in normal form, and the README's table
    python tools/notebooks.py table                print the table of sections
    python tools/notebooks.py copy FOLDER          copy each notebook alone into a folder of its own under FOLDER
    python tools/notebooks.py problems [NOTEBOOK…] print every broken convention; exit status 1 if there is any

Needs PyYAML; `problems` also needs markdown-it-py and mdit-py-plugins, which come with jupyter-book.
"""
import argparse
import copy
import json
import re
import shutil
import sys
from pathlib import Path

import yaml

from site_info import colab_url, is_github, repository_url

ROOT = Path(__file__).resolve().parent.parent
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}
TABLE_START = "<!-- sections: written by `make normalise` -->"
TABLE_END = "<!-- end of sections -->"
MINUTES = re.compile(r"About \d+ minutes? to read\.")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MADE_BY_AN_EDITOR = re.compile(r"(?=.*\d)[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
SOLUTION = re.compile(r"# Solution \d+")


def toc_entries(node):
    """The names that a parsed `_toc.yml` (or a part of it: mapping or list) lists, in reading order, as written there."""
    if isinstance(node, list):
        return [name for part in node for name in toc_entries(part)]
    if not isinstance(node, dict):
        return []
    return [name for key, value in node.items() for name in ([value] if key in ("root", "file") else toc_entries(value))]


def toc(root):
    """Paths (absolute, with suffix) of every file that `_toc.yml` names, in reading order.

    Raises FileNotFoundError, naming the entry, where neither a `.ipynb` nor a `.md` stands behind it.
    """
    root, found = Path(root), []
    for entry in toc_entries(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))):
        candidates = [root / entry, root / f"{entry}.ipynb", root / f"{entry}.md"]
        path = next((c for c in candidates if c.suffix in (".ipynb", ".md") and c.is_file()), None)
        if path is None:
            raise FileNotFoundError(f"_toc.yml names {entry}, but there is no {entry}.ipynb or {entry}.md")
        found.append(path)
    return found


def notebooks(root=ROOT):
    """Paths of the notebooks in the order of `_toc.yml`."""
    return [path for path in toc(root) if path.suffix == ".ipynb"]


def notebooks_on_disk(root=ROOT):
    """Paths of every notebook under `chapters/`, whether the toc names it or not, sorted by name."""
    return sorted(p for p in Path(root, "chapters").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def read(path):
    """The notebook as a dictionary. Raises ValueError, naming the file, where it is not a version 4 notebook."""
    try:
        nb = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(nb, dict) or nb.get("nbformat") != 4 or not isinstance(nb.get("cells"), list):
        raise ValueError(f"{path}: not a notebook of format 4")
    return nb


def source(cell):
    """The text of a cell as one string, whichever of the two forms JSON holds."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def title(nb):
    """The heading of the opening cell, number included, such as "1.3 Metrics and Norms"; "" where there is none."""
    first = source(nb["cells"][0]) if nb["cells"] else ""
    return first.partition("\n")[0].removeprefix("# ").strip() if first.startswith("# ") else ""


def code_lines(text):
    """How many lines of code a cell shows: blank lines and lines that are only a comment do not count."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def reading_minutes(nb):
    """Whole minutes to read: 200 words of prose or 40 lines of visible code a minute, and never less than 1.

    Maths and code inside Markdown are not words; code cells that the page folds away are not counted.
    """
    words = lines = 0
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"```.*?```|\$\$.*?\$\$|`[^`]*`|\$[^$]*\$|<[^>]*>", " ", source(cell), flags=re.S)
            words += len(re.findall(r"[^\W\d_][\w'’-]*", prose))
        elif cell["cell_type"] == "code" and not {"hide-input", "hide-cell"} & set(cell["metadata"].get("tags", [])):
            lines += code_lines(source(cell))
    return max(1, round(words / 200 + lines / 40))


def setup_cell(root=ROOT):
    """The canonical setup cell as a notebook cell, its source read from `book/setup_cell.py`."""
    text = Path(root, "book", "setup_cell.py").read_text(encoding="utf-8").strip("\n")
    return {"cell_type": "code", "execution_count": None, "id": "setup", "metadata": {"tags": ["hide-input"]},
            "outputs": [], "source": text.splitlines(keepends=True)}


def _metadata(cell, text):
    """What a cell may keep of its metadata: tags, the alt text of its figure, and the folding of a solution."""
    old, new = cell.get("metadata", {}), {}
    if cell["cell_type"] != "code":
        return new
    tags = list(dict.fromkeys(old.get("tags", [])))
    if SOLUTION.match(text):
        tags += [] if "hide-cell" in tags else ["hide-cell"]
        new["jupyter"] = {"source_hidden": True}
    if alt := old.get("mystnb", {}).get("image", {}).get("alt"):
        new["mystnb"] = {"image": {"alt": alt}}
    if tags:
        new["tags"] = tags
    return new


def _readable_id(text, taken):
    """An id made of the first words of a cell, different from those taken."""
    words = re.findall(r"[a-z0-9]+", text.lower())[:4] or ["cell"]
    stem = candidate = "-".join(words)[:40].strip("-")
    count = 1
    while candidate in taken:
        count += 1
        candidate = f"{stem}-{count}"
    return candidate


def normalised(nb, root=ROOT):
    """The normal form of a notebook (a new dictionary; the argument is left as it was). Applying it twice changes nothing.

    No outputs, no counts, no metadata but what the book uses, the setup cell second, readable and unique cell ids,
    no empty cells, and the minutes to read in the opening cell computed afresh.
    """
    cells = []
    for old in copy.deepcopy(nb["cells"]):
        text = source(old).rstrip("\n")
        if old.get("id") == "setup" or not text.strip():
            continue
        cell = {"cell_type": old["cell_type"], "id": old.get("id", ""), "metadata": _metadata(old, text), "source": text}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    taken = {"setup"}
    for cell in cells:
        bad = not ID.fullmatch(cell["id"]) or MADE_BY_AN_EDITOR.fullmatch(cell["id"]) or cell["id"] in taken
        if bad:
            others = {c["id"] for c in cells if c is not cell}
            cell["id"] = _readable_id(cell["source"], taken | others)
        taken.add(cell["id"])
    cells.insert(1, setup_cell(root))
    new = {"cells": cells, "metadata": copy.deepcopy(METADATA), "nbformat": 4, "nbformat_minor": 5}
    if cells[0]["cell_type"] == "markdown":
        minutes = reading_minutes(new)
        cells[0]["source"] = MINUTES.sub(f"About {minutes} minute{'s' * (minutes > 1)} to read.", source(cells[0]))
    for cell in cells:
        cell["source"] = source(cell).splitlines(keepends=True)
    return new


def dumps(nb):
    """A notebook as the text that is committed."""
    return json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def table(root=ROOT, address=None):
    """The table of sections in Markdown. With `address` (as `https://github.com/owner/name`), a Colab link in each row."""
    root = Path(root)
    rows = ["| section | read it |" + (" run it |" if address else ""), "|---|---|" + ("---|" if address else "")]
    for path in notebooks(root):
        nb, place = read(path), path.relative_to(root).as_posix()
        row = f"| [{title(nb)}]({place}) | {reading_minutes(nb)} min |"
        if address:
            row += f" [Colab]({colab_url(address, place)}) |"
        rows.append(row)
    return "\n".join(rows)


def without_colab(text):
    """The table of sections with its Colab column left out, so that two of them compare whatever address each was made with."""
    return re.sub(r"^(\|[^|]*\|[^|]*\|)[^|\n]*\|$", r"\1", text, flags=re.M)


def readme_parts(text):
    """README text split in three: up to the table, the table, after it. Raises ValueError where a marker is missing."""
    try:
        before, rest = text.split(TABLE_START)
        middle, after = rest.split(TABLE_END)
    except ValueError:
        raise ValueError(f"README.md must hold {TABLE_START} and {TABLE_END} once each") from None
    return before, middle.strip("\n"), after


def write_readme(root=ROOT):
    """Write the table of sections into README.md.

    The Colab column uses the address that the table already has; only a table without one takes the repository's address,
    where there is one. So the committed text is the same whoever writes it, from a fork or from a copy without a remote too.
    """
    path = Path(root, "README.md")
    before, old, after = readme_parts(path.read_text(encoding="utf-8"))
    known = re.search(r"colab\.research\.google\.com/github/([^/]+/[^/]+)/blob", old)
    address = f"https://github.com/{known[1]}" if known else repository_url(Path(root))
    path.write_text(f"{before}{TABLE_START}\n\n{table(root, address if is_github(address) else None)}\n\n{TABLE_END}{after}", encoding="utf-8")


def normalise(root=ROOT):
    """Rewrite every notebook under `chapters/` that is not in normal form, and the README's table. Returns the changed paths."""
    changed = []
    for path in notebooks_on_disk(root):
        text = dumps(normalised(read(path), root))
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    write_readme(root)
    return changed


def copy_alone(folder, root=ROOT):
    """Copy each notebook of the toc to `folder/NN-chapter/NN-name/NN-name.ipynb`, emptying `folder` first. Returns the copies."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    copies = []
    for path in notebooks(root):
        target = folder / path.parent.name / path.stem / path.name
        target.parent.mkdir(parents=True)
        copies.append(shutil.copyfile(path, target))
    return copies


def problems(path, root=ROOT):
    """Every broken convention of one notebook, as "file: cell N (id): message"; see `conventions.py`."""
    import conventions
    return conventions.problems(path, root)


def main(arguments=None):
    """Run one command of the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("normalise")
    commands.add_parser("table")
    commands.add_parser("copy").add_argument("folder")
    commands.add_parser("problems").add_argument("notebook", nargs="*")
    options = parser.parse_args(arguments)
    if options.command == "normalise":
        for path in normalise():
            print("normalised", path.relative_to(ROOT))
    elif options.command == "table":
        print(table())
    elif options.command == "copy":
        print(f"{len(copy_alone(options.folder))} notebooks, each alone in a folder under {options.folder}")
    else:
        found = [p for path in options.notebook or notebooks_on_disk() for p in problems(path)]
        print("\n".join(found) or "no broken conventions")
        return bool(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
