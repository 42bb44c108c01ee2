import { OperationState } from './operation';

/** What an application says of an operation when it accepts it; what is left out stays as it is. */
export interface OperationRelations {
  /** An operation of the same session that is known. */
  readonly parentId?: number | undefined;
  readonly groupId?: number | undefined;
}

/** An operation, as it is to look at; it shows the present state. */
export interface Operation {
  readonly sessionId: number;
  /** By which it is known inside: an integer from 1 to 2⁵³ − 1. */
  readonly frameId: number;
  readonly parentId: number | undefined;
  readonly groupId: number | undefined;
  readonly state: OperationState;
}

/**
 * An operation as a registry holds it, which alone changes it. What knows more of an operation implements
 * this, so that there is one table of operations and one object for each.
 */
export class OperationEntry implements Operation {
  state: OperationState = OperationState.Accepted;
  parentId: number | undefined;
  groupId: number | undefined;
  /** Operations that are held and have this one as their parent. */
  children = 0;

  constructor(
    readonly sessionId: number,
    readonly frameId: number,
  ) {}
}
