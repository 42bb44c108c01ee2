import { OperationEntry, type OperationRelations } from '../../../src/protocol/operation/operation-entry';
import { type OperationRegistry } from '../../../src/protocol/operation/operation-registry';

export interface OperationDescriptor extends OperationRelations {
  readonly sessionId: number;
  readonly operationId: number;
}

export function register(
  registry: OperationRegistry,
  { sessionId, operationId, ...relations }: OperationDescriptor,
): OperationEntry {
  const operation = new OperationEntry(sessionId, operationId);
  registry.register(operation, relations);
  return operation;
}

/** Every operation that a registry holds, with its state. */
export function snapshot(registry: OperationRegistry): Record<string, number> {
  return Object.fromEntries([...registry.operations()].map(({ frameId, state }) => [frameId, state]));
}
