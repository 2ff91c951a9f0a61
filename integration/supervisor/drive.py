# An unmodified supervisorctl, run for each line of input: its arguments in, its exit code, what it prints and its errors out, as JSON. One process
# for many commands, since Python and pkg_resources take longer to load than a command takes.

import contextlib
import io
import json
import sys

from supervisor import supervisorctl
from supervisor.options import VERSION

sys.argv[0] = "/usr/bin/supervisorctl"
print(json.dumps(VERSION), flush=True)
for line in sys.stdin:
    out, errors = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            supervisorctl.main(json.loads(line))
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps({"code": code, "text": out.getvalue(), "errors": errors.getvalue()}), flush=True)
