import { NnrpError, type NnrpFault } from '../../src/wire/errors';

/** The fault that an action throws; the test fails where it throws none. */
export function faultOf(action: () => unknown): NnrpFault {
  try {
    action();
  } catch (error) {
    if (error instanceof NnrpError) return error.fault;
    throw error;
  }
  throw new Error('expected an NnrpError, nothing was thrown');
}

/** The kind of fault that an action throws, or null. */
export function kindOf(action: () => unknown): string | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof NnrpError) return error.kind;
    throw error;
  }
}

export function brokenRule(rule: string): NnrpFault {
  return { kind: 'InvalidProtocolCombination', rule };
}

export function brokenRelationship(rule: string): NnrpFault {
  return { kind: 'InvalidOperationRelationship', rule };
}
