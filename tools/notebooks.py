#!/usr/bin/env python3
"""The notebooks as source files: find them in book order, bring them to normal form, copy them.

    python tools/notebooks.py copy FOLDER          copy each notebook alone into a folder of its own under FOLDER

Needs PyYAML. `normalise.py` writes the normal form, `conventions.py` holds the rules, `lessons.py` what the book says of its lessons.
"""
import argparse
import copy
import difflib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

import cells as parts
from cells import source

ROOT = Path(__file__).resolve().parent.parent
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}
MINUTES = re.compile(r"About \d+ minutes? to read\.")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MADE_BY_AN_EDITOR = re.compile(r"(?=.*\d)[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?|(?=.*\d)(?=.*[A-Z_])\w{12}")
FIRST_SETUP_LINES = ("# @title Setup:", "# Setup, the same in every notebook")  # today's, and that of older copies


def toc_entries(node):
    """The names that a parsed `_toc.yml` (or a part of it: mapping or list) lists, in reading order, as written there."""
    if isinstance(node, list):
        return [name for part in node for name in toc_entries(part)]
    if not isinstance(node, dict):
        return []
    return [name for key, value in node.items() for name in ([value] if key in ("root", "file") else toc_entries(value))]


def toc_files(root):
    """Every entry of `_toc.yml` in reading order with the file behind it: (name as written there, absolute path or None)."""
    root, found = Path(root), []
    for entry in toc_entries(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))):
        candidates = [root / entry, root / f"{entry}.ipynb", root / f"{entry}.md"]
        found.append((entry, next((c for c in candidates if c.suffix in (".ipynb", ".md") and c.is_file()), None)))
    return found


def toc(root):
    """Paths (absolute, with suffix) of every file that `_toc.yml` names, in reading order.

    Raises FileNotFoundError, naming the entry, where neither a `.ipynb` nor a `.md` stands behind it.
    """
    for entry, path in (found := toc_files(root)):
        if path is None:
            raise FileNotFoundError(f"_toc.yml names {entry}, but there is no {entry}.ipynb or {entry}.md")
    return [path for _, path in found]


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
    for count, cell in enumerate(nb["cells"], 1):
        if not isinstance(cell, dict) or not {"cell_type", "source"} <= set(cell):
            raise ValueError(f"{path}: not a notebook: cell {count} has no type or no source")
    return nb


def title(nb):
    """The heading of the opening cell, number included, such as "1.3 Metrics and Norms"; "" where there is none."""
    first = source(nb["cells"][0]) if nb["cells"] else ""
    return first.partition("\n")[0].removeprefix("# ").strip() if first.startswith("# ") else ""


def number(path, root=ROOT):
    """The number of a lesson, read off its path: "2.5.2" for `chapters/02-matrices/05-matrix-decompositions/02-eigenvalues.ipynb`.

    An `index.md` has the number of its folder. Raises ValueError where a folder or file does not begin with a number.
    """
    path = Path(path)
    inside = path.resolve().relative_to(Path(root).resolve() / "chapters").parts
    numbers = [re.match(r"\d+(?=-)", part) for part in inside if part != "index.md"]
    if not all(numbers):
        raise ValueError(f"{path}: every folder and file of a chapter begins with its number, as in 02-eigenvalues.ipynb")
    return ".".join(str(int(match[0])) for match in numbers)


def setup_cell(root=ROOT):
    """The canonical setup cell as a notebook cell, its source read from `book/setup_cell.py`."""
    text = Path(root, "book", "setup_cell.py").read_text(encoding="utf-8").strip("\n")
    return {"cell_type": "code", "execution_count": None, "id": "setup", "outputs": [], "source": text.splitlines(keepends=True),
            "metadata": {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["hide-input"]}}


def _captioned(cell, text):
    """The text of a cell with the first line that its fold needs: `# @title Solution 3`, `# @title Figure`, `# @title Code`."""
    kind = parts.role(cell)
    if kind == "solution" and not text.startswith(parts.TITLE):
        return parts.TITLE + text.removeprefix("# ")
    if kind == "figure" and not text.startswith(parts.TITLE):
        return f"{parts.TITLE}{parts.caption(cell)}\n{text}"
    return text


def _metadata(cell):
    """What a cell may keep of its metadata: tags, the alt text of its figure, and its folding in JupyterLab and Colab."""
    old, new, kind = cell.get("metadata", {}), {}, parts.role(cell)
    if kind == "markdown":
        return new
    wanted = {"check": "check", "solution": "hide-cell"}.get(kind)
    tags = list(dict.fromkeys([*old.get("tags", []), *([wanted] if wanted else [])]))
    if kind in parts.FOLDED:
        new |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    if alt := old.get("mystnb", {}).get("image", {}).get("alt"):
        new["mystnb"] = {"image": {"alt": alt}}
    if tags:
        new["tags"] = sorted(tags)
    return new


def _readable_id(text, taken):
    """An id made of the first words of a cell, different from those taken."""
    words = re.findall(r"[a-z0-9]+", text.removeprefix(parts.TITLE).lower())[:4] or ["cell"]
    stem = candidate = "-".join(words)[:40].strip("-")
    count = 1
    while candidate in taken:
        count += 1
        candidate = f"{stem}-{count}"
    return candidate


