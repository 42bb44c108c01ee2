import type { Subject } from 'rxjs';
import { describeError, RuntimeError, type ErrorReach } from '../protocol/runtime-error';
import type { Containment } from './contained';

/** Tells of the subscribers of a stream that fail. */
export class SubscribersOf implements Containment {
  constructor(
    private readonly stream: string,
    private readonly failures: Subject<RuntimeError>,
    private readonly reach: ErrorReach = 'packet',
  ) {}

  failed(cause: unknown): void {
    const message = `a subscriber of ${this.stream} failed: ${describeError(cause)}`;
    this.failures.next(
      new RuntimeError('internal', message, { reach: this.reach, origin: 'application', cause }),
    );
  }
}
