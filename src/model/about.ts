// A program as Supervisor's clients name it: a process in a group.

export interface ProcessName {
  readonly group: string;
  readonly process: string;
}

/** "cat:cat_00" is the process "cat_00" of the group "cat". A program without a group is a group of its own name. */
export function aboutOf(program: {
  readonly name: string;
  readonly group: string;
  readonly supervisord?: { readonly process: string };
}): ProcessName {
  const { name, group, supervisord } = program;
  const process = name.startsWith(`${group}:`) ? name.slice(group.length + 1) : name;
  return { group, process: supervisord?.process ?? process };
}

/** The name of a process in its group. */
export function programName({ group, process }: ProcessName): string {
  return group === process ? process : `${group}:${process}`;
}
