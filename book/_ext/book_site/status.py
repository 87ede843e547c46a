"""The status page's table: a row for each lesson, with the checks it passed and the versions that it ran on."""
import html
from datetime import datetime, timezone

from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import Html, book, has_run, link, place_for, printed, run_of, runs

STATUS = "book/status"
NAMES = [("python", "Python"), ("jax", "JAX"), ("numpy", "NumPy"), ("matplotlib", "Matplotlib"), ("scikit-learn", "scikit-learn")]


def status_table(app) -> str:
    """The table as HTML."""
    versions, rows, seconds, checks = runs.versions(), [], 0.0, 0
    for lesson in book().lessons:
        run = run_of(app, lesson.docname)
        passed = lesson.checks if has_run(app, lesson.docname) else 0
        seconds, checks = seconds + (run.get("runtime") or 0), checks + passed
        day = datetime.fromtimestamp(run["mtime"], timezone.utc).strftime("%Y-%m-%d") if run.get("mtime") else "unknown"
        rows.append(f'<tr><th scope="row"><a href="{link(app, STATUS, app.builder.get_target_uri(lesson.docname))}">{html.escape(printed(lesson.heading))}</a></th>'
                    f'<td class="number">{lesson.minutes}</td><td class="number">{passed if passed or not lesson.checks else "not run"}</td><td class="number">{run.get("runtime") or 0:.1f}</td>'
                    + "".join(f"<td>{versions[key]}</td>" for key, _ in NAMES) + f"<td>{day}</td></tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in ["Lesson", "Minutes", "Checks", "Seconds", *(name for _, name in NAMES), "Executed"])
    minutes = sum(lesson.minutes for lesson in book().lessons)
    return ('\n<div class="pst-scrollable-table-container"><table class="table status"><thead><tr>' + head + "</tr></thead><tbody>" + "".join(rows)
            + f'</tbody><tfoot><tr><th scope="row">All {len(rows)} lessons</th><td class="number">{minutes:,}</td><td class="number">{checks:,}</td>'
            f'<td class="number">{seconds:.1f}</td><td colspan="{len(NAMES) + 1}"></td></tr></tfoot></table></div>\n')


class FillStatus(SphinxPostTransform):
    """Puts the table into the status page."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs) -> None:
        if self.env.docname == STATUS and (place := place_for(self.document, "status-table", STATUS)):
            place.replace_self(Html(html=status_table(self.app)))
