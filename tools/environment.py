"""Make a virtual environment for the book, or lock its versions. Called by the Makefile.

    python tools/environment.py FOLDER REQUIREMENTS CONSTRAINTS [OPTIONAL]
    python tools/environment.py --lock CONSTRAINTS REQUIREMENTS [OPTIONAL]

The first form makes FOLDER hold what REQUIREMENTS asks for, in the versions that CONSTRAINTS names, and ends by writing
FOLDER/ready, the file whose date tells make that all is up to date. A new environment is made beside the old one and takes
its place when it is complete; where an installation fails or is interrupted, the old one is as it was. Nothing is installed
where the files ask for nothing new: an environment that was moved with its folder gets its paths mended.

What OPTIONAL asks for, one package a line with a comment that says which section needs it, is tried one by one. A package
that this machine cannot have is named, with that comment, and stops nothing.

The second form writes CONSTRAINTS: the newest versions, for every Python from 3.11 on, or for Colab's alone.

Exit status 1 with one sentence that says what to do where the book cannot be installed (this Python, this system), when
Python came without the modules `venv` and `ensurepip`, or when an installation fails.

Written for any Python 3, so that an old one reaches the message instead of a syntax error.
"""
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig

OLDEST, NEWEST = (3, 11), (3, 14)
COLAB = (3, 13)  # the Python that Google Colab ships, and the only one that requirements-colab.txt is locked for


def stop(message, status=1):
    """End with `message` on standard error and exit status 1, or another."""
    sys.stderr.write(message + "\n")
    sys.exit(status)


def python_of(folder):
    """The path of the interpreter inside the virtual environment `folder`."""
    return os.path.join(folder, "bin", "python")


def obstacle(python, system, machine, soabi):
    """Why the book cannot be installed, as a sentence, or None.

    `python` is (major, minor); `system` is sys.platform; `machine` is platform.machine(); `soabi` names the C library.
    """
    if system == "win32":
        return "On Windows the book runs under WSL, the Windows Subsystem for Linux: open its shell and call make there."
    if not OLDEST <= tuple(python) <= NEWEST:
        return ("The book needs Python {}.{} to {}.{} (JAX and its companions have no packages for others); {} is {}.{}.\n"
                "Name another one, for example: make book PYTHON=python3.12").format(
                    *(OLDEST + NEWEST + (sys.executable or "this Python",) + tuple(python)))
    if system == "darwin" and machine == "x86_64":
        return ("The book needs a Mac with Apple silicon: JAX has no packages for Macs with Intel processors "
                "(if this one has Apple silicon, this Python is an Intel one; name another: make book PYTHON=python3.12).")
    if "musl" in (soabi or ""):
        return ("The book needs a Linux with glibc, such as Debian, Ubuntu or Fedora: JAX has no packages for musl, "
                "the C library of this Python (Alpine).")
    return None


def require_python():
    """Stop where the book cannot be installed, or where this Python cannot make virtual environments."""
    reason = obstacle(sys.version_info[:2], sys.platform, platform.machine(), sysconfig.get_config_var("SOABI"))
    if reason:
        stop(reason)
    try:
        import ensurepip  # noqa: F401  Debian and Ubuntu ship it in a package of its own
        import venv  # noqa: F401
    except ImportError as missing:
        stop("This Python cannot make virtual environments ({}).\n"
             "On Debian and Ubuntu: apt install python{}.{}-venv; elsewhere install a complete Python, "
             "or name another one: make book PYTHON=python3.12".format(missing, *sys.version_info[:2]))


def digest(paths):
    """A digest of what files ask for: their lines without comments and blank lines."""
    asked = [line.partition("#")[0].strip() for path in paths for line in open(path, encoding="utf-8")]
    return hashlib.sha256("\n".join(filter(None, asked)).encode()).hexdigest()


def create(folder, requirements, constraints, optional=None):
    """Let the environment `folder` hold `requirements`, and of `optional` what can be had, in the versions of `constraints`."""
    folder = os.path.realpath(folder)  # several checkouts may share one by a link
    if "colab" in requirements and sys.version_info[:2] != COLAB:
        stop("Colab ships Python {}.{}, and its versions are locked for no other; {} is {}.{}.\n"
             "Name one: make test-colab PYTHON=python{}.{}".format(*(COLAB + (sys.executable,) + sys.version_info[:2] + COLAB)))
    wanted = digest(filter(None, (requirements, constraints, optional)))
    if still_good(folder, wanted):
        return
    print("Installing {} into {} with Python {} (once; it takes a few minutes) ...".format(
        requirements, folder, sys.version.split()[0]))
    sys.stdout.flush()
    new, old = folder + ".new", folder + ".old"
    shutil.rmtree(new, ignore_errors=True)
    try:
        missing = install(new, requirements, constraints, optional)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    for line in missing:
        sys.stderr.write("Could not install {}\nWhat needs it cannot run on this machine; everything else can.\n".format(line))
    relocate(new, new, folder)
    shutil.rmtree(old, ignore_errors=True)
    if os.path.exists(folder):
        os.rename(folder, old)
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)
    write_ready(folder, wanted)


