"""Make a virtual environment for the book, or lock its versions. Called by the Makefile.

    python tools/environment.py FOLDER REQUIREMENTS CONSTRAINTS
    python tools/environment.py --lock REQUIREMENTS CONSTRAINTS

The first form makes FOLDER anew, installs REQUIREMENTS in the versions that CONSTRAINTS names, and ends by writing
FOLDER/ready, the file whose date tells make that all is up to date. The second writes CONSTRAINTS: the newest versions,
for every Python from 3.11 on. Exit status 1 with one line that says what to do when Python is too old, when it came
without the modules `venv` and `ensurepip`, or when an installation fails.

Written for any Python 3, so that an old one reaches the message instead of a syntax error.
"""
import os
import subprocess
import sys

OLDEST = (3, 11)


def stop(message):
    """End with `message` on standard error and exit status 1."""
    sys.stderr.write(message + "\n")
    sys.exit(1)


def python_of(folder):
    """The path of the interpreter inside the virtual environment `folder`."""
    return os.path.join(folder, "Scripts", "python.exe") if os.name == "nt" else os.path.join(folder, "bin", "python")


def require_python():
    """Stop unless this Python is new enough and can make virtual environments."""
    if sys.version_info[:2] < OLDEST:
        stop("The book needs Python {}.{} or newer; {} is {}.{}.\nName another one, for example: make book PYTHON=python3.12"
             .format(OLDEST[0], OLDEST[1], sys.executable or "this Python", *sys.version_info[:2]))
    try:
        import ensurepip  # noqa: F401  Debian and Ubuntu ship it in a package of its own
        import venv  # noqa: F401
    except ImportError as missing:
        stop("This Python cannot make virtual environments ({}).\n"
             "On Debian and Ubuntu: apt install python{}.{}-venv; elsewhere install a complete Python, "
             "or name another one: make book PYTHON=python3.12".format(missing, *sys.version_info[:2]))


def create(folder, requirements, constraints):
    """Make the environment `folder` anew and install `requirements` in the versions of `constraints` into it."""
    import venv
    print("Installing {} into {} with Python {} (once; it takes a few minutes) ...".format(
        requirements, folder, sys.version.split()[0]))
    sys.stdout.flush()
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        stop("Could not make the virtual environment {}: {}".format(folder, error))
    if subprocess.call([python_of(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        "--requirement", requirements, "--constraint", constraints]):
        stop("Could not install {} into {}; the lines above say why. "
             "`make` tries again from the start.".format(requirements, folder))
    with open(os.path.join(folder, "ready"), "w") as ready:
        ready.write(sys.version + "\n")


def lock(requirements, constraints):
    """Write the newest versions that satisfy `requirements`, one per line with environment markers, to `constraints`."""
    tool = os.path.join("_build", "lock")
    if not os.path.exists(python_of(tool)):
        import venv
        venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(tool)
    install = [python_of(tool), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "uv"]
    compile = [python_of(tool), "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--universal",
               "--python-version", "{}.{}".format(*OLDEST), "--no-header", "--no-annotate", "--no-emit-index-url",
               "--no-emit-find-links", requirements, "--output-file", constraints]
    if subprocess.call(install) or subprocess.call(compile):
        stop("Could not lock {}; {} is as it was.".format(requirements, constraints))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        stop(__doc__)
    require_python()
    if sys.argv[1] == "--lock":
        lock(*sys.argv[2:])
    else:
        create(*sys.argv[1:])
