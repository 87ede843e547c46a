"""The workflows run pinned actions with the least permissions, and publish nothing but the site that the tests saw."""
import re
import sys

import pytest
import yaml

import conventions
import environment
from sample import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ALL = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in WORKFLOWS]
JOBS = {name: job for workflow in ALL for name, job in workflow["jobs"].items()}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_permissions_least(path):
    text = path.read_text(encoding="utf-8")
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), f"{used} is not pinned by hash with its version beside it"
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert granted in ({}, {"deploy": {"pages": "write", "id-token": "write"}})
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "checkout" not in step.get("uses", "") or step["with"]["persist-credentials"] is False


def uses(job, action):
    """The steps of a job that use an action, whatever its version."""
    return [step for step in JOBS[job]["steps"] if step.get("uses", "").startswith(action + "@")]


def test_what_is_published_was_tested():
    """The site is uploaded by the job that tested it, after the tests, and deployed when every test has passed."""
    assert len(ALL) == 1
    assert [job for job in JOBS if uses(job, "actions/deploy-pages")] == ["deploy"]
    assert [job for job in JOBS if uses(job, "actions/upload-pages-artifact")] == ["test"]
    assert set(JOBS["deploy"]["needs"]) == {"test", "colab"} and "run" not in str([step.keys() for step in JOBS["deploy"]["steps"]])
    steps = JOBS["test"]["steps"]
    tested = next(number for number, step in enumerate(steps) if step.get("run") == ".ci/run")
    uploaded = steps.index(uses("test", "actions/upload-pages-artifact")[0])
    assert tested < uploaded and all("run" not in step for step in steps[tested + 1:])
    assert steps[uploaded]["with"]["path"] == "_build/html"
    assert "refs/heads/main" in steps[uploaded]["if"] and "refs/heads/main" in JOBS["deploy"]["if"]


def test_every_python_that_is_promised_is_tested():
    versions = [f"3.{minor}" for minor in range(environment.OLDEST[1], environment.NEWEST[1] + 1)]
    assert JOBS["test"]["strategy"]["matrix"]["python"] == versions


def test_runs_are_kept_between_pushes_but_not_weekly():
    cache = uses("test", "actions/cache")[0]["with"]
    assert cache["path"] == "_build/cache" and "matrix.python" in cache["key"] and "constraints.txt" in cache["key"]
    assert "schedule" in next(step for step in JOBS["test"]["steps"] if step.get("run") == ".ci/run")["env"]["BOOK_REUSE_RUNS"]
    assert ALL[0][True]["schedule"][0]["cron"].endswith(" * * 1"), "once a week"  # YAML 1.1 reads the key `on` as true


def test_newest_versions_are_tried_weekly():
    assert [step["run"] for step in JOBS["newest"]["steps"] if "run" in step] == ["make lock", ".ci/run"]
    assert "schedule" in JOBS["newest"]["if"]


def test_dependabot_looks_after_the_actions():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert [update["package-ecosystem"] for update in updates] == ["github-actions"]


def test_a_mistake_has_a_form():
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "mistake.yml").read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    assert [part["id"] for part in form["body"] if part.get("validations", {}).get("required")] == ["lesson", "words", "wrong", "where"]


def test_the_longest_a_cell_may_run_is_written_once():
    """In tools/execute.py; pytest, jupyter-book and the documents take it from there or do not name it."""
    named = [path for path in ("_config.yml", "tests/alone/pytest.ini", "Makefile", "tools/build.py", "tests/README.md", "pytest.ini")
             if re.search(r"\b120\b|cell-timeout|^\s*timeout:", (ROOT / path).read_text(encoding="utf-8"), re.M)]
    assert named == []


def test_colab_has_a_version_for_everything_a_notebook_imports():
    """Pinned in requirements-colab.txt as Colab ships it, and locked to the same."""
    names = {"sklearn": "scikit-learn", "orbax": "orbax-checkpoint", "mpl_toolkits": "matplotlib"}
    imported = set(conventions.PACKAGES).union(*conventions.EXTRA_PACKAGES.values()) - set(sys.stdlib_module_names)
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements-colab.txt").read_text(encoding="utf-8"), re.M))
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "constraints-colab.txt").read_text(encoding="utf-8"), re.M))
    assert {names.get(name, name) for name in imported} | {"scipy"} <= set(pinned)
    assert {name: locked.get(name.replace("_", "-")) for name in pinned} == pinned
    assert environment.COLAB == (3, 13) and JOBS["colab"]["steps"][1]["with"]["python-version"] == "3.13"
