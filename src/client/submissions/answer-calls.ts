import { Subject, takeUntil, type Observable } from 'rxjs';
import type { CallListener, ToolCall } from './tools/tool-calls';

/** The calls of tools of an answer, for who listens. */
export class AnswerCalls implements CallListener {
  /** Made for who listens. */
  private subject: Subject<ToolCall> | undefined;

  constructor(
    /** Emits when no call can come any more, at once where that is so. */
    private readonly over$: Observable<unknown>,
  ) {}

  get calls$(): Observable<ToolCall> {
    return (this.subject ??= new Subject()).pipe(takeUntil(this.over$));
  }

  called(call: ToolCall): 'heard' | 'unheard' {
    if (this.subject?.observed !== true) return 'unheard';
    this.subject.next(call);
    return 'heard';
  }
}
