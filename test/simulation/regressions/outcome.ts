import { Observable, take, timer } from 'rxjs';
import type { ClientSession } from '../../../src';
import type { VirtualStage } from './virtual-stage';

/** What became of a submit, as its client saw it. */
export class Outcome {
  readonly parts: number[] = [];
  end: string | undefined;
  error: unknown;
  readonly subscription;

  constructor(session: ClientSession, request: Parameters<ClientSession['submit']>[0] = {}) {
    this.subscription = session.submit(request).subscribe({
      next: ({ body }) => {
        if (body.length > 0) this.parts.push(body[0] ?? -1);
      },
      error: (error: unknown) => {
        this.end = 'error';
        this.error = error;
      },
      complete: () => {
        this.end = 'complete';
      },
    });
  }
}

/** The numbers of as many parts. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Numbers, one a millisecond, as the parts of an answer. */
export function counting(stage: VirtualStage, count: number): Observable<Uint8Array> {
  return new Observable((subscriber) =>
    timer(1, 1, stage.scheduler)
      .pipe(take(count))
      .subscribe({
        next: (tick) => {
          subscriber.next(Uint8Array.of(tick));
        },
        complete: () => {
          subscriber.complete();
        },
      }),
  );
}
