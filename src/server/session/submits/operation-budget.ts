import { defer, of, startWith, Subject, type Observable } from 'rxjs';
import { UNBOUNDED, type Budget } from '../../../protocol/operation/budget';
import type { Result, ResultPush } from '../../../protocol/operation/result';
import { bodyBytes } from '../../../protocol/operation/result-packet';
import { budgetAfter } from '../../../protocol/revision/budget';
import { TextResult } from '../../../protocol/content/text-result';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import { framesLength } from '../../../wire/text-packet';
import type { BudgetMetadata } from '../../../wire/preview4/control/scheduling';

/** What all operations of a session may use together. */
interface Sharing {
  readonly sharedBudget: OperationBudget | undefined;
  /** It has run out: others have to hear of that, too. */
  sharedSpent(): void;
}

/** What an operation may still use, of its own and of what its session's operations share: tokens and bytes are counted. */
export class OperationBudget {
  private own = UNBOUNDED;
  private wasTold = false;

  constructor(private readonly session?: Sharing) {}

  /** The client has said more of it. */
  change(update: BudgetMetadata): void {
    this.own = budgetAfter(this.own, update);
    this.renewed();
  }

  /** There may be more of it: that it runs out is news again. */
  renewed(): void {
    this.wasTold = false;
  }

  /** What it shares is to end: it keeps what is left of that. */
  leave(): void {
    this.own = this.left;
  }

  get left(): Budget {
    const { own } = this;
    const shared = this.session?.sharedBudget?.own ?? UNBOUNDED;
    return {
      tokens: Math.min(own.tokens, shared.tokens),
      bandwidthBytes: Math.min(own.bandwidthBytes, shared.bandwidthBytes),
      computeUnits: Math.min(own.computeUnits, shared.computeUnits),
      memoryBytes: Math.min(own.memoryBytes, shared.memoryBytes),
    };
  }

  /** Whether a result is within it, or is sent all the same, as `isBound` says; then what it uses is counted. */
  spend(result: Result, isBound: boolean): boolean {
    if (result.type !== 'push') return true;
    const { left } = this;
    const tokens = tokensOf(result);
    const bytes = left.bandwidthBytes === Infinity ? 0 : bodyBytes(result);
    if (isBound && (tokens > left.tokens || bytes > left.bandwidthBytes)) return false;
    this.use(tokens, bytes);
    this.session?.sharedBudget?.use(tokens, bytes);
    return true;
  }

  /** Whether it has run out, and nobody was told. */
  takeNews(): boolean {
    if (this.wasTold || !this.isSpent) return false;
    return (this.wasTold = true);
  }

  /** Tells the other operations where what they share has run out. */
  tellOthers(): void {
    if (this.session?.sharedBudget?.takeNews() === true) this.session.sharedSpent();
  }

  /** As much of a gathered text as is within it; undefined where none is, or that cannot be told. */
  cut(result: Result): TextResult | undefined {
    if (!(result instanceof TextResult) || !result.isText || typeof result.text === 'string')
      return undefined;
    const { frameId, text } = result;
    const { tokens, bandwidthBytes } = this.left;
    let bytes = new TextResult(frameId, []).byteLength;
    let count = 0;
    for (const each of text) {
      bytes += framesLength(each);
      if (count === tokens || bytes > bandwidthBytes) break;
      count += 1;
    }
    return count === 0 ? undefined : new TextResult(frameId, text.slice(0, count));
  }

  private get isSpent(): boolean {
    const { tokens, bandwidthBytes } = this.own;
    return tokens <= 0 || bandwidthBytes <= 0 || this.session?.sharedBudget?.isSpent === true;
  }

  private use(tokens: number, bytes: number): void {
    this.own = {
      ...this.own,
      tokens: Math.max(0, this.own.tokens - tokens),
      bandwidthBytes: Math.max(0, this.own.bandwidthBytes - bytes),
    };
  }
}

/** An operation that may have a budget. */
interface Budgeted {
  readonly scheduled: { readonly budget: OperationBudget | undefined } | undefined;
  readonly hasEnded: boolean;
  budgets: Subject<Budget> | undefined;
}

/** What an operation may still use, now and whenever that is told. */
export function budgetOf(operation: Budgeted): Observable<Budget> {
  return defer(() => {
    const left = operation.scheduled?.budget?.left ?? UNBOUNDED;
    if (operation.hasEnded) return of(left);
    return (operation.budgets ??= new Subject()).pipe(startWith(left));
  });
}

/** Tells who watches what is left. */
export function tellBudget({ scheduled, budgets }: Budgeted): void {
  if (scheduled?.budget !== undefined) budgets?.next(scheduled.budget.left);
}

/** Tells who watches that nothing is left, once; where nothing is that all share, of all of them. */
export function tellSpent(operation: Budgeted): void {
  const budget = operation.scheduled?.budget;
  if (budget?.takeNews() === true) tellBudget(operation);
  budget?.tellOthers();
}

function tokensOf(result: ResultPush): number {
  if (result instanceof TextResult) return typeof result.text === 'string' ? 1 : result.text.length;
  const { payloadKindBitmap, payloadFrameCount } = result.metadata;
  return (payloadKindBitmap & PayloadKind.TokenChunk) === 0 ? 0 : payloadFrameCount;
}
