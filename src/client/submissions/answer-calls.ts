import { Subject, takeUntil, type Observable } from 'rxjs';
import type { Progress } from '../../protocol/operation/progress';
import type { CallListener, ToolCall } from './tools/tool-calls';

/** What comes of an answer beside its results, for who listens: calls of tools, and how far it is. */
export class AnswerCalls implements CallListener {
  /** Made for who listens, as is the other. */
  private subject: Subject<ToolCall> | undefined;
  private progress: Subject<Progress> | undefined;

  constructor(
    /** Emits when nothing can come any more, at once where that is so. */
    private readonly over$: Observable<unknown>,
  ) {}

  get calls$(): Observable<ToolCall> {
    return (this.subject ??= new Subject()).pipe(takeUntil(this.over$));
  }

  get progress$(): Observable<Progress> {
    return (this.progress ??= new Subject()).pipe(takeUntil(this.over$));
  }

  called(call: ToolCall): 'heard' | 'unheard' {
    if (this.subject?.observed !== true) return 'unheard';
    this.subject.next(call);
    return 'heard';
  }

  progressed(progress: Progress): void {
    this.progress?.next(progress);
  }
}
