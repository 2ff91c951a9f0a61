# Reads configurations (a JSON array of texts on stdin) with Supervisor's own parser, and prints what it makes of them.
import json, os, re, sys, tempfile
from supervisor.options import ServerOptions
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected

def log(value):
    return 'AUTO' if value is Automatic else value

def channel(process, name):
    keys = {'path': 'logfile', 'maxBytes': 'logfile_maxbytes', 'backups': 'logfile_backups',
            'events': 'events_enabled', 'captureBytes': 'capture_maxbytes', 'syslog': 'syslog'}
    return {key: log(getattr(process, '%s_%s' % (name, suffix))) for key, suffix in keys.items()}

def restart(value):
    return {RestartUnconditionally: 'always', RestartWhenExitUnexpected: 'unexpected'}.get(value, 'never')

def cut_before_313(line):
    """Where configparser cut an inline comment: each round looks at one more place of ; and of #."""
    at = {';': -1, '#': -1}
    while at:
        at = {sign: line.find(sign, index + 1) for sign, index in at.items()}
        at = {sign: index for sign, index in at.items() if index != -1}
        found = [index for index in at.values() if index == 0 or line[index - 1].isspace()]
        if found:
            return line[:min(found)].strip()
    return line.strip()

def cut_since_313(line):
    """The first place of either, after a blank or at the line's beginning."""
    return re.split(r'(?:^|\s)[;#]', line, maxsplit=1)[0].strip()

def reads_otherwise(text):
    """Whether this Python reads a line otherwise than those before 3.13, and so than hostd."""
    return sys.version_info >= (3, 13) and any(cut_before_313(line) != cut_since_313(line) for line in text.split('\n'))

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
                'listener': None, 'stdout': channel(process, 'stdout'), 'stderr': channel(process, 'stderr'),
            })
    return sorted(found, key=lambda p: (p['group'], p['name']))

answers = []
with tempfile.TemporaryDirectory() as directory:
    for text in json.load(sys.stdin):
        if reads_otherwise(text):
            answers.append({'otherwise': True})
            continue
        try:
            answers.append({'programs': json.loads(json.dumps(read(text, directory)).replace(directory, '/HERE'))})
        except Exception as error:
            answers.append({'error': '%s: %s' % (type(error).__name__, error)})
print(json.dumps(answers))
