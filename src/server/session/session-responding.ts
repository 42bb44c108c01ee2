import type { Observable } from 'rxjs';
import type { RespondOptions } from '../../../operators/application/respond-to-submits';
import type { Result } from '../../protocol/operation/result';
import { describeError, RuntimeError } from '../../protocol/runtime-error';
import type { ServerSettings } from '../options';
import type { SessionCore } from './session-core';
import type { Submit } from './session-message';
import { ReceivedSubmit } from './submits/submit';
import { timed } from './submits/timed-result';

/** What a session does for its handlers. */
export class SessionResponding implements RespondOptions<Submit> {
  readonly pressure$ = handlerPressure;

  constructor(private readonly core: SessionCore) {}

  get interceptors(): ServerSettings['interceptors'] {
    return this.core.server.settings.interceptors;
  }

  finish(last: Result, submit: Submit): Result {
    return last.type === 'push' ? timed(last, submit, this.core.server.scheduler.now()) : last;
  }

  onError(error: unknown, { frameId }: Submit): void {
    this.core.server.reports.failures.next(handlerFailed(this.core.sessionId, frameId, error));
  }

  onAbandoned(submit: Submit): void {
    submit.fail();
  }

  onUnsettled(work: PromiseLike<unknown>, submit: Submit): void {
    submit.keepSlotUntil(work);
  }
}

/** An interceptor may hand on another than the session's own. */
function handlerPressure(submit: Submit): Observable<boolean> {
  return submit instanceof ReceivedSubmit ? submit.handlerPressure$ : submit.pressure$;
}

function handlerFailed(sessionId: number, frameId: number, cause: unknown): RuntimeError {
  const message = `the handler of operation ${frameId} of session ${sessionId} failed: ${describeError(cause)}`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application', cause });
}
