"""Asks servers on this machine how they are, with nothing but Python (curl may be missing).

probe.py ready URL SECONDS PID     exit 0 once GET URL answers 200; 1 when the time is up or the process has ended
probe.py ping PORT SECONDS PID     the same for a Redis server's PING
probe.py status URL KEY            prints the status of GET URL with the API key; 0 when nothing answers"""

import os
import socket
import sys
import time
import urllib.error
import urllib.request


def status(url, key=""):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    # Straight to loopback: a proxy of the environment is not asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def ping(port):
    try:
        with socket.create_connection(("127.0.0.1", int(port)), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            # While it reads its files it answers -LOADING.
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def alive(pid):
    try:
        os.kill(int(pid), 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def wait(asked, seconds, pid):
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        if not alive(pid):
            return False
        if asked():
            return True
        time.sleep(0.05)
    return False


def main(command, *arguments):
    if command == "status":
        print(status(*arguments))
        return 0
    target, seconds, pid = arguments
    asked = (lambda: ping(target)) if command == "ping" else (lambda: status(target) == 200)
    return 0 if wait(asked, seconds, pid) else 1


sys.exit(main(*sys.argv[1:]))
