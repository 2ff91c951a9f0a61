// The part that is added to startproject's settings.py, so that the project works behind a proxy at once. Pure.

import type { Order } from './order.ts';
import { allowedHosts } from './order.ts';
import { pythonText } from './quote.ts';

/** The beginning of the added part. Above it is Django's own. */
export const settingsMark = '# --- Added by hostctl create: this machine ---';

/** Python text for the end of settings.py. It overrides what is above. */
export function addedSettings(order: Order): string {
  const depth = order.project.slice(order.root.length + 1).split('/').length + 1;
  return `

${settingsMark}
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[${depth}]

DEBUG = os.environ.get("DEBUG") == "1"
# Only this app's user can read the file.
SECRET_KEY = (ROOT / "data" / "secret_key").read_text().strip()
ALLOWED_HOSTS = [${allowedHosts(order).map(pythonText).join(', ')}]

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = ROOT / "media"
# The proxy is another user: it must be able to read what is uploaded.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755

${databases(order, 'ROOT / "data" / "db.sqlite3"')}

${logging}
`;
}

/** Python text of LOGGING. */
export const logging = `# Errors go to stderr, and so to the app's log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}`;

/** Python text of DATABASES for the ordered database. `file`: a Python expression, the path of SQLite's file. */
export function databases({ database }: Order, file: string): string {
  if (database?.kind !== 'postgresql')
    return `DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ${file},
        "OPTIONS": {"timeout": 20},
    }
}`;
  return `# PostgreSQL asks the kernel who is calling (peer authentication), so there is no password.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": ${pythonText(database.name)},
        "USER": ${pythonText(database.role)},
        "HOST": ${pythonText(database.socketDirectory)},
        "PORT": ${pythonText(database.port)},
    }
}`;
}
