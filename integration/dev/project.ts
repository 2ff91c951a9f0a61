// Small Django projects for tests of hostd dev: no database, a few views, one static file.

import type { Place } from '../harness/place.ts';

const manage = (name: string) => `import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${name}.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`;

const settings = (name: string) => `from pathlib import Path
DEBUG = True
SECRET_KEY = "test"
ROOT_URLCONF = "${name}.urls"
INSTALLED_APPS = ["django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "files"]
`;

const urls = `import json, os, time
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

def home(request):
    seen = {k: v for k, v in request.META.items() if k.startswith("HTTP_") or k == "REMOTE_ADDR"}
    return HttpResponse(json.dumps({"seen": seen, "name": __name__, "host": request.get_host(), "uid": os.getuid()}))

def stream(request):
    def events():
        for number in range(3):
            yield f"data: {number} {time.time()}\\n\\n"
            time.sleep(0.5)
    return StreamingHttpResponse(events(), content_type="text/event-stream")

def stop(request):
    answer = "unset"
    breakpoint()
    return HttpResponse(answer)

def crash(request):
    os._exit(7)

urlpatterns = [path("", home), path("stream", stream), path("stop", stop), path("crash", crash)]
`;

const application = (name: string, kind: 'wsgi' | 'asgi') => `import os
from django.core.${kind} import get_${kind}_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${name}.settings")
application = get_${kind}_application()
`;

/** Writes the project NAME below `folder` of the place; returns its folder. */
export function writeProject(place: Place, folder: string, name: string): string {
  const at = (path: string) => `${folder}/${path}`;
  place.write(at('manage.py'), manage(name));
  place.write(at(`${name}/__init__.py`), '');
  place.write(at(`${name}/settings.py`), settings(name));
  place.write(at(`${name}/urls.py`), urls);
  place.write(at(`${name}/wsgi.py`), application(name, 'wsgi'));
  place.write(at(`${name}/asgi.py`), application(name, 'asgi'));
  place.write(at(`${name}/files/a.txt`), `static of ${name}\n`);
  return `${place.dir}/${folder}`;
}
