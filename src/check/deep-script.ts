// The Python script that `hostd check --deep` runs with an app's own interpreter: it imports what gunicorn would import, and prints
// its findings as one line of JSON behind a mark. For Python 3.6 and later, with the standard library only.

/**
 * argv: the mark, then JSON: { settings, wsgi, workerClass, gunicorn, django, hosts, static, survey }; null: nothing to look at. The
 * last line with the mark counts.
 */
export const deepScript = `
import importlib, json, os, sys, traceback
mark, wanted = sys.argv[1], json.loads(sys.argv[2])
project = os.getcwd()
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, project)
found = []

def place(tb, error):
    if isinstance(error, SyntaxError) and error.filename:
        return [error.filename, error.lineno or 1]
    at = None
    for frame in traceback.extract_tb(tb):
        own = os.path.realpath(frame.filename).startswith(os.path.realpath(project) + os.sep)
        if own and os.path.isfile(frame.filename) and "site-packages" not in frame.filename:
            at = [frame.filename, frame.lineno]
    return at

def attempt(key, what, action):
    try:
        return True, action()
    except BaseException as error:
        if isinstance(error, SystemExit):
            words = "it ended itself with exit code %s" % (error.code,)
        else:
            words = "%s: %s" % (type(error).__name__, str(error).strip().split("\\n")[0][:300])
        module = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        found.append({"key": key, "what": what, "words": words, "at": place(error.__traceback__, error), "module": module})
        return False, None

def load_wsgi():
    module, _, name = wanted["wsgi"].partition(":")
    loaded = importlib.import_module(module)
    name = (name or "application").strip()
    if name.endswith(")"):
        return eval(name, vars(loaded))
    for part in name.split("."):
        if not hasattr(loaded, part):
            raise AttributeError("module %r has no %r" % (module, name))
        loaded = getattr(loaded, part)
    if not callable(loaded):
        raise TypeError("%r of module %r is not callable" % (name, module))

def load_settings():
    from django.conf import settings
    importlib.import_module(wanted["settings"])
    settings.DEBUG
    return settings

def load_urls():
    from django.urls import get_resolver
    get_resolver().url_patterns

def say(kind, **more):
    found.append(dict(key="settings", what=kind, words="", at=None, module=None, **more))

def closed_above(path):
    parts = os.path.abspath(path).split(os.sep)[:-1]
    for end in range(1, len(parts) + 1):
        directory = os.sep.join(parts[:end]) or os.sep
        if not os.access(directory, os.X_OK):
            return directory if os.path.isdir(directory) else None

def database(settings):
    from django.db import connections
    for alias in connections:
        given = settings.DATABASES[alias]
        engine, name = given.get("ENGINE", ""), str(given.get("NAME", ""))
        if engine.endswith(".dummy"):
            continue
        if engine.endswith("sqlite3") and not name.startswith("file:") and ":memory:" not in name and not os.path.exists(name):
            shut = closed_above(name)
            if shut:
                say("closed-database", path=shut)
            else:
                say("no-database", name=name)
            continue
        if engine.endswith("sqlite3") and os.path.exists(name):
            # SQLite makes its journal beside the file.
            closed = [path for path in (name, os.path.dirname(os.path.abspath(name))) if not os.access(path, os.W_OK)]
            if closed:
                say("closed-database", path=closed[0])
        connection = connections[alias]
        options = dict(connection.settings_dict.get("OPTIONS") or {})
        if "postgresql" in engine or "mysql" in engine:
            options.setdefault("connect_timeout", 5)
            connection.settings_dict["OPTIONS"] = options
        good, _ = attempt("settings", "database", connection.ensure_connection)
        if good and alias == "default":
            def plan():
                from django.db.migrations.executor import MigrationExecutor
                executor = MigrationExecutor(connection)
                return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            good, left = attempt("settings", "migrations", plan)
            if good and left:
                say("unapplied", number=left)
        connection.close()

def system_checks():
    from django.core import checks
    errors = [e for e in checks.run_checks() if e.level >= checks.ERROR]
    for error in errors[:5]:
        say("django-check", text="%s (%s)" % (str(error.msg).split("\\n")[0][:300], error.id))

def survey(settings):
    facts = {}
    def note(name, action):
        try:
            facts[name] = action()
        except Exception:
            pass
    setting = lambda name, default=None: getattr(settings, name, default)
    texts = lambda value: [str(one)[:200] for one in (value or [])][:50]
    note("ssl_header", lambda: bool(setting("SECURE_PROXY_SSL_HEADER")))
    note("ssl_redirect", lambda: bool(setting("SECURE_SSL_REDIRECT")))
    note("origins", lambda: texts(setting("CSRF_TRUSTED_ORIGINS")))
    note("csrf", lambda: any("CsrfViewMiddleware" in one for one in setting("MIDDLEWARE", [])))
    note("whitenoise", lambda: any("whitenoise" in one for one in setting("MIDDLEWARE", [])))
    note("staticfiles", lambda: "django.contrib.staticfiles" in setting("INSTALLED_APPS", []))
    note("static_url", lambda: str(setting("STATIC_URL") or ""))
    note("static_root", lambda: str(setting("STATIC_ROOT") or ""))
    note("media_url", lambda: str(setting("MEDIA_URL") or ""))
    note("media_root", lambda: str(setting("MEDIA_ROOT") or ""))
    note("time_zone", lambda: str(setting("TIME_ZONE") or ""))
    note("databases", lambda: [str(one.get("NAME", "")) for one in settings.DATABASES.values() if str(one.get("ENGINE", "")).endswith("sqlite3")])
    note("closed", lambda: [path for path in wanted["survey"]["paths"] if os.path.isdir(path) and not os.access(path, os.W_OK)])
    def deploy():
        from django.core import checks
        own = {e.id for e in checks.run_checks()}
        found = checks.run_checks(include_deployment_checks=True)
        return [str(e.id) for e in found if e.id and e.id not in own and e.level >= checks.WARNING][:50]
    note("deploy", deploy)
    say("facts", facts=facts)

def get(order):
    from django.test import Client
    client = Client()
    if order["secure"]:
        # As the proxy says it, and as gunicorn understands it.
        answer = client.get(order["path"], HTTP_HOST=order["host"], HTTP_X_FORWARDED_PROTO="https", secure=True)
    else:
        answer = client.get(order["path"], HTTP_HOST=order["host"])
    say("answer", status=answer.status_code)

def report():
    out.write("\\n" + mark + json.dumps(found) + "\\n")
    out.flush()

if wanted["gunicorn"]:
    attempt("root", "gunicorn", lambda: importlib.import_module("gunicorn"))
if wanted["workerClass"] and not found:
    from gunicorn.util import load_class
    attempt("worker_class", "worker_class", lambda: load_class(wanted["workerClass"], "sync", "gunicorn.workers"))
settings = None
if wanted["django"]:
    good, _ = attempt("root", "django", lambda: importlib.import_module("django"))
    if good:
        good, settings = attempt("settings", "settings", load_settings)
        if not good:
            settings = None
        if good and settings.DEBUG:
            say("debug")
        if good and str(settings.SECRET_KEY or "").startswith("django-insecure-"):
            say("secret")
        if good:
            from django.http.request import validate_host
            # As HttpRequest.get_host: DEBUG fills in an empty list, and no other.
            local = [".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else []
            allowed = settings.ALLOWED_HOSTS or local
            left = [host for host in wanted["hosts"] if not validate_host(host, allowed)]
            if left:
                say("hosts", hosts=left)
        if good and wanted["static"] and getattr(settings, "STATIC_URL", None) == "/static/":
            root = settings.STATIC_ROOT
            if root and os.path.realpath(str(root)) != os.path.realpath(wanted["static"]):
                say("static", root=str(root))
if not [f for f in found if f["what"] in ("gunicorn", "django", "settings")]:
    good = True
    if wanted["wsgi"]:
        good, _ = attempt("wsgi", "wsgi", load_wsgi)
    if good and settings is not None:
        import django
        good, _ = attempt("settings", "setup", django.setup)
        if good:
            good, _ = attempt("settings", "urls", load_urls)
        if good:
            attempt("settings", "checks", system_checks)
            report()
            database(settings)
            if wanted["survey"]:
                report()
                survey(settings)
                if wanted["survey"]["get"]:
                    # It may take as long as it likes, and is killed with all of this.
                    report()
                    attempt("settings", "get", lambda: get(wanted["survey"]["get"]))
report()
os._exit(0)
`;
