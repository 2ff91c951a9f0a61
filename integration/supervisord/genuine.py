# Reads each configuration that is named on standard input as Supervisor itself reads it, and prints what it makes of it.
# Input: a JSON array of command lines. Output: a JSON array of {"error", "code", "out"} or {"value": ...}.
import io
import json
import os
import sys
import warnings

from supervisor import options, supervisord
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.events import getEventNameByType

warnings.simplefilter('ignore')


class Ended(Exception):
    pass


def target(value):
    if value is None:
        return {'kind': 'none'}
    if value is Automatic:
        return {'kind': 'auto'}
    return {'kind': 'file', 'path': value}


def channel(process, name):
    get = lambda key: getattr(process, '%s_%s' % (name, key))
    return {
        'log': target(get('logfile')),
        'captureMaxBytes': get('capture_maxbytes'),
        'eventsEnabled': get('events_enabled'),
        'syslog': get('syslog'),
        'backups': get('logfile_backups'),
        'maxBytes': get('logfile_maxbytes'),
    }


def restart(value):
    return {False: 'never', RestartUnconditionally: 'always', RestartWhenExitUnexpected: 'unexpected'}[value]


def process(p):
    return {
        'name': p.name, 'uid': p.uid, 'command': p.command, 'directory': p.directory, 'umask': p.umask,
        'priority': p.priority, 'autostart': p.autostart, 'autorestart': restart(p.autorestart),
        'startsecs': p.startsecs, 'startretries': p.startretries,
        'stdout': channel(p, 'stdout'), 'stderr': channel(p, 'stderr'),
        'stopsignal': int(p.stopsignal), 'stopwaitsecs': p.stopwaitsecs, 'stopasgroup': p.stopasgroup,
        'killasgroup': p.killasgroup, 'exitcodes': list(p.exitcodes), 'redirectStderr': p.redirect_stderr,
        'environment': p.environment, 'serverurl': p.serverurl,
    }


def group(g):
    value = {'kind': 'group', 'name': g.name, 'priority': g.priority, 'processes': [process(p) for p in g.process_configs]}
    if isinstance(g, options.EventListenerPoolConfig):
        events = sorted(getEventNameByType(e) for e in g.pool_events)
        value.update(kind='eventlistener', bufferSize=g.buffer_size, events=events,
                     resultHandler='supervisor.dispatchers:default_handler')
    elif isinstance(g, options.FastCGIGroupConfig):
        s = g.socket_config
        pair = lambda owner: None if owner is None else {'uid': owner[0], 'gid': owner[1]}
        inet = hasattr(s, 'host') and s.host is not None
        value.update(kind='fcgi', socket={
            'url': s.url,
            'address': {'host': s.host, 'port': s.port} if inet else {'path': s.path},
            'owner': None if inet else pair(s.owner), 'mode': None if inet else s.mode, 'backlog': s.backlog})
    return value


def server(s):
    value = {'section': s['section'], 'name': s['name'], 'username': s['username'], 'password': s['password']}
    if 'file' in s:
        value.update(family='unix', file=s['file'], chown={'uid': s['chown'][0], 'gid': s['chown'][1]}, chmod=s['chmod'])
    else:
        value.update(family='inet', host=s['host'], port=s['port'])
    return value


def read(args):
    out = io.StringIO()
    o = options.ServerOptions()
    o.stdout = o.stderr = out

    def end(code):
        raise Ended(code)

    o.exit = end
    try:
        o.realize(args, doc=supervisord.__doc__, progname='supervisord')
    except Ended as end:
        return {'code': end.args[0], 'out': out.getvalue()}
    finally:
        o.poller.close()
    return {'value': {
        'minfds': o.minfds, 'minprocs': o.minprocs, 'directory': o.directory, 'user': o.user, 'uid': o.uid, 'umask': o.umask,
        'logfile': o.logfile, 'logfileMaxBytes': o.logfile_maxbytes, 'logfileBackups': o.logfile_backups,
        'loglevel': o.loglevel, 'pidfile': o.pidfile, 'identifier': o.identifier, 'nodaemon': bool(o.nodaemon),
        'silent': bool(o.silent), 'childlogdir': o.childlogdir, 'nocleanup': bool(o.nocleanup),
        'stripAnsi': bool(o.strip_ansi), 'environment': o.configroot.supervisord.environment,
        'serverUrl': o.serverurl,
        'interfaces': [name for name, _, _ in o.rpcinterface_factories],
        'groups': [group(g) for g in o.process_group_configs],
        'servers': [server(s) for s in o.server_configs],
        'warnings': o.parse_warnings, 'infos': o.parse_infos,
    }}


print(json.dumps([read(args) for args in json.load(sys.stdin)]))
