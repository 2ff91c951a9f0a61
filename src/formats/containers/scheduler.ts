// A small scheduler in Python, for engines that run nothing at certain times: a container in which the program's runs come and go, one at
// once, at the times that hostd would run it (words/timetable.ts). Pure.

import type { Program, Schedule } from '../../model/host.ts';
import { readCron } from '../../words/cron.ts';

/**
 * due(minute): whether a run begins in that minute since 1970. What the clock leaps over in spring is due when it has leapt; of an hour
 * that comes twice, a job at fixed hours has the first.
 */
export const dueSource = `import json, os, signal, subprocess, sys, time
from datetime import datetime, timedelta
plan = json.loads(sys.argv[1])
if plan["zone"]:
    from zoneinfo import ZoneInfo
    zone = ZoneInfo(plan["zone"])
else:
    zone = None
step = timedelta(minutes=1)
def has(field, value):
    return plan[field] is None or value in plan[field]
def meant(at):
    day, weekday = has("days", at.day), has("weekdays", at.isoweekday() % 7)
    both = plan["both"] or plan["days"] is None or plan["weekdays"] is None
    is_day = (day and weekday) if both else (day or weekday)
    return is_day and has("minutes", at.minute) and has("hours", at.hour) and has("months", at.month)
def due(minute):
    now, before = [datetime.fromtimestamp(at * 60, zone) for at in (minute, minute - 1)]
    if now.fold and plan["hours"] is not None:
        return False
    now, before = now.replace(tzinfo=None, fold=0), before.replace(tzinfo=None, fold=0)
    return any(meant(now - step * back) for back in range(max(1, (now - before) // step)))
`;

/** A time is made up for when it is up to five minutes late. While a run goes on, none begins. A clock that was put back repeats nothing. */
const mainSource = `
command = sys.argv[2:]
ending = getattr(signal, plan["signal"])
def say(*what):
    print(*what, file=sys.stderr, flush=True)
def stop(*_):
    sys.exit(0)
def finish(child):
    child.send_signal(ending)
    try:
        child.wait(plan["grace"])
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
def run():
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        say("cannot run:", error)
        return
    try:
        code = child.wait(plan["limit"])
        if code != 0:
            say("the run has failed with exit code", code)
    except subprocess.TimeoutExpired:
        say("the run has taken longer than its time_limit, and is stopped")
        finish(child)
    except SystemExit:
        finish(child)
        raise
if ending != signal.SIGKILL:
    signal.signal(ending, stop)
minute = lambda: int(time.time() // 60)
def past(since):
    now = minute()
    return now if now > since or now < since - 180 else since
done = minute()
while True:
    time.sleep(max(0.01, 60 - time.time() % 60))
    before, done = done, past(done)
    if any(due(at) for at in range(max(before, done - 6) + 1, done + 1)):
        run()
        before, done = done, past(done)
        if any(due(at) for at in range(before + 1, done + 1)):
            say("a run was missed, since the last one had not ended")
`;

/** The command that runs another one by its schedule. It ends by the program's stopsignal, and so does a run that is going. */
export function schedulingCommand(
  python: string,
  schedule: Schedule,
  program: Pick<Program, 'stopsignal' | 'stopwaitsecs'>,
  command: readonly string[],
): readonly string[] {
  return [python, '-c', `${dueSource}${mainSource}`, planOf(schedule, program), ...command];
}

/** What the scheduler is told, as JSON. */
export function planOf(
  { cron: text, timezone: zone, timeLimit: limit }: Schedule,
  { stopsignal: signal, stopwaitsecs: grace }: Pick<Program, 'stopsignal' | 'stopwaitsecs'>,
): string {
  const read = readCron(text);
  if (!read.ok) throw new Error(`${JSON.stringify(text)}: ${read.reason}`);
  return JSON.stringify({ ...read.cron, zone, limit, signal, grace });
}
