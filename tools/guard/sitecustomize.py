"""No network, and no run without asserts. Python imports this file by itself when its folder is on PYTHONPATH, as it is for every kernel
of the build and of the tests.

Sockets of this process may reach the machine itself (the kernel talks to pytest over loopback) and nothing else. A connection
to another host, or the look-up of a name, raises NetworkRefused, whatever library asked for it.
"""
import ipaddress
import os
import sys

if not __debug__:
    sys.stderr.write("notebooks run with their asserts: Python was started with -O or PYTHONOPTIMIZE, which leave them out\n")
    sys.stderr.flush()
    os._exit(1)  # an exception here would be swallowed


class NetworkRefused(OSError):
    """A notebook reached for the network. Data is generated, bundled with scikit-learn, or embedded."""


def _is_this_machine(host):
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(event, arguments):
    """Audit hook: look at the address of every connection, datagram and name look-up before it happens."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a string is a socket in the file system
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    if not _is_this_machine(host):
        raise NetworkRefused(f"notebooks run without network: {event} {host!r} was refused")


sys.addaudithook(_guard)
