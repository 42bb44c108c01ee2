import { isThenable } from '../../../protocol/is-thenable';
import { Failure, INTERNAL_STATUS } from '../../../protocol/operation/failure';
import type { Capabilities } from '../../../protocol/capability/capabilities';
import type { Progress } from '../../../protocol/operation/progress';
import type { NumberedCall, ToolOutcome } from '../../../protocol/content/tool-call';

/** What a server asks of the client in the middle of an answer. */
export interface ToolCall {
  readonly name: string;
  /** What JSON has; undefined where there are none. As the server gives them: check what must be so. */
  readonly arguments: unknown;
  /** Aborts when nobody waits for the result any more: the operation has ended. Made when it is read. */
  readonly signal: AbortSignal;
  /**
   * Answers with a value that JSON has, a promise of one, or a function that gives either, and is called at once. What
   * throws or rejects is a failure of the tool, which the handler is told: a `failure` with its status and text, anything
   * else, and a value that JSON does not have, as status 500. Only the first answer counts: no other function is called.
   *
   * @example
   * call.answer(async () => (await readFile(pathOf(call.arguments))).toString());
   */
  answer(result: unknown): void;
}

/** Who is told of what comes of an answer beside its results. */
export interface CallListener {
  called(call: ToolCall): 'heard' | 'unheard';
  progressed(progress: Progress): void;
  degraded(to: Capabilities): void;
}

/** A call, as its session has it: `tell` is given what came of it, once. */
export class ReceivedCall implements ToolCall {
  private controller: AbortController | undefined;
  private phase: 'open' | 'answered' | 'over' = 'open';

  constructor(
    private readonly call: NumberedCall,
    private readonly tell: (call: ReceivedCall, outcome: ToolOutcome) => void,
  ) {}

  get id(): number {
    return this.call.id;
  }

  get name(): string {
    return this.call.name;
  }

  get arguments(): unknown {
    return this.call.arguments;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.phase === 'over') this.abort(this.controller);
    }
    return this.controller.signal;
  }

  answer(result: unknown): void {
    if (this.phase !== 'open') return;
    this.phase = 'answered';
    const failed = (error: unknown): void => {
      this.tell(this, { error: reasonOf(error) });
    };
    let given: unknown;
    try {
      given = typeof result === 'function' ? (result as () => unknown)() : result;
      if (isThenable(given)) given = Promise.resolve(given);
    } catch (error) {
      // A function that throws, or a value that nobody may look at: the handler is not to wait for it.
      failed(error);
      return;
    }
    const tell = (value: unknown): void => {
      this.tell(this, { value });
    };
    if (given instanceof Promise) given.then(tell, failed);
    else tell(given);
  }

  /** Nobody answers it here. */
  refuse(): void {
    this.phase = 'answered';
    this.tell(this, {
      error: { status: 501, text: `nobody listens to tools$: ${this.name} is not answered` },
    });
  }

  /** Its operation has ended. */
  end(): void {
    this.phase = 'over';
    if (this.controller !== undefined) this.abort(this.controller);
  }

  toJSON(): Pick<ToolCall, 'name' | 'arguments'> {
    const { name, arguments: given } = this;
    return { name, arguments: given };
  }

  private abort(controller: AbortController): void {
    controller.abort(new DOMException(`nobody waits for ${this.name} any more`, 'AbortError'));
  }
}

function reasonOf(error: unknown): { status: number; text: string } {
  return error instanceof Failure
    ? { status: error.status, text: error.text }
    : { status: INTERNAL_STATUS, text: '' };
}
