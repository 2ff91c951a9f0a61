"""A WSGI application for tests, without Django: small, quick to start, and able to misbehave.

/              NAME and pid                     /slow?s=N    sleeps
/whoami        pid, uid, gid, groups, cwd       /crash       ends the gunicorn worker at once
/environ       what WSGI was given              /stderr?t=T  writes T to stderr
/echo          the request's body               /status?c=N  answers with that status
/env           the process's environment        /bytes?n=N   N bytes
/heard         whether the proxy has said all that it will say on this connection
"""

import json
import os
import socket
import sys
import time
from urllib.parse import parse_qs


def application(environ, start_response):
    query = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    status, kind, body = answer(environ, query)
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def answer(environ, query):
    path = environ["PATH_INFO"]
    if path == "/whoami":
        ids = {"pid": os.getpid(), "ppid": os.getppid(), "uid": os.getuid(), "gid": os.getgid()}
        return as_json({**ids, "groups": os.getgroups(), "cwd": os.getcwd()})
    if path == "/environ":
        return as_json({key: value for key, value in environ.items() if isinstance(value, str)})
    if path == "/env":
        return as_json(dict(os.environ))
    if path == "/echo":
        return "200 OK", "application/octet-stream", environ["wsgi.input"].read()
    if path == "/heard":
        return as_json(says_no_more(environ["gunicorn.socket"]))
    if path == "/bytes":
        return "200 OK", "application/octet-stream", b"x" * int(query.get("n", "0"))
    if path == "/status":
        return query.get("c", "200") + " Asked for", "text/plain", b"as asked\n"
    if path == "/slow":
        time.sleep(min(float(query.get("s", "1")), 60))
    if path == "/crash":
        os._exit(9)
    if path == "/stderr":
        print(query.get("t", "hello, log"), file=sys.stderr, flush=True)
    return "200 OK", "text/plain", f"{__name__} {os.getpid()}\n".encode()


def says_no_more(connection):
    connection.settimeout(0.2)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return False


def as_json(value):
    return "200 OK", "application/json", json.dumps(value).encode()
