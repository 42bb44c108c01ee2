import { Subject, takeUntil, type Observable } from 'rxjs';
import type { Capabilities } from '../../protocol/capability/capabilities';
import type { Progress } from '../../protocol/operation/progress';
import type { CallListener, ToolCall } from './tools/tool-calls';

/** What comes of an answer beside its results, for who listens: calls of tools, how far it is, and what it goes on with. */
export class AnswerCalls implements CallListener {
  /** Made for who listens, as are the others. */
  private subject: Subject<ToolCall> | undefined;
  private progress: Subject<Progress> | undefined;
  private degradations: Subject<Capabilities> | undefined;

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

  get degraded$(): Observable<Capabilities> {
    return (this.degradations ??= new Subject()).pipe(takeUntil(this.over$));
  }

  called(call: ToolCall): 'heard' | 'unheard' {
    if (this.subject?.observed !== true) return 'unheard';
    this.subject.next(call);
    return 'heard';
  }

  progressed(progress: Progress): void {
    this.progress?.next(progress);
  }

  degraded(to: Capabilities): void {
    this.degradations?.next(to);
  }
}
