import { NnrpError } from '../../../wire/errors';
import type { AnsweredOperation } from '../../../protocol/revision/answers';

/** An operation that has a name of its own, besides its frame. */
interface Named extends AnsweredOperation {
  readonly hasEnded: boolean;
}

/** Past so many, those that have ended are forgotten. */
const SWEEP_AT = 64;

/** The names that a client of preview4 has given its operations: no two that are under way have the same. */
export class OperationNames {
  /** The client has come back as one that has forgotten its operations, and may count its frames from 1 again. */
  mayStartAnew = false;
  private readonly named = new Map<number | bigint, Named>();
  private sweepAt = SWEEP_AT;

  /** Throws an `NnrpError`, `OperationAlreadyExists`, where another that has not ended has the name. */
  check(operation: AnsweredOperation): void {
    if (this.named.get(nameOf(operation))?.hasEnded !== false) return;
    throw new NnrpError({ kind: 'OperationAlreadyExists', operationId: idOf(operation) });
  }

  add(operation: Named): void {
    this.named.set(nameOf(operation), operation);
    if (this.named.size < this.sweepAt) return;
    for (const [name, { hasEnded }] of this.named) if (hasEnded) this.named.delete(name);
    this.sweepAt = Math.max(SWEEP_AT, 2 * this.named.size);
  }

  /** Throws an `NnrpError` where an operation's frame is not that of its name. */
  checkBound(operationId: bigint, operation: AnsweredOperation | undefined): void {
    if (operation === undefined || idOf(operation) === operationId) return;
    throw new NnrpError({ kind: 'UnknownOperation', operationId });
  }
}

function idOf({ idLow, idHigh }: AnsweredOperation): bigint {
  return (BigInt(idHigh) << 32n) | BigInt(idLow);
}

/** A number where that is exact: nearly always, and it costs less. */
function nameOf(operation: AnsweredOperation): number | bigint {
  const { idLow, idHigh } = operation;
  return idHigh < 2 ** 21 ? idHigh * 2 ** 32 + idLow : idOf(operation);
}