def install(folder, requirements, constraints, optional):
    """Make `folder` anew and install into it; returns the lines of `optional` that could not be installed, [] if none."""
    import venv
    before = folder[:-len(".new")]
    before = "{} is as it was. ".format(before) if os.path.exists(before) else ""
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        stop("{}Could not make the virtual environment {}: {}".format(before, folder, error))
    pip = [python_of(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", constraints]
    if subprocess.call(pip + ["--requirement", requirements]):
        stop("{}Could not install {}; the lines above say why. `make` tries again from the start.".format(before, requirements))
    missing = []
    for line in open(optional, encoding="utf-8") if optional else ():
        package = line.partition("#")[0].strip()
        if package and subprocess.call(pip + [package]):
            missing.append(line.strip())
    return missing


def still_good(folder, wanted):
    """Whether the environment `folder` works and was made for what is wanted; its date and, after a move, its paths are mended."""
    try:
        with open(os.path.join(folder, "ready"), encoding="utf-8") as ready:
            version, place, made_for = ready.read().split("\n")[:3]
        found = subprocess.check_output([python_of(folder), "-c", "import sys; print(sys.version.replace(chr(10), ' '))"])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False
    if made_for != wanted or version != found.decode().strip():
        return False
    if place != folder:
        print("{} was moved; its paths are mended.".format(folder))
        relocate(folder, place, folder)
    write_ready(folder, wanted)
    return True


def write_ready(folder, made_for):
    """Write the file that says an environment is complete: its Python, its place, and a digest of what it was made for."""
    version = subprocess.check_output([python_of(folder), "-c", "import sys; print(sys.version.replace(chr(10), ' '))"])
    with open(os.path.join(folder, "ready"), "w", encoding="utf-8") as ready:
        ready.write("{}\n{}\n{}\n".format(version.decode().strip(), folder, made_for))


def relocate(folder, before, after):
    """In the environment that lies in `folder`, let its scripts name their interpreter in `after` instead of `before`."""
    scripts = os.path.join(folder, "bin")
    for path in [os.path.join(scripts, name) for name in os.listdir(scripts)] + [os.path.join(folder, "pyvenv.cfg")]:
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        changed = content.replace(os.fsencode(before + os.sep), os.fsencode(after + os.sep))
        for quote in (b"'", b'"', b"\n"):  # where the folder itself is named, as in `activate`
            changed = changed.replace(os.fsencode(before) + quote, os.fsencode(after) + quote)
        if changed != content and b"\0" not in content[:1024]:
            with open(path, "wb") as file:
                file.write(changed)


def lock(constraints, *requirements):
    """Write the newest versions that satisfy `requirements`, one per line with environment markers, to `constraints`."""
    tool = os.path.join("_build", "lock")
    if not os.path.exists(python_of(tool)):
        import venv
        venv.EnvBuilder(with_pip=True, symlinks=True).create(tool)
    install = [python_of(tool), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "uv"]
    where = ["--python-version", "{}.{}".format(*COLAB), "--python-platform", "linux"] if "colab" in constraints else \
        ["--python-version", "{}.{}".format(*OLDEST), "--universal"]
    compile = [python_of(tool), "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--no-header", "--no-annotate",
               "--no-emit-index-url", "--no-emit-find-links", "--output-file", constraints] + where + list(requirements)
    if subprocess.call(install) or subprocess.call(compile):
        stop("Could not lock {}; {} is as it was.".format(", ".join(requirements), constraints))


def main(arguments):
    """Do what the command line asks."""
    if len(arguments) not in (3, 4):
        stop(__doc__)
    require_python()
    try:
        if arguments[0] == "--lock":
            lock(*arguments[1:])
        else:
            create(*arguments)
    except KeyboardInterrupt:
        stop("Interrupted; what was there before is as it was.", 130)


if __name__ == "__main__":
    main(sys.argv[1:])
