import { CreditScope } from '../../protocol/flow/credit-scope';
import { NnrpError } from '../../wire/errors';
import { decodeMessage, type AnyMessage } from '../../wire/message';
import { MessageType } from '../../wire/message-type';
import { CloseStatus } from '../../wire/messages/session-close';
import { ResultClass } from '../../wire/messages/result-push';
import { FlowScope, type FlowUpdateMetadata } from '../../wire/messages/flow-update';
import type { Packet } from '../../wire/packet';

/**
 * The credit of one connection as its packets tell it: which scopes a server has stopped and never let
 * go again.
 */
export class CreditLedger {
  private readonly scopes = new Map<string, CreditScope>();

  /** Takes note of a packet of either direction. */
  note(packet: Packet, now: number): void {
    const message = decoded(packet);
    switch (message?.messageType) {
      case MessageType.FlowUpdate:
        this.scope(nameOf(message.sessionId, message.metadata)).apply(message.metadata, now);
        return;
      case MessageType.ResultDrop:
        this.scopes.delete(operation(message.sessionId, message.frameId));
        return;
      case MessageType.ResultPush:
        if (message.metadata.resultClass === ResultClass.Partial) return;
        this.scopes.delete(operation(message.sessionId, message.frameId));
        return;
      case MessageType.SessionCloseAck:
        if (message.metadata.closeStatus === CloseStatus.Closed) this.forgetSession(message.sessionId);
        return;
      default:
    }
  }

  /** Who is stopped now: `session 42`. */
  stopped(): readonly string[] {
    return [...this.scopes].filter(([, scope]) => scope.isStopped).map(([name]) => name);
  }

  private scope(name: string): CreditScope {
    const known = this.scopes.get(name) ?? new CreditScope();
    this.scopes.set(name, known);
    return known;
  }

  private forgetSession(sessionId: number): void {
    for (const name of this.scopes.keys()) {
      if (name === session(sessionId) || name.endsWith(` of ${session(sessionId)}`)) this.scopes.delete(name);
    }
  }
}

function nameOf(sessionId: number, update: FlowUpdateMetadata): string {
  switch (update.scopeKind) {
    case FlowScope.Connection:
      return 'the connection';
    case FlowScope.Session:
      return session(sessionId);
    case FlowScope.Operation:
      return operation(sessionId, Number(update.operationId));
  }
}

function session(sessionId: number): string {
  return `session ${sessionId}`;
}

function operation(sessionId: number, frameId: number): string {
  return `operation ${frameId} of ${session(sessionId)}`;
}

/** Undefined for a broken record: somebody else judges it. */
function decoded(packet: Packet): AnyMessage | undefined {
  try {
    return decodeMessage(packet);
  } catch (error) {
    if (error instanceof NnrpError) return undefined;
    throw error;
  }
}
