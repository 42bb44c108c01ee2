import { NnrpError } from '../../../wire/errors';
import { operationIdOf, type AnsweredOperation } from '../../../protocol/revision/answers';

/** The operations of a session that have not ended, by frame. */
interface UnderWay {
  get(frameId: number): AnsweredOperation | undefined;
}

/** Past so many, those that have ended are forgotten. */
const SWEEP_AT = 64;

/**
 * The names that a client of preview4 has given its operations: no two that are under way have the same. Clients that
 * name an operation as its frame, as those of this project do, cost no entry: frames are unique already.
 */
export class OperationNames {
  /** The client has come back as one that has forgotten its operations, and may count its frames from 1 again. */
  mayStartAnew = false;
  /**
   * Frames by name, where the two differ, and no more: the bytes of what was asked are not to stay for it. Made with
   * the first.
   */
  private frames: Map<number | bigint, number> | undefined;
  private sweepAt = SWEEP_AT;

  /** Throws an `NnrpError`, `OperationAlreadyExists`, where another that is under way has the name. */
  check(operation: AnsweredOperation, underWay: UnderWay): void {
    const name = nameOf(operation);
    if (name === operation.frameId && this.frames === undefined) return;
    if (this.frameNamed(name, underWay) === undefined) return;
    throw new NnrpError({ kind: 'OperationAlreadyExists', operationId: operationIdOf(operation) });
  }

  add(operation: AnsweredOperation, underWay: UnderWay): void {
    const name = nameOf(operation);
    if (name === operation.frameId) return;
    const frames = (this.frames ??= new Map<number | bigint, number>());
    frames.set(name, operation.frameId);
    if (frames.size < this.sweepAt) return;
    for (const [each, frameId] of frames) if (!isNamed(underWay.get(frameId), each)) frames.delete(each);
    this.sweepAt = Math.max(SWEEP_AT, 2 * frames.size);
  }

  /** The frame of the operation under way that has a name. */
  frameOf(operationId: bigint, underWay: UnderWay): number | undefined {
    return this.frameNamed(operationId < 2n ** 53n ? Number(operationId) : operationId, underWay);
  }

  /** Throws an `NnrpError` where an operation's frame is not that of its name. */
  checkBound(operationId: bigint, operation: AnsweredOperation | undefined): void {
    if (operation === undefined || operationIdOf(operation) === operationId) return;
    throw new NnrpError({ kind: 'UnknownOperation', operationId });
  }

  private frameNamed(name: number | bigint, underWay: UnderWay): number | undefined {
    const frameId = this.frames?.get(name);
    if (frameId !== undefined && isNamed(underWay.get(frameId), name)) return frameId;
    return typeof name === 'number' && isNamed(underWay.get(name), name) ? name : undefined;
  }
}

/** A frame may be another operation's by now: its client may have begun anew. */
function isNamed(operation: AnsweredOperation | undefined, name: number | bigint): boolean {
  return operation !== undefined && nameOf(operation) === name;
}

/** A number where that is exact: nearly always, and it costs less. */
function nameOf(operation: AnsweredOperation): number | bigint {
  const { idLow, idHigh } = operation;
  return idHigh < 2 ** 21 ? idHigh * 2 ** 32 + idLow : operationIdOf(operation);
}
