import type { ServerSession, Submit } from '../../../src';
import { OperationState, type CancelScope } from '../../../src/protocol/operation/operation';
import { completeResult } from '../../../src/protocol/operation/result';
import { clientHello, inPreview4, open } from '../../../src/testing';
import type { NnrpError } from '../../../src/wire/errors';
import { enumerationKey } from '../../../src/wire/codec/enumeration';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { DropReason, ResultDropReasonMetadata } from '../../../src/wire/preview4/results';
import { kindOf } from '../../protocol/support';
import { Peer } from '../../support/peer';
import { Served } from '../../support/served';

const SESSIONS = [42, 7];
const SCHEDULING = {
  PriorityUpdate: MessageType.PriorityUpdate,
  Deadline: MessageType.Deadline,
  ExpireAt: MessageType.ExpireAt,
} as const;

/** What a client says of when an operation is to be run. */
export interface Schedule {
  readonly deadlineUnixMs: bigint;
  readonly flags: number;
}

/**
 * A server with one client, which has two sessions, and an application that answers when it is told to. The ids of
 * operations are their frames, too. Each call gives the kind of the fault that was found, null for none.
 */
export class ServedTrace {
  /** What the client has heard of each operation. */
  private readonly heard = new Map<number, string[]>();
  private readonly submits = new Map<number, Submit>();
  private readonly sessions = new Map<number, ServerSession>();
  private pings = 0;

  private constructor(
    private readonly served: Served,
    private readonly peer: Peer,
  ) {
    served.server.sessions$.subscribe((session) => {
      this.sessions.set(session.sessionId, session);
      session.submits$.subscribe((submit) => this.submits.set(submit.frameId, submit));
    });
  }

  static async begin(): Promise<ServedTrace> {
    const served = new Served({ maxInFlightOperations: 16, wallClock: { now: () => 0 } });
    const trace = new ServedTrace(served, await Peer.connect(served.listen));
    trace.peer.send(clientHello(), ...SESSIONS.map((id) => open(id).with({ maxInFlightOperations: 16 })));
    for (const _ of ['hello', ...SESSIONS]) await trace.peer.next();
    return trace;
  }

  /** The session in which an operation was submitted. */
  sessionOf(operationId: number): number | undefined {
    return this.submits.get(operationId)?.sessionId;
  }

  hasEnded(operationId: number): boolean {
    return this.submits.get(operationId)?.hasEnded === true;
  }

  /** Undefined where it has ended. */
  stateOf(operationId: number): OperationState | undefined {
    const { operations } = this.sessions.get(this.sessionOf(operationId)!)!;
    return operations.find(({ frameId }) => frameId === operationId)?.state;
  }

  /** What the client has heard of an operation's end. */
  endsOf(operationId: number): string[] {
    return (this.heard.get(operationId) ?? []).filter((name) => name !== 'PARTIAL_RESULT');
  }

  submit(sessionId: number, operationId: number): Promise<string | null> {
    return this.say(sessionId, MessageType.FrameSubmit, operationId, {});
  }

  cancel(sessionId: number, operationId: number): Promise<string | null> {
    return this.say(sessionId, MessageType.Cancel, operationId, {});
  }

  /** Everything of a session. */
  cancelAll(sessionId: number): Promise<string | null> {
    return this.say(sessionId, MessageType.Cancel, 0, {});
  }

  abort(sessionId: number, operationId: number): Promise<string | null> {
    return this.say(sessionId, MessageType.Abort, operationId, {});
  }

  schedule(
    sessionId: number,
    operationId: number,
    name: keyof typeof SCHEDULING,
    fields: Schedule,
  ): Promise<string | null> {
    return this.say(sessionId, SCHEDULING[name], operationId, fields);
  }

  /** The application cancels, and what it reaches. */
  cancelFrom(sessionId: number, operationId: number, scope: CancelScope): string | null {
    return kindOf(() => this.sessions.get(sessionId)!.cancel(operationId, scope));
  }

  /** The application moves an operation on. What has ended, or never was, it can only try to answer. */
  move(operationId: number, to: OperationState): string | null {
    const submit = this.submits.get(operationId);
    const session = this.sessions.get(submit?.sessionId ?? SESSIONS[0]!)!;
    return kindOf(() => {
      if (submit === undefined || submit.hasEnded) session.sendResult(completeResult(operationId));
      else move(session, submit, to);
    });
  }

  /** An operation is too late. */
  expire(operationId: number): null {
    this.submits.get(operationId)!.expire();
    return null;
  }

  /** All that has been said so far has come after this. */
  async hearAll(): Promise<void> {
    for (const sessionId of SESSIONS) await this.hear(sessionId);
  }

  private async say(
    sessionId: number,
    messageType:
      ScheduleType | typeof MessageType.FrameSubmit | typeof MessageType.Cancel | typeof MessageType.Abort,
    operationId: number,
    fields: Partial<Schedule>,
  ): Promise<string | null> {
    const { violations } = this.served;
    const before = violations.length;
    const header = { sessionId, frameId: operationId };
    this.peer.send(inPreview4(messageType, header, { operationId: BigInt(operationId), ...fields }));
    await this.hear(sessionId);
    return (violations[before]?.error.cause as NnrpError | undefined)?.kind ?? null;
  }

  /** Takes what has come: the answer to this comes behind it. */
  private async hear(sessionId: number): Promise<void> {
    this.peer.send(packet({ messageType: MessageType.Ping, sessionId, frameId: ++this.pings }));
    for (;;) {
      const came = (await this.peer.next())!;
      const { messageType, frameId } = came.header;
      if (messageType === MessageType.Pong && frameId === this.pings) return;
      // Whose fault was found, and why, the server has told.
      if (messageType === MessageType.Error) continue;
      this.heard.set(frameId, [...(this.heard.get(frameId) ?? []), nameOf(came)]);
    }
  }
}

type ScheduleType = (typeof SCHEDULING)[keyof typeof SCHEDULING];

function move(session: ServerSession, submit: Submit, to: OperationState): void {
  switch (to) {
    case OperationState.Running:
      submit.continue();
      return;
    case OperationState.Partial:
      session.sendResult(submit.partial(new Uint8Array(1)));
      return;
    case OperationState.WaitingTool:
      submit.waitForTool();
      return;
    case OperationState.Superseded:
      submit.supersede();
      return;
    case OperationState.Cancelled:
      session.cancel(submit.frameId);
      return;
    case OperationState.Failed:
      submit.fail();
      return;
    case OperationState.Completed:
      session.sendResult(submit.complete());
      return;
    case OperationState.Accepted:
      throw new Error('nobody can take an operation back to where it has not begun');
  }
}

function nameOf(came: Packet): string {
  const name = messageTypeName(came.header.messageType);
  if (came.header.messageType !== MessageType.ResultDropReason) return name;
  return `${name} ${enumerationKey(DropReason, ResultDropReasonMetadata.decode(came.metadata).dropReasonCode)}`;
}
