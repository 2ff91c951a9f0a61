// One way of serving an app: what a fault needs to know of it.

export interface Stack {
  readonly name: string;
  /** Where visitors come in, on 127.0.0.1. */
  readonly port: number;
  readonly host: string;
  /** Pids of the app's gunicorn masters. */
  masters(): number[];
  /** SIGKILL to the supervisor, then what a service manager does: starts it again. */
  killSupervisor(): Promise<void>;
  /** A deploy: new code is to be loaded, by the supervisor's own command for it. */
  deploy(): Promise<void>;
}
