"""MathJax and its fonts, copied into the site, so that no page asks another host for them."""
import importlib.util
import shutil
from pathlib import Path


def copy_mathjax(app, exception) -> None:
    """Copy the parts of MathJax that pages can ask for into the site: one script, its fonts, and the rarer TeX packages."""
    if exception or app.builder.format != "html":
        return
    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    for pattern in ("tex-chtml.js", "output/chtml/fonts/woff-v2/*.woff", "input/tex/extensions/*.js"):
        for path in package.glob(pattern):
            goal = Path(app.outdir) / "_static" / "mathjax" / path.relative_to(package)
            if not goal.exists() or goal.stat().st_size != path.stat().st_size:
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, goal)
