// What Kubernetes alone has no word for. Pure.

import type { App, Program } from '../../model/host.ts';
import { readCron } from '../../words/cron.ts';
import { boundOf } from '../containers/bounds.ts';
import type { Saying } from '../containers/unsaid.ts';
import { isNamed, type Part } from '../containers/workload.ts';
import { isIngressHost } from './objects.ts';

export function kubernetesSayings({ program }: Part): readonly Saying[] {
  const sayings: Saying[] = [];
  const say = (...saying: Saying) => sayings.push(saying);
  if (program.schedule === null && program.autorestart !== 'always')
    say(
      'autorestart',
      'a Deployment starts what has ended again, whatever its exit code is',
      'schedule = "..."; or a Job of your own',
    );
  if (program.startretries !== null && program.schedule === null)
    say(
      'startretries',
      'it is tried for ever, after pauses that grow to five minutes',
      'leave startretries out',
    );
  if (program.exitcodes.length !== 1 || program.exitcodes[0] !== 0)
    say('exitcodes', 'exit code 0 alone is a good end', 'a command that ends with 0');
  if (program.stopsignal !== 'SIGTERM')
    say(
      'stopsignal',
      'the signal is that of the image',
      `STOPSIGNAL ${program.stopsignal} in the Containerfile`,
    );
  if (Object.keys(program.limits).length > 0)
    say(
      'limits',
      'Kubernetes sets no resource limits of processes',
      'command = "prlimit --nofile=... COMMAND"',
    );
  if (program.oomScoreAdj !== null)
    say('oom_score_adj', 'Kubernetes reckons it from requests and limits', 'memory_high = memory_max');
  if (boundOf(program, 'cpuWeight') !== null)
    say('cpu_weight', 'the weight is that of the request', 'cpu_max = "..."');
  if (boundOf(program, 'ioWeight') !== null)
    say('io_weight', 'Kubernetes has no weight of disks', 'leave io_weight out');
  if (boundOf(program, 'tasksMax') !== null)
    say('tasks_max', "the bound is that of the node's kubelet", 'podPidsLimit of the kubelet');
  for (const [stream, log] of [
    ['stdout', program.stdout],
    ['stderr', program.stderr],
  ] as const) {
    if (log === null) continue;
    const key = `${stream}_logfile`;
    if (log.maxBytes !== 50 * 1024 ** 2)
      say(`${key}_maxbytes`, "the size is that of the node's kubelet", 'containerLogMaxSize of the kubelet');
    if (log.backups !== 10)
      say(
        `${key}_backups`,
        "the number is that of the node's kubelet",
        'containerLogMaxFiles of the kubelet',
      );
  }
  for (const { name: service } of program.requires.filter(isNamed))
    say(
      'requires',
      `"${service}" is this machine's: it is looked for under that name`,
      `a Service "${service}", or requires = ["ADDRESS:PORT"]`,
    );
  return [...sayings, ...scheduleSayings(program)];
}

/** Of the site: what is in front of it is an Ingress, and there is one where it has names. */
export function siteSayings({ app }: { readonly app: App }): readonly Saying[] {
  const odd = app.serverNames.filter(name => !isIngressHost(name));
  const sayings: Saying[] = odd.map(name => [
    'server_names',
    `"${name}" is no host name for Kubernetes: an Ingress takes neither "_" nor an address`,
    'another name',
  ]);
  if (odd.length < app.serverNames.length) return sayings;
  const without = 'without server_names there is no Ingress to have it';
  if (app.clientMaxBodySize !== 4 * 1024 ** 3)
    sayings.push(['client_max_body_size', without, 'server_names = ["..."]']);
  if (app.proxyReadTimeout !== 60) sayings.push(['proxy_read_timeout', without, 'server_names = ["..."]']);
  if (app.redirectHttps) sayings.push(['redirect_https', without, 'server_names = ["..."]']);
  return sayings;
}

function scheduleSayings({ schedule }: Program): readonly Saying[] {
  if (schedule === null) return [];
  const read = readCron(schedule.cron);
  const isBoth = read.ok && read.cron.both && read.cron.days !== null && read.cron.weekdays !== null;
  return [
    ...(schedule.timezone === null
      ? [
          [
            'schedule',
            'without a timezone its times are those of the cluster, mostly UTC',
            'timezone = "Europe/Berlin"',
          ] as const,
        ]
      : []),
    ...(isBoth
      ? [
          [
            'schedule',
            'Kubernetes takes a day of the month or one of the week, where hostd wants both',
            'a command that looks at the day',
          ] as const,
        ]
      : []),
    ...(schedule.catchUp
      ? [
          [
            'catch_up',
            'a run that was missed is made up for within a day alone',
            'leave catch_up out',
          ] as const,
        ]
      : []),
  ];
}
