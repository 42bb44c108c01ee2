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
import { ObjectReleaseReason, OwnershipHint } from '../../src/wire/preview4/objects';

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

  answer(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    this.send(messageType, frameId, metadata, body);
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

describe('a reference that crosses with the end of its operation', () => {
  it('is dropped by its sender', () => {
    const { client, server, settle } = bothEnds();
    const mine = server.table.declare();
    settle();
    client.underWay.set(1, []);
    const copy = client.table.get(mine.objectId)!;
    copy.refer({ frameId: 1 });
    expect(copy.referenceCount).toBe(1);
    settle();
    expect([mine.referenceCount, copy.referenceCount]).toEqual([0, 0]);
  });

  it('gives what it makes its sender’s to that: never two own it', () => {
    const { client, server, settle } = bothEnds();
    const baton = server.table.declare({ ownershipHint: OwnershipHint.TransferOnRef }, bytes(3));
    settle();
    client.underWay.set(1, []);
    const copy = client.table.get(baton.objectId)!;
    copy.refer({ frameId: 1 });
    settle();
    expect([baton.owner, copy.owner]).toEqual(['there', 'here']);
    copy.append(bytes(1));
    settle();
    expect([lengths(server), lengths(client)]).toEqual([[4], [4]]);
  });
});

describe('the reference of an operation', () => {
  it('ends with that at the client, too, which says nothing of it', () => {
    const { client, settle } = bothEnds();
    const object = client.table.declare({ ownershipHint: OwnershipHint.ReleaseOnDrop });
    settle();
    for (const frameId of [1, 2]) {
      client.underWay.set(frameId, []);
      object.refer({ frameId });
    }
    client.sent.splice(0);
    client.endOperation(1);
    expect([object.referenceCount, client.sent.length, object.released]).toEqual([1, 0, undefined]);
    client.endOperation(2);
    expect(object.released).toMatchObject({ by: 'here', reason: ObjectReleaseReason.Completed });
    expect(() => {
      client.table.declare().refer({ frameId: 1 });
    }).toThrow(/not under way$/);
  });

  it('is told anew over another connection, while that goes on', () => {
    const { client, server, settle } = bothEnds();
    const object = client.table.declare();
    for (const frameId of [1, 2]) {
      client.underWay.set(frameId, []);
      server.underWay.set(frameId, []);
      object.refer({ frameId });
    }
    settle();
    for (const { table } of [client, server]) table.detached();
    client.endOperation(1);
    client.table.attached();
    settle();
    const copy = server.table.get(object.objectId)!;
    expect([object.referenceCount, copy.referenceCount]).toEqual([1, 1]);
    server.endOperation(2);
    settle();
    expect([object.referenceCount, copy.referenceCount]).toEqual([0, 0]);
  });

  it('is lost with the connection where it was the other end’s', () => {
    const { client, server, settle } = bothEnds();
    const object = client.table.declare({ ownershipHint: OwnershipHint.ReleaseOnDrop });
    settle();
    server.table.get(object.objectId)!.refer();
    settle();
    expect(object.referenceCount).toBe(1);
    client.table.detached();
    expect(object.released).toMatchObject({ reason: ObjectReleaseReason.Completed });
  });
});

describe('a number that is none', () => {
  it.each([1.5, NaN, -1, null, '1'])('%p is refused, and says so', (wrong) => {
    const { table } = bothEnds().server;
    const object = table.declare({}, bytes(5));
    const refused = /must be .*integer from 0 to/;
    const number = wrong as number;
    expect(() => {
      object.refer({ frameId: number });
    }).toThrow(refused);
    expect(() => {
      object.patch(bytes(1), { offset: number });
    }).toThrow(refused);
    expect(() => {
      object.patch(bytes(1), { length: number });
    }).toThrow(refused);
    expect([object.bytes.length, object.referenceCount]).toEqual([5, 0]);
  });

  it('stands for no region and for no operation', () => {
    const object = bothEnds().server.table.declare();
    expect(() => {
      object.refer(null as never);
    }).toThrow(/frameId of object.refer must be an integer/);
    expect(() => {
      object.patch(bytes(1), null as never);
    }).toThrow(/options of object.patch must be an object/);
  });
});
