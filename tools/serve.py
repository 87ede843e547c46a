"""Serve the built site to this machine alone: python tools/serve.py [PORT], 8000 if none is named. Ctrl-C ends it.

Exit status 1 with a sentence that names a free port where PORT is taken, and where there is no site or no such port.
"""
import functools
import http.server
import socket
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"


def free_port() -> int:
    """A port that is free now; the first from 8001 on, as people like to type it, else any."""
    for port in [*range(8001, 8100), 0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no port is free")


def main(arguments: list[str]) -> int:
    """Serve until Ctrl-C; the exit status."""
    port = int(arguments[0]) if arguments and arguments[0].isdigit() else 8000 if not arguments else -1
    if not 0 <= port < 65536:
        print(f"{arguments[0]} is no port; a port is a number below 65536.", file=sys.stderr)
        return 1
    if not (SITE / "index.html").is_file():
        print(f"There is no site in {SITE}; run `make book`.", file=sys.stderr)
        return 1
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        print(f"Port {port} cannot be used ({error.strerror}). Another one is free: make serve PORT={free_port()}", file=sys.stderr)
        return 1
    with server:
        print(f"The site is at http://127.0.0.1:{server.server_port} (Ctrl-C ends this)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
