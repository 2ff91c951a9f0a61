# Reads configurations (a JSON array of texts on stdin) with Supervisor's own parser, and prints what it makes of them.
import json, os, sys, tempfile
from supervisor.options import ServerOptions
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected

def log(value):
    return 'AUTO' if value is Automatic else value

def restart(value):
    return {RestartUnconditionally: 'always', RestartWhenExitUnexpected: 'unexpected'}.get(value, 'never')

def read(text, directory):
    path = os.path.join(directory, 'supervisord.conf')
    with open(path, 'w', newline='') as file:
        file.write(text)
    options = ServerOptions()
    options.environ_expansions = {}
    options.configfile = path
    options.here = directory
    options.warnings = []
    section = options.read_config(path)
    found = []
    for group in section.process_group_configs:
        for process in group.process_configs:
            if type(process).__name__ != 'ProcessConfig':
                continue
            found.append({
                'group': group.name, 'groupPriority': group.priority, 'name': process.name,
                'command': process.command, 'directory': process.directory, 'umask': process.umask,
                'priority': process.priority, 'autostart': process.autostart,
                'autorestart': restart(process.autorestart), 'startsecs': process.startsecs,
                'startretries': process.startretries, 'exitcodes': process.exitcodes,
                'stopsignal': int(process.stopsignal), 'stopwaitsecs': process.stopwaitsecs,
                'stopasgroup': process.stopasgroup, 'killasgroup': process.killasgroup, 'uid': process.uid,
                'redirectStderr': process.redirect_stderr, 'environment': process.environment,
                'stdout': {'path': log(process.stdout_logfile), 'maxBytes': process.stdout_logfile_maxbytes,
                           'backups': process.stdout_logfile_backups},
                'stderr': {'path': log(process.stderr_logfile), 'maxBytes': process.stderr_logfile_maxbytes,
                           'backups': process.stderr_logfile_backups},
            })
    return sorted(found, key=lambda p: (p['group'], p['name']))

answers = []
with tempfile.TemporaryDirectory() as directory:
    for text in json.load(sys.stdin):
        try:
            answers.append({'programs': json.loads(json.dumps(read(text, directory)).replace(directory, '/HERE'))})
        except Exception as error:
            answers.append({'error': '%s: %s' % (type(error).__name__, error)})
print(json.dumps(answers))
