// Whether an app is served elsewhere: by its upstreams, in place of programs on this machine.

/** Asked of an app, of its status, and of a site's draft. */
export function isElsewhere({ upstreams = [] }: { readonly upstreams?: readonly unknown[] }): boolean {
  return upstreams.length > 0;
}
