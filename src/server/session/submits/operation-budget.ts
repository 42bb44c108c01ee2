import { defer, of, startWith, Subject, type Observable } from 'rxjs';
import { UNBOUNDED, type Budget } from '../../../protocol/operation/budget';
import type { Result, ResultPush } from '../../../protocol/operation/result';
import { bodyBytes } from '../../../protocol/operation/result-packet';
import { budgetAfter } from '../../../protocol/revision/budget';
import { TextResult } from '../../../protocol/content/text-result';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import type { BudgetMetadata } from '../../../wire/preview4/control/scheduling';

/** What an operation may still use, of its own and of what its session's operations share: tokens and bytes are counted. */
export class OperationBudget {
  private own = UNBOUNDED;
  private wasTold = false;

  constructor(private readonly session?: { readonly sharedBudget: OperationBudget | undefined }) {}

  /** The client has said more of it. */
  change(update: BudgetMetadata): void {
    this.own = budgetAfter(this.own, update);
    this.wasTold = false;
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
    const { tokens, bandwidthBytes } = this.left;
    if (this.wasTold || (tokens > 0 && bandwidthBytes > 0)) return false;
    return (this.wasTold = true);
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

/** Tells who watches that nothing is left, once. */
export function tellSpent(operation: Budgeted): void {
  if (operation.scheduled?.budget?.takeNews() === true) tellBudget(operation);
}

function tokensOf(result: ResultPush): number {
  if (result instanceof TextResult) return typeof result.text === 'string' ? 1 : result.text.length;
  const { payloadKindBitmap, payloadFrameCount } = result.metadata;
  return (payloadKindBitmap & PayloadKind.TokenChunk) === 0 ? 0 : payloadFrameCount;
}
