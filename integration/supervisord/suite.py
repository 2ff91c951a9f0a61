# Supervisor's own end-to-end tests, each in a process of its own, several at a time. Prints a JSON object: the name of each test,
# and "ok" or what it has said.
import concurrent.futures
import json
import os
import subprocess
import sys
import unittest

module = 'supervisor.tests.test_end_to_end'
names = unittest.TestLoader().getTestCaseNames(__import__(module, fromlist=['x']).EndToEndTests)


def run(name):
    # Each supervisord removes the automatic logs that it finds at its start.
    own = os.path.join('/tmp', name)
    os.mkdir(own)
    command = [sys.executable, '-W', 'ignore', '-m', 'unittest', '%s.EndToEndTests.%s' % (module, name)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, TMPDIR=own))
    return name, 'ok' if done.returncode == 0 else done.stdout.decode(errors='replace')


# Both have the same socket in their configurations.
together = ['test_issue_565', 'test_issue_836']
rows = [together] + [[name] for name in names if name not in together]
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    results = pool.map(lambda row: [run(name) for name in row], rows)
    print(json.dumps(dict(result for row in results for result in row)))
