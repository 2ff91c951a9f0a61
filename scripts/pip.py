"""Puts pip into the virtualenv that runs this, where Debian's python3-venv, which would, is not installed and nobody is root.

One wheel, of the version and digest below, from pip's own index as pip would find it: PIP_INDEX_URL, else a pip.conf, else PyPI.
A wheel of pip can run itself. Needs Python 3.8 or later, and what `venv` gives: the standard library.
"""

import configparser
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

WHEEL = "pip-25.0.1-py3-none-any.whl"
SHA256 = "c46efd13b6aa8279f33f2864459c8ce587ea6a1a59ee20de055868d8f7688f7f"


def index():
    """The address of the index, with a slash at its end."""
    found = os.environ.get("PIP_INDEX_URL")
    files = [os.environ.get("PIP_CONFIG_FILE"), os.path.expanduser("~/.config/pip/pip.conf"), os.path.expanduser("~/.pip/pip.conf"), "/etc/pip.conf"]
    for file in files:
        if found or not file:
            continue
        settings = configparser.RawConfigParser()
        settings.read(file)
        found = settings.get("global", "index-url", fallback=None)
    return (found or "https://pypi.org/simple").rstrip("/") + "/"


def get(url, accept):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.geturl(), answer.headers.get_content_type(), answer.read()


def wheel_url():
    """The simple repository API: JSON (PEP 691), or HTML (PEP 503) where the index knows no other."""
    page, kind, body = get(index() + "pip/", "application/vnd.pypi.simple.v1+json, text/html;q=0.5")
    if kind.endswith("json"):
        links = [file["url"] for file in json.loads(body)["files"]]
    else:
        links = re.findall(r'href="([^"]+)"', body.decode())
    for link in links:
        url = urllib.parse.urljoin(page, link)
        if urllib.parse.unquote(urllib.parse.urlsplit(url).path).endswith("/" + WHEEL):
            return url
    sys.exit(f"cannot find {WHEEL} at {page}")


def main():
    body = get(wheel_url(), "*/*")[2]
    if hashlib.sha256(body).hexdigest() != SHA256:
        sys.exit(f"cannot use {WHEEL}: its digest is another one")
    with tempfile.TemporaryDirectory() as directory:
        wheel = os.path.join(directory, WHEEL)
        with open(wheel, "wb") as file:
            file.write(body)
        install = [sys.executable, os.path.join(wheel, "pip"), "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel]
        sys.exit(subprocess.run(install).returncode)


main()
