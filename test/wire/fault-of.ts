import { NnrpError, type NnrpFault } from '../../src/wire';

/** What `action` throws, which must be an NnrpError: its particulars, for `toEqual`. */
export function faultOf(action: () => unknown): NnrpFault {
  return errorOf(action).fault;
}

/** What `action` throws, which must be an NnrpError. */
export function errorOf(action: () => unknown): NnrpError {
  try {
    action();
  } catch (error) {
    if (error instanceof NnrpError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** What came of `action`: its value, or its fault, or the error that is no NnrpError. */
export function outcomeOf(action: () => unknown): unknown {
  try {
    return { value: action() };
  } catch (error) {
    return error instanceof NnrpError ? { fault: error.fault } : { error: String(error) };
  }
}
