// One way to serve an app, as far as a fault needs to know it.

export interface Stack {
  readonly name: string;
  /** Where visitors come in, on 127.0.0.1. */
  readonly port: number;
  readonly host: string;
  /** Pids of the app's gunicorn masters. */
  masters(): number[];
  /** SIGKILL to the supervisor, then what a service manager does: starts it again. */
  killSupervisor(): Promise<void>;
  /** A deploy: loads new code, by the supervisor's own command. */
  deploy(): Promise<void>;
}
