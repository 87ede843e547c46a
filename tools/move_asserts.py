#!/usr/bin/env python3
"""Move the asserts of a lesson in the older form, and what serves only them, into check cells of their own.

    python tools/move_asserts.py NOTEBOOK [NOTEBOOK …]      (then `make normalise`)

A statement moves into the check cell below when that changes nothing: nothing after it in its cell touches what it reads or binds, and
no later cell needs what it binds. An assert that cannot move stays where it is. Prints for each notebook how many moved and how many stayed.
"""
import argparse
import ast
import sys
from pathlib import Path

import cells as parts
import notebooks

LOUD = {"print", "display", "filmstrip"}  # calls that show something: a statement that makes one stays


def reads(node):
    """Names that a statement reads, inside nested functions too."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def binds(node):
    """Names that a statement binds or deletes at the level where it stands; those of functions and comprehensions are their own."""
    found = set()

    def visit(n):
        if isinstance(n, (ast.FunctionDef, ast.ClassDef)):
            found.add(n.name)
        elif isinstance(n, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            found.update(w.target.id for w in ast.walk(n) if isinstance(w, ast.NamedExpr))
        else:
            if isinstance(n, (ast.Import, ast.ImportFrom)):
                found.update((alias.asname or alias.name).partition(".")[0] for alias in n.names)
            if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load):
                found.add(n.id)
            if isinstance(n, ast.ExceptHandler) and n.name:
                found.add(n.name)
            for child in ast.iter_child_nodes(n):
                visit(child)
    visit(node)
    return found


def changes(node):
    """Names whose objects a statement may change in place: `x[…] = …`, `x += …`, `x.append(…)` and other methods called for their effect."""
    found = set()
    for n in ast.walk(node):
        if isinstance(n, (ast.Subscript, ast.Attribute)) and not isinstance(n.ctx, ast.Load) or isinstance(n, ast.AugAssign):
            base = n.target if isinstance(n, ast.AugAssign) else n
            while isinstance(base, (ast.Subscript, ast.Attribute)):
                base = base.value
            if isinstance(base, ast.Name):
                found.add(base.id)
        if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call) and isinstance(n.value.func, ast.Attribute):
            base = n.value.func.value
            while isinstance(base, (ast.Subscript, ast.Attribute)):
                base = base.value
            if isinstance(base, ast.Name):
                found.add(base.id)
    return found


def may_be_check(node):
    """Whether a statement asserts and does nothing else that a reader would see or a try would catch."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, (ast.For, ast.With, ast.If)) or not any(isinstance(n, ast.Assert) for n in ast.walk(node)):
        return False
    return not any(isinstance(n, ast.Call) and (getattr(n.func, "id", "") in LOUD or isinstance(n.func, ast.Attribute) and
                                                isinstance(n.func.value, ast.Name) and n.func.value.id in ("plt", "ax")) for n in ast.walk(node))


def may_serve_checks(node):
    """Whether a statement only makes values, so that it may follow the asserts that use them."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef)):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return False
    return not any(isinstance(n, ast.Call) and getattr(n.func, "id", "") in LOUD for n in ast.walk(node)) and not changes(node)


def needed_later(name, later):
    """Whether one of the `later` cells (syntax trees) reads `name` before it binds it anew."""
    for tree in later:
        for statement in tree.body:
            bound, read = name in binds(statement), name in reads(statement)
            if read and not (bound and isinstance(statement, ast.For) and name not in reads(statement.iter)):
                return True
            if bound:
                return False
    return False


def split(text, later):
    """The code of one cell as (what stays, what moves), both text; `later` holds the syntax trees of the cells after it."""
    tree = parts.tree(text)
    if tree is None or not any(isinstance(n, ast.Assert) for n in ast.walk(tree)):
        return text, ""
    body = tree.body
    if any(a.end_lineno >= b.lineno for a, b in zip(body, body[1:])):
        return text, ""  # two statements on a line
    moving = {i for i, node in enumerate(body) if may_be_check(node)}

    def can_move(i):
        node = body[i]
        touched = binds(node)
        for j in range(i + 1, len(body)):
            if j in moving:
                continue
            if reads(node) & (binds(body[j]) | changes(body[j])) or touched & (reads(body[j]) | binds(body[j])):
                return False
        return not any(needed_later(name, later) for name in touched)

    while True:  # drop what cannot move, then take along what serves only what moves, until nothing changes
        before = set(moving)
        moving -= {i for i in moving if not can_move(i)}
        for i in reversed(range(len(body))):
            names = binds(body[i])
            if i in moving or not may_serve_checks(body[i]) or not names:
                continue
            users = [j for j in range(len(body)) if j != i and names & reads(body[j])]
            if users and all(j in moving and j > i for j in users):
                moving.add(i)
                if not can_move(i):
                    moving.discard(i)
        if moving == before:
            break
    if not any(any(isinstance(n, ast.Assert) for n in ast.walk(body[i])) for i in moving):
        return text, ""
    lines, taken = text.split("\n"), set()
    for i in sorted(moving):
        first = min([body[i].lineno, *(d.lineno for d in getattr(body[i], "decorator_list", []))]) - 1
        while first and lines[first - 1].lstrip().startswith("#") and first - 1 not in taken and not lines[first - 1].startswith("# @title"):
            first -= 1
        taken.update(range(first, body[i].end_lineno))
    return _tidy([line for n, line in enumerate(lines) if n not in taken]), _tidy([line for n, line in enumerate(lines) if n in taken])


def _tidy(lines):
    """Lines as text, without blank ones at the ends and with at most one between two."""
    kept = [line for n, line in enumerate(lines) if line.strip() or n and lines[n - 1].strip()]
    return "\n".join(kept).strip("\n")


def move(nb):
    """Move what can move in a notebook (changed in place). Returns (asserts in check cells, asserts that stayed in teaching cells)."""
    trees = [parts.tree(parts.source(cell)) if cell["cell_type"] == "code" else None for cell in nb["cells"]]
    made = []
    for place, cell in enumerate(nb["cells"]):
        made.append(cell)
        if parts.role(cell) not in ("body", "figure"):
            continue
        rest, moved = split(parts.source(cell), [tree for tree in trees[place + 1:] if tree is not None])
        if not moved:
            continue
        code_left = parts.tree(rest)
        if not code_left.body:
            made.pop()
            moved, rest = parts.source(cell).removeprefix("# @title Figure\n"), ""
        else:
            cell["source"] = rest
        if made and parts.role(made[-1]) == "check":
            made[-1]["source"] = parts.source(made[-1]) + "\n" + moved
        else:
            made.append({"cell_type": "code", "id": "" if rest else cell["id"], "metadata": {}, "execution_count": None, "outputs": [],
                         "source": f"# @title Check\n{moved}"})
    nb["cells"] = made
    roles = [(parts.role(cell), parts.asserts(cell)) for cell in made]
    return sum(n for role, n in roles if role == "check"), sum(n for role, n in roles if role in ("body", "figure"))


def main(arguments=None):
    """Convert the notebooks named; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", nargs="+", type=Path)
    for path in parser.parse_args(arguments).notebook:
        nb = notebooks.read(path)
        before = parts.checks(nb)
        moved, stayed = move(nb)
        assert parts.checks(nb) == before, "no assert is lost"
        path.write_text(notebooks.dumps(notebooks.normalised(nb, number=notebooks.number(path))), encoding="utf-8", newline="\n")
        print(f"{path}: {moved} asserts in check cells, {stayed} stayed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
