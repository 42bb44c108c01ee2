import { VirtualTimeScheduler, type Observable } from 'rxjs';
import { DEFAULT_OBJECT_LIMITS } from '../../src/objects/object-limits';
import { isObjectMessage, ObjectTable } from '../../src/objects/object-table';
import type { ObjectsPort } from '../../src/objects/objects-port';
import type { SharedObject } from '../../src/objects/shared-object';
import { NnrpError } from '../../src/wire/errors';
import { decodeMessage } from '../../src/wire/message';
import { type MessageType, messageTypeName } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { preview4 } from '../../src/wire/preview4';
import { RuntimeRole } from '../../src/wire/preview4/control/runtime-role';
import { ObjectReleaseReason } from '../../src/wire/preview4/objects';

/** A session as one of its ends has it, with nothing under way but what a test says. */
class End implements ObjectsPort {
  readonly sessionId = 42;
  readonly scheduler = new VirtualTimeScheduler();
  readonly table: ObjectTable;
  /** What was sent, and has not arrived. */
  readonly sent: Packet[] = [];
  /** Operations under way, by frame, with who waits for their end. */
  readonly underWay = new Map<number, (() => void)[]>();
  largestBody = Infinity;
  isAttached = true;

  constructor(readonly role: ObjectsPort['role']) {
    this.table = new ObjectTable(this, DEFAULT_OBJECT_LIMITS);
  }

  requireOpen(): void {
    // It always is.
  }

  send(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    if (body.length > this.largestBody)
      throw new NnrpError({ kind: 'MessageLengthOverflow', declared: body.length, limit: this.largestBody });
    if (this.isAttached)
      this.sent.push(packet({ messageType, sessionId: this.sessionId, frameId }, metadata, body));
  }

  operationId(frameId: number): bigint | undefined {
    return this.underWay.has(frameId) ? BigInt(frameId) : undefined;
  }

  whenEnded(frameId: number, ended: () => void): void {
    this.underWay.get(frameId)?.push(ended);
  }

  contain<T>(source$: Observable<T>): Observable<T> {
    return source$;
  }

  endOperation(frameId: number): void {
    const told = this.underWay.get(frameId) ?? [];
    this.underWay.delete(frameId);
    for (const ended of told) ended();
  }

  /** Takes what the other end has sent; the names of it. */
  take(from: End): string[] {
    return from.sent.splice(0).map((each) => {
      const message = decodeMessage(each, preview4);
      if (isObjectMessage(message)) this.table.receive(message);
      return messageTypeName(message.messageType);
    });
  }
}

function bothEnds(): { client: End; server: End; settle: () => void } {
  const client = new End(RuntimeRole.Client);
  const server = new End(RuntimeRole.Server);
  const settle = (): void => {
    while (client.sent.length + server.sent.length > 0) {
      server.take(client);
      client.take(server);
    }
  };
  return { client, server, settle };
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

function lengths({ table }: End): number[] {
  return table.all.map((object: SharedObject) => object.bytes.length);
}

describe('an object that is larger than the other end takes in a packet', () => {
  it('is not declared, nor changed', () => {
    const { client, server, settle } = bothEnds();
    server.largestBody = 10;
    expect(() => server.table.declare({}, bytes(11))).toThrow(NnrpError);
    expect(server.table.all).toEqual([]);
    const fits = server.table.declare({}, bytes(10));
    expect(() => {
      fits.patch(bytes(11));
    }).toThrow(NnrpError);
    settle();
    expect([lengths(server), lengths(client)]).toEqual([[10], [10]]);
  });

  it('is released where the next connection takes less, and the others go on', () => {
    const { client, server, settle } = bothEnds();
    const [first, large, last] = [10, 20, 5].map((length) => client.table.declare({}, bytes(length)));
    settle();
    client.table.detached();
    server.table.detached();
    client.largestBody = 10;
    client.table.attached();
    settle();
    expect(large!.released).toEqual({
      by: 'here',
      reason: ObjectReleaseReason.Invalidated,
      text: expect.stringContaining('20') as string,
    });
    expect([first!.released, last!.released]).toEqual([undefined, undefined]);
    expect([lengths(client), lengths(server)]).toEqual([
      [10, 5],
      [10, 5],
    ]);
  });
});
