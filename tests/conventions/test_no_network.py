"""The guard that the notebooks run under refuses the network and lets the machine talk to itself."""
import pytest

from sample import ROOT, python

GUARD = ROOT / "tools" / "guard"


def run(code, tmp_path):
    return python("-c", code, cwd=tmp_path, PYTHONPATH=str(GUARD))


@pytest.mark.parametrize("code", [
    "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
    "import socket; socket.getaddrinfo('example.org', 80)",
    "import socket; socket.gethostbyname('example.org')",
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "import urllib.request; urllib.request.urlopen('http://example.org', timeout=1)",
    "from sklearn.datasets import fetch_california_housing as f; f(data_home='.', n_retries=1)",
])
def test_the_network_is_refused(code, tmp_path):
    done = run(code, tmp_path)
    assert done.returncode != 0 and "notebooks run without network" in done.output, done.output


def test_loopback_works(tmp_path):
    done = run("import socket\ns = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(s.getsockname()).close()\nprint('spoke')", tmp_path)
    assert done.returncode == 0 and "spoke" in done.output, done.output
