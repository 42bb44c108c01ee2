import { Subject, type Observable } from 'rxjs';
import type { CallListener, ToolCall } from './tool-calls';

/** The calls of tools of an answer, for who listens. */
export class AnswerCalls implements CallListener {
  /** Made for who listens. */
  private subject: Subject<ToolCall> | undefined;

  get calls$(): Observable<ToolCall> {
    return (this.subject ??= new Subject()).asObservable();
  }

  called(call: ToolCall): 'heard' | 'unheard' {
    if (this.subject?.observed !== true) return 'unheard';
    this.subject.next(call);
    return 'heard';
  }
}