def _readable(id):
    return bool(ID.fullmatch(id)) and not MADE_BY_AN_EDITOR.fullmatch(id)


def is_setup(cell):
    """Whether a cell is the setup cell, whatever an editor did to its id."""
    return cell["cell_type"] == "code" and (cell.get("id") == "setup" or source(cell).startswith(FIRST_SETUP_LINES))


def restore_ids(nb, before):
    """Give the cells of `nb` the ids they had in the notebook `before`: those with the same text first, then the most alike in order.

    For a draft that an editor saved without ids, as Colab does in format 4.0. Changes `nb`.
    """
    old = [cell for cell in before["cells"] if _readable(cell.get("id", ""))]
    lost = [cell for cell in nb["cells"] if not _readable(cell.get("id", ""))]
    free = {cell["id"]: cell for cell in old}
    for cell in nb["cells"]:
        free.pop(cell.get("id"), None)
    for alike in (1.0, 0.6):
        for cell in lost:
            if cell.get("id") or not free:
                continue
            scores = {id: difflib.SequenceMatcher(None, source(cell).strip(), source(other).strip()).ratio()
                      for id, other in free.items() if other["cell_type"] == cell["cell_type"]}
            if scores and scores[best := max(scores, key=scores.get)] >= alike:
                cell["id"] = best
                del free[best]


def committed(path, root=ROOT):
    """The notebook at `path` as last committed, or None where git does not know it."""
    try:
        done = subprocess.run(["git", "-C", str(root), "show", f"HEAD:./{Path(path).resolve().relative_to(Path(root).resolve()).as_posix()}"],
                              capture_output=True, text=True, timeout=20)
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def normalised(nb, root=ROOT, number=None, before=None):
    """The normal form of a notebook (a new dictionary; the argument is left as it was). Applying it twice changes nothing.

    No outputs, no counts, no metadata but what the book uses, the setup cell second, captions and folding of folded cells, readable
    and unique cell ids, no empty cells, and in the opening cell the lesson's `number` (where it is given) and the minutes to read,
    computed afresh. `before`, the notebook as it was, lends its ids to cells that an editor saved without them.
    """
    nb = copy.deepcopy(nb)
    for cell in nb["cells"]:
        if not _readable(cell.get("id", "")):
            kept = cell.get("metadata", {}).get("id", "")  # where Colab keeps it
            cell["id"] = kept if _readable(kept) else ""
    if before and any(not cell["id"] for cell in nb["cells"]):
        restore_ids(nb, before)
    new_cells = []
    for old in nb["cells"]:
        text = source(old).rstrip("\n")
        if is_setup(old) or not text.strip():
            continue
        cell = {"cell_type": old["cell_type"], "id": old["id"], "metadata": _metadata(old), "source": _captioned(old, text)}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
        new_cells.append(cell)
    taken = {"setup"}
    for cell in new_cells:
        if not _readable(cell["id"]) or cell["id"] in taken:
            others = {c["id"] for c in new_cells if c is not cell}
            cell["id"] = _readable_id(cell["source"], taken | others)
        taken.add(cell["id"])
    new_cells.insert(1, setup_cell(root))
    new = {"cells": new_cells, "metadata": copy.deepcopy(METADATA), "nbformat": 4, "nbformat_minor": 5}
    if new_cells[0]["cell_type"] == "markdown":
        minutes, text = parts.reading_minutes(new), source(new_cells[0])
        text = MINUTES.sub(f"About {minutes} minute{'s' * (minutes > 1)} to read.", text)
        new_cells[0]["source"] = re.sub(r"^# [\d.]+ ", f"# {number} ", text) if number else text
    for cell in new_cells:
        cell["source"] = source(cell).splitlines(keepends=True)
    return new


def dumps(nb):
    """A notebook as the text that is committed."""
    return json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def normalise(root=ROOT):
    """Rewrite every notebook under `chapters/` that is not in normal form. Returns the changed paths.

    Raises ValueError, naming the file, for one that is not a notebook; those before it have been written then.
    """
    changed = []
    for path in notebooks_on_disk(root):
        nb = read(path)
        before = committed(path, root) if any(not _readable(cell.get("id", "")) for cell in nb["cells"]) else None
        text = dumps(normalised(nb, root, number(path, root), before))
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def copy_alone(folder, root=ROOT):
    """Copy each notebook of the toc to `folder/` + its path in `chapters/` without suffix + `/` + its name, emptying `folder` first.

    So `chapters/02-a/03-b.ipynb` becomes `folder/02-a/03-b/03-b.ipynb`, alone in a folder of its own. Returns the copies.
    """
    folder, root = Path(folder), Path(root)
    shutil.rmtree(folder, ignore_errors=True)
    copies = []
    for path in notebooks(root):
        target = folder / path.relative_to(root / "chapters").with_suffix("") / path.name
        target.parent.mkdir(parents=True)
        copies.append(shutil.copyfile(path, target))
    return copies


def main(arguments=None):
    """Run one command of the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("copy").add_argument("folder")
    options = parser.parse_args(arguments)
    print(f"{len(copy_alone(options.folder))} notebooks, each alone in a folder under {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
