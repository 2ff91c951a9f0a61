"""Pages for people and scripts that want to see how the site is run: who serves it, slowly, bit by bit, and is it well."""

import asyncio
import grp
import os
import platform
import pwd
import time

import django
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse

LONGEST = 60.0


def name_of(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)


def identity():
    try:
        from gunicorn import __version__ as gunicorn
    except ImportError:
        gunicorn = None
    return {
        "site": "hello",
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "uid": os.getuid(),
        "user": name_of(pwd.getpwuid, os.getuid()),
        "gid": os.getgid(),
        "group": name_of(grp.getgrgid, os.getgid()),
        "groups": sorted(os.getgroups()),
        "cwd": os.getcwd(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "gunicorn": gunicorn,
    }


def seconds(request, name, default):
    try:
        return min(max(float(request.GET.get(name, default)), 0.0), LONGEST)
    except ValueError:
        return default


def whoami(request):
    asked = {"host": request.get_host(), "scheme": request.scheme, "client": request.META.get("REMOTE_ADDR", "")}
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    return JsonResponse({**identity(), **asked, "forwarded_for": forwarded}, json_dumps_params={"indent": 2})


def slow(request):
    wait = seconds(request, "s", 1.0)
    time.sleep(wait)
    return HttpResponse(f"hello after {wait:g} s from pid {os.getpid()}\n", content_type="text/plain")


def sse(request):
    """?n= events, ?s= seconds between them."""
    count, pause = int(seconds(request, "n", 5.0)), seconds(request, "s", 0.5)
    # Before 4.2, Django can't stream from an async generator; under WSGI it should not.
    asynchronous = isinstance(request, ASGIRequest) and django.VERSION >= (4, 2)
    events = ticks_async(count, pause) if asynchronous else ticks(count, pause)
    return StreamingHttpResponse(events, content_type="text/event-stream", headers={"Cache-Control": "no-cache"})


def event(number):
    return f"id: {number}\nevent: tick\ndata: hello {number} from pid {os.getpid()}\n\n"


def ticks(count, pause):
    for number in range(1, count + 1):
        yield event(number)
        if number < count:
            time.sleep(pause)


async def ticks_async(count, pause):
    for number in range(1, count + 1):
        yield event(number)
        if number < count:
            await asyncio.sleep(pause)


def healthz(request):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        return HttpResponse(f"database: {error}\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")
