"""Making the environment: where it cannot be, what a failed installation leaves behind, and what happens after a move."""
import os
import re
import shutil
import subprocess
import sys

import pytest

import environment
from sample import ROOT, python

GLIBC = "cpython-312-x86_64-linux-gnu"
CANNOT = {
    "too old": (((3, 10), "linux", "x86_64", GLIBC), "Python 3.11 to 3.14"),
    "too new": (((3, 15), "linux", "x86_64", GLIBC), "Python 3.11 to 3.14"),
    "Intel Mac": (((3, 12), "darwin", "x86_64", "cpython-312-darwin"), "Apple silicon"),
    "musl": (((3, 12), "linux", "x86_64", "cpython-312-x86_64-linux-musl"), "glibc"),
    "Windows": (((3, 12), "win32", "AMD64", None), "WSL"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_it_says_where_it_cannot_be_installed(case):
    facts, words = CANNOT[case]
    assert words in environment.obstacle(*facts)


@pytest.mark.parametrize("facts", [((3, 11), "linux", "x86_64", GLIBC), ((3, 14), "linux", "aarch64", "cpython-314-aarch64-linux-gnu"),
                                   ((3, 13), "darwin", "arm64", "cpython-313-darwin")])
def test_it_can_be_installed(facts):
    assert environment.obstacle(*facts) is None


def test_the_documents_say_the_same():
    for name in ("README.md", "book/how-to-use.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for words in ("Python 3.11 to 3.14", "WSL", "Apple silicon", "glibc"):
            assert words in text, f"{name} does not say {words}"
    assert (environment.OLDEST, environment.NEWEST) == ((3, 11), (3, 14))


def test_it_stops_at_once(tmp_path):
    """On a Python that is too new, with one sentence and before anything is made."""
    fake = "import sys; sys.version_info = (3, 15, 0, 'final', 0); sys.path.insert(0, {!r}); import environment; environment.main(sys.argv[1:])"
    done = python("-c", fake.format(str(ROOT / "tools")), ".venv", "none.txt", "none.txt", cwd=tmp_path)
    assert done.returncode == 1 and "Python 3.11 to 3.14" in done.output and "Traceback" not in done.output, done.output
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path):
    """A project that asks for one small package, which lies beside it, with the rules of the Makefile; its environment is made."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", root)
    package = root / "package"
    package.mkdir()
    (package / "hello.py").write_text("def main():\n    print('hello')\n", encoding="utf-8")
    wheel(package)
    ask(root)
    done = make(root)
    assert done.returncode == 0, done.output
    return root


def wheel(package):
    """A wheel made by hand, so that no build tool is asked for: module `hello` with a script of the same name."""
    import zipfile
    with zipfile.ZipFile(package / "hello-1.0-py3-none-any.whl", "w") as file:
        file.write(package / "hello.py", "hello.py")
        file.writestr("hello-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n")
        file.writestr("hello-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("hello-1.0.dist-info/entry_points.txt", "[console_scripts]\nhello = hello:main\n")
        file.writestr("hello-1.0.dist-info/RECORD", "")


def ask(root, requirements="./package/hello-1.0-py3-none-any.whl", optional=""):
    """Write the files that say what is wanted."""
    (root / "requirements.txt").write_text(requirements + "\n", encoding="utf-8")
    (root / "constraints.txt").write_text("", encoding="utf-8")
    (root / "requirements-optional.txt").write_text(optional + "\n", encoding="utf-8")


def make(root):
    """`make .venv/ready`, without a network; the finished process."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "MAKE", "MFLAGS"))}
    done = subprocess.run(["make", ".venv/ready", f"PYTHON={sys.executable}"], cwd=root, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean | {"PIP_NO_INDEX": "1"})
    done.output = done.stdout
    return done


def says_hello(root):
    """Whether the script that was installed runs, and belongs to the environment below `root`."""
    script = root / ".venv" / "bin" / "hello"
    return script.read_text(encoding="utf-8").startswith(f"#!{root}/.venv/bin/python") and \
        subprocess.run([script], stdout=subprocess.PIPE, text=True).stdout == "hello\n"


def test_an_environment_is_made_kept_and_replaced(folder):
    """Made once; the old one stays where the new one fails; files touched without a change install nothing; a move is mended."""
    assert says_hello(folder)
    assert "up to date" in make(folder).output

    ask(folder, optional="nowhere-to-be-had>=1  # for 9.9, which counts sheep with it")
    done = make(folder)
    assert done.returncode == 0 and "nowhere-to-be-had>=1  # for 9.9, which counts sheep" in done.output, done.output
    assert says_hello(folder) and "up to date" in make(folder).output

    (folder / ".venv" / "mark").touch()
    ask(folder, requirements="nowhere-to-be-had")
    done = make(folder)
    assert done.returncode != 0 and "is as it was" in done.output, done.output
    assert says_hello(folder) and (folder / ".venv" / "mark").exists() and not (folder / ".venv.new").exists()

    ask(folder, optional="nowhere-to-be-had>=1  # another reason")
    done = make(folder)
    assert done.returncode == 0 and "Installing" not in done.output, done.output
    assert (folder / ".venv" / "mark").exists()

    moved = folder.with_name("moved")
    folder.rename(moved)
    assert not says_hello(moved)
    done = make(moved)
    assert done.returncode == 0 and "was moved; its paths are mended" in done.output, done.output
    assert says_hello(moved) and (moved / ".venv" / "mark").exists() and "up to date" in make(moved).output
    assert str(folder) + "/" not in (moved / ".venv" / "bin" / "activate").read_text(encoding="utf-8")


def test_the_makefile_needs_no_script_of_the_environment():
    """Scripts name their interpreter by its full path, modules do not."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\(BIN\)/([\w-]+)", text)) == {"python"}
