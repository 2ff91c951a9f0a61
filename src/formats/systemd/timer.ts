// A schedule as systemd has it: a timer unit beside the service (systemd.timer(5), systemd.time(7)).

import type { Program, Schedule } from '../../model/host.ts';
import { type Cron, readCron } from '../../words/cron.ts';
import { escapePercent } from './quote.ts';

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The lines of the timer that starts the service of the same name. */
export function timerLines({ name, autostart }: Program, schedule: Schedule): readonly string[] {
  return [
    '[Unit]',
    `Description=${escapePercent(name)}: when it is run`,
    '',
    '[Timer]',
    ...calendar(schedule).map(times => `OnCalendar=${times}`),
    'AccuracySec=1s',
    ...(schedule.catchUp ? ['Persistent=true'] : []),
    ...(autostart ? ['', '[Install]', 'WantedBy=timers.target'] : []),
  ];
}

/** Calendar events that are the same times. Two of them, where cron is content with a day of the month or one of the week. */
export function calendar({ cron: text, timezone }: Pick<Schedule, 'cron' | 'timezone'>): readonly string[] {
  const read = readCron(text);
  if (!read.ok) return [];
  const { cron } = read;
  const isEither = !cron.both && cron.days !== null && cron.weekdays !== null;
  const parts = isEither
    ? [
        { ...cron, weekdays: null },
        { ...cron, days: null },
      ]
    : [cron];
  return parts.map(part => event(part, timezone));
}

function event({ minutes, hours, days, months, weekdays: week }: Cron, timezone: string | null): string {
  const values = (of: readonly number[] | null) =>
    of?.map(value => String(value).padStart(2, '0')).join(',') ?? '*';
  return [
    ...(week === null ? [] : [week.map(day => weekdays[day]).join(',')]),
    `*-${values(months)}-${values(days)}`,
    `${values(hours)}:${values(minutes)}:00`,
    ...(timezone === null ? [] : [timezone]),
  ].join(' ');
}
