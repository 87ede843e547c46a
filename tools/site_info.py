"""What the site says about where it comes from: the repository's address, and the addresses made from it.

This is the one place that knows. Everything here returns None where no public address is known, and never fails.
"""
import os
import re
import subprocess
from pathlib import Path

BRANCH = "main"
COLAB = "https://colab.research.google.com"


def repository_url(root: Path) -> str | None:
    """The repository's web address without a trailing slash, or None.

    On a CI host it is GITHUB_REPOSITORY ("owner/name") under GITHUB_SERVER_URL. Elsewhere it is the address of the git
    remote `origin` of `root`, in any of its spellings. None without git, without a remote, or with a local path for one.
    """
    if owner_and_name := os.environ.get("GITHUB_REPOSITORY"):
        return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com').rstrip('/')}/{owner_and_name}"
    if not (root / ".git").exists():  # a copy inside another repository has no address of its own
        return None
    try:
        remote = subprocess.run(["git", "-C", str(root), "remote", "get-url", "origin"], capture_output=True, text=True,
                                timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return web_address(remote.stdout.strip()) if remote.returncode == 0 else None


def web_address(remote: str) -> str | None:
    """The web address of a git remote such as git@host:owner/name.git; None for a local path or anything unusual."""
    forms = (r"https?://(?:[^@/]+@)?([\w.-]+(?::\d+)?)/(.+)", r"ssh://(?:[^@/]+@)?([\w.-]+)(?::\d+)?/(.+)",
             r"(?:[^@/:]+@)([\w.-]+):(?!//)(.+)")
    for form in forms:
        if match := re.fullmatch(form, remote):
            host, path = match.group(1), match.group(2).strip("/").removesuffix(".git")
            return f"https://{host}/{path}" if re.fullmatch(r"[\w.~/-]+", path) else None
    return None


def is_github(url: str | None) -> bool:
    """Whether `url` is a repository on github.com, the only host that Colab opens notebooks from."""
    return bool(url and re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url))


def colab_url(url: str | None, path: str) -> str | None:
    """The address that opens the notebook `path` (relative to the repository) in Colab, or None."""
    return f"{COLAB}/github/{url.removeprefix('https://github.com/')}/blob/{BRANCH}/{path}" if is_github(url) else None


def edit_url(url: str | None, path: str) -> str | None:
    """The address of the editor for the file `path` (relative to the repository) on its host, or None."""
    if not url:
        return None
    return f"{url}/-/edit/{BRANCH}/{path}" if "gitlab" in url else f"{url}/edit/{BRANCH}/{path}"
