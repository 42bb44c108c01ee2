import { NnrpError } from '../../../wire/errors';

/** What asks for an operation fails with where there is none, or none any more. */
export function unknownOperation(frameId: number): NnrpError {
  return new NnrpError({ kind: 'UnknownOperation', operationId: BigInt(frameId) });
}
