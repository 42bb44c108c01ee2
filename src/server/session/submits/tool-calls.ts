import { failure, type Failure } from '../../../protocol/operation/failure';
import { partialResult, type ResultPush } from '../../../protocol/operation/result';
import { encodeToolCall, type ToolOutcome, type ToolRequest } from '../../../protocol/content/tool-call';
import { takeToolRequest } from '../argument-rules';
import type { Admission } from './admission/admission';
import { limitTripped, type SessionParts } from './session-parts';
import type { ReceivedSubmit } from './submit';

/** A call that the client has not answered. */
interface OpenCall {
  readonly submit: ReceivedSubmit;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The calls of tools that a session waits for.
 *
 *   open ──▶ answered: resolved, or rejected with the client's failure
 *     └────▶ withdrawn: the operation has ended, or its client takes none any more
 */
export class ToolCalls {
  private readonly calls = new Map<number, OpenCall>();
  private lastId = 0;
  private answers = 0;

  constructor(
    private readonly session: SessionParts,
    private readonly admission: Admission,
  ) {}

  /**
   * Opens a call: the part of the answer that asks for it, and what comes of it. Throws a `Failure` where the client
   * takes none, or too many are open; a `TypeError` where the request is none, or has arguments that JSON does not.
   */
  open(
    submit: ReceivedSubmit,
    request: ToolRequest,
  ): { readonly id: number; readonly asked: ResultPush; readonly outcome: Promise<unknown> } {
    if (submit.hasEnded) throw endOf(submit);
    this.requireRoom();
    const id = this.lastId + 1;
    const { body, fields } = encodeToolCall({ ...takeToolRequest(request), id });
    this.lastId = id;
    const outcome = new Promise((resolve, reject) => {
      this.calls.set(id, { submit, resolve, reject });
    });
    submit.openCalls += 1;
    this.admission.park(submit);
    return { id, asked: partialResult(submit.frameId, body, fields), outcome };
  }

  /** Whether more answers have come than calls were made: one that comes too late is as good as any. */
  get areOverAnswered(): boolean {
    return this.answers > this.lastId;
  }

  /** What a client says came of a call. Returns the operation that had it open; undefined where none had. */
  answered(parentId: number, id: number, outcome: ToolOutcome): ReceivedSubmit | undefined {
    this.answers += 1;
    if (this.calls.get(id)?.submit.frameId !== parentId) return undefined;
    const call = this.close(id);
    if (outcome.error === undefined) call?.resolve(outcome.value);
    else call?.reject(failure(outcome.error.status, outcome.error.text));
    return call?.submit;
  }

  /** A call cannot be made. */
  fail(id: number, error: unknown): void {
    this.close(id)?.reject(error);
  }

  /** Withdraws what an operation has open: it has ended, or its client takes none any more. */
  withdraw(submit: ReceivedSubmit): void {
    if (submit.openCalls === 0) return;
    const why = submit.hasEnded ? endOf(submit) : noTools();
    for (const [id, call] of this.calls) if (call.submit === submit) this.fail(id, why);
  }

  private close(id: number): OpenCall | undefined {
    const call = this.calls.get(id);
    if (call === undefined) return undefined;
    this.calls.delete(id);
    call.submit.openCalls -= 1;
    if (call.submit.openCalls === 0) this.admission.unpark(call.submit);
    return call;
  }

  private requireRoom(): void {
    const { sender, server } = this.session;
    if (!sender.takesTools) throw noTools();
    const allowed = server.settings.limits.maxToolCalls;
    const observed = this.calls.size + 1;
    if (observed <= allowed) return;
    limitTripped(this.session, { limit: 'maxToolCalls', allowed, observed, consequence: 'refused' });
    throw failure(503, 'too many tools are waited for');
  }
}

/** What a call ends with whose client takes none. */
function noTools(): Failure {
  return failure(501, 'the client takes no calls of tools');
}

function endOf({ frameId, signal }: ReceivedSubmit): Error {
  const reason = signal.reason as Error | undefined;
  return reason ?? new DOMException(`operation ${frameId} has been answered`, 'AbortError');
}
