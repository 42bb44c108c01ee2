import { describeError, RuntimeError, type ErrorReach } from '../protocol/runtime-error';
import type { Containment } from './contained';

/** Who is told of subscribers that fail. */
export interface FailureHost {
  failed(error: RuntimeError): void;
}

/** Tells of the subscribers of a stream that fail. */
export class SubscribersOf implements Containment {
  constructor(
    private readonly stream: string,
    private readonly host: FailureHost,
    private readonly reach: ErrorReach = 'packet',
  ) {}

  failed(cause: unknown): void {
    const message = `a subscriber of ${this.stream} failed: ${describeError(cause)}`;
    this.host.failed(
      new RuntimeError('internal', message, { reach: this.reach, origin: 'application', cause }),
    );
  }
}
