// supervisorctl's own texts: those of Supervisor 4.2.5, for people and scripts that know them.
// Copyright (c) 2006-2015 Agendaless Consulting and Contributors, under the BSD-derived license of Supervisor (LICENSES.txt there):
// redistributions keep this notice.

/** "%s" is the name that it was called by. */
export const usageText = `supervisorctl -- control applications run by supervisord from the cmd line.

Usage: %s [options] [action [arguments]]

Options:
-c/--configuration FILENAME -- configuration file path (searches if not given)
-h/--help -- print usage message and exit
-i/--interactive -- start an interactive shell after executing commands
-s/--serverurl URL -- URL on which supervisord server is listening
     (default "http://localhost:9001").
-u/--username USERNAME -- username to use for authentication with server
-p/--password PASSWORD -- password to use for authentication with server
-r/--history-file -- keep a readline history (if readline is available)

action [arguments] -- see below

Actions are commands like "tail" or "stop".  If -i is specified or no action is
specified on the command line, a "shell" interpreting actions typed
interactively is started.  Use the action "help" to find out about available
actions.

`;

/** `help`. */
export const helpText = `
default commands (type help <topic>):
=====================================
add    exit      open  reload  restart   start   tail   
avail  fg        pid   remove  shutdown  status  update 
clear  maintail  quit  reread  signal    stop    version

`;

/** `help ACTION`. */
export const helpTexts = {
  add: `add <name> [...]\tActivates any updates in config for process/group
`,
  avail: `avail\t\t\tDisplay all configured processes
`,
  clear: `clear <name>\t\tClear a process' log files.
clear <name> <name>\tClear multiple process' log files
clear all\t\tClear all process' log files
`,
  exit: `exit\tExit the supervisor shell.
`,
  fg: `fg <process>\tConnect to a process in foreground mode
\t\tCtrl-C to exit
`,
  help: `help\t\tPrint a list of available actions
help <action>\tPrint help for <action>
`,
  maintail: `maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)
maintail -100\tlast 100 *bytes* of supervisord main log file
maintail\tlast 1600 *bytes* of supervisor main log file

`,
  open: `open <url>\tConnect to a remote supervisord process.
\t\t(for UNIX domain socket, use unix:///socket/path)
`,
  pid: `pid\t\t\tGet the PID of supervisord.
pid <name>\t\tGet the PID of a single child process by name.
pid all\t\t\tGet the PID of every child process, one per line.
`,
  quit: `quit\tExit the supervisor shell.
`,
  reload: `reload \t\tRestart the remote supervisord.
`,
  remove: `remove <name> [...]\tRemoves process/group from active config
`,
  reread: `reread \t\t\tReload the daemon's configuration files without add/remove
`,
  restart: `restart <name>\t\tRestart a process
restart <gname>:*\tRestart all processes in a group
restart <name> <name>\tRestart multiple processes or groups
restart all\t\tRestart all processes
Note: restart does not reread config files. For that, see reread and update.
`,
  shutdown: `shutdown \tShut the remote supervisord down.
`,
  signal: `signal <signal name> <name>\t\tSignal a process
signal <signal name> <gname>:*\t\tSignal all processes in a group
signal <signal name> <name> <name>\tSignal multiple processes or groups
signal <signal name> all\t\tSignal all processes
`,
  start: `start <name>\t\tStart a process
start <gname>:*\t\tStart all processes in a group
start <name> <name>\tStart multiple processes or groups
start all\t\tStart all processes
`,
  status: `status <name>\t\tGet status for a single process
status <gname>:*\tGet status for all processes in a group
status <name> <name>\tGet status for multiple named processes
status\t\t\tGet all process status info
`,
  stop: `stop <name>\t\tStop a process
stop <gname>:*\t\tStop all processes in a group
stop <name> <name>\tStop multiple processes or groups
stop all\t\tStop all processes
`,
  tail: `tail [-f] <name> [stdout|stderr] (default stdout)
Ex:
tail -f <name>\t\tContinuous tail of named process stdout
\t\t\tCtrl-C to exit.
tail -100 <name>\tlast 100 *bytes* of process stdout
tail <name> stderr\tlast 1600 *bytes* of process stderr
`,
  update: `update\t\t\tReload config and add/remove as necessary, and will restart affected programs
update all\t\tReload config and add/remove as necessary, and will restart affected programs
update <gname> [...]\tUpdate specific groups
`,
  version: `version\t\t\tShow the version of the remote supervisord process
`,
} as const satisfies Readonly<Record<string, string>>;
