import { type OperationRegistry } from '../../../src/protocol/operation/operation-registry';

/** Every operation that a registry holds, with its state. */
export function snapshot(registry: OperationRegistry): Record<string, number> {
  return Object.fromEntries([...registry.operations()].map(({ operationId, state }) => [operationId, state]));
}
