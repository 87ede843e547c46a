#!/usr/bin/env python3
"""Bring every notebook to normal form, and renew the README's table of lessons: `make normalise`.

    python tools/normalise.py

Prints the files it changed. Exit status 1, with a line that names the file, for a notebook that cannot be read.
"""
import argparse
import sys

import lessons
import notebooks


def main(arguments=None):
    """Normalise the project; returns the exit status."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(arguments)
    try:
        for path in notebooks.normalise():
            print("normalised", path.relative_to(notebooks.ROOT))
        lessons.write_readme()
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
