"""Turns DATABASE_URL into Django's DATABASES departure: sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME.

For PostgreSQL's unix socket leave the host out, or name its directory: postgresql:///goodbye?host=/run/postgresql
"""

from urllib.parse import parse_qs, unquote, urlsplit


def database(url):
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        # A writer waits for another's transaction this many seconds; the default of 5 is short for a busy board.
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": unquote(parts.path[1:]), "OPTIONS": {"timeout": 20}}
    if parts.scheme in ("postgresql", "postgres"):
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(parts.port or ""),
        }
    raise ValueError(f'cannot use the DATABASE_URL scheme "{parts.scheme}": sqlite and postgresql are known')
