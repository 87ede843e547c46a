"""The small tools that people call through make: serve and normalise; and that files keep their bytes on every system."""
import re
import socket
import subprocess

from sample import PLACE, ROOT, project, python


def test_serve_names_another_port_when_one_is_taken(tmp_path):
    root = project(tmp_path)
    (root / "_build" / "html").mkdir(parents=True)
    (root / "_build" / "html" / "index.html").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = python("tools/serve.py", port, cwd=root)
    assert done.returncode == 1 and f"Port {port} cannot be used" in done.output and "Traceback" not in done.output, done.output
    other = int(re.search(r"make serve PORT=(\d+)", done.output)[1])
    socket.create_server(("127.0.0.1", other)).close()
    assert "serve.py $(PORT)" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_serve_without_a_site_and_with_nonsense(tmp_path):
    root = project(tmp_path)
    for arguments, words in (([], "run `make book`"), (["http"], "http is no port"), (["99999"], "99999 is no port")):
        done = python("tools/serve.py", *arguments, cwd=root)
        assert done.returncode == 1 and words in done.output and len(done.output.splitlines()) == 1, done.output


def test_normalise_on_a_broken_file_says_one_line(tmp_path):
    root = project(tmp_path)
    command = re.search(r"^normalise:.*\n\t@?\$\(BIN\)/python (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1].split()
    for text in ('{"cells": [', "[]", '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"source": []}]}', "\udcff"):
        (root / PLACE).write_bytes(text.encode(errors="surrogateescape"))
        done = python(*command, cwd=root)
        assert done.returncode == 1 and PLACE in done.output and len(done.output.splitlines()) == 1, done.output


def test_files_keep_their_line_ends_on_every_system(tmp_path):
    """A checkout by a git that would write CRLF still gives LF, so that .ci/run starts."""
    git = ["git", "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in (".gitattributes", ".ci/run", "Makefile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*git, "add", "."], check=True, capture_output=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    (tmp_path / ".ci" / "run").unlink()
    subprocess.run([*git, "checkout", "--", "."], check=True)
    assert b"\r\n" not in (tmp_path / ".ci" / "run").read_bytes()
