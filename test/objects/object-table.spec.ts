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
  /** Bytes that were sent over the connection. */
  sentBytes = 0;
  /** Bytes that it had been sent before, as the node that has it tells later. */
  sentBefore = 0;
  lost: ObjectsPort['lost'];
  /** Questions of this end, and how many of them the other has answered. */
  receipts = { asked: 0, given: 0 };
  mayAsk = true;

  constructor(readonly role: ObjectsPort['role']) {
    this.table = new ObjectTable(this, DEFAULT_OBJECT_LIMITS);
  }

  get connection(): ObjectsPort['connection'] {
    if (!this.isAttached) return undefined;
    const { sentBytes, receipts, mayAsk } = this;
    const receipt = (): (() => boolean) => {
      const number = (receipts.asked += 1);
      return () => receipts.given >= number;
    };
    return { sentBytes, sentBefore: () => this.sentBefore, receipt: () => (mayAsk ? receipt() : undefined) };
  }

  requireOpen(): void {
    // It always is.
  }

  send(messageType: MessageType, frameId: number, metadata: Uint8Array, body: Uint8Array): void {
    if (body.length > this.largestBody)
      throw new NnrpError({ kind: 'MessageLengthOverflow', declared: body.length, limit: this.largestBody });
    if (!this.isAttached) return;
    this.sentBytes += body.length;
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

  /** The connection ends before what is on its way has arrived, and there is another. */
  reconnect(lost: ObjectsPort['lost']): void {
    this.lost = lost;
    this.table.detached();
    this.sent.length = 0;
    this.sentBytes = 0;
    this.table.attached();
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

describe('an object that connections end before, one after another,', () => {
  const silent = { lastWord: undefined };
  const said = { lastWord: { errorCode: 1, text: 'it took too long' } };
  const LONG = 64 * 1024;

  /** After how many such ends it is not told again; 20 where it always is. `received` is how many questions are answered. */
  function ends(
    end: End,
    object: SharedObject,
    lost: ObjectsPort['lost'],
    received = (_asked: number): number => 0,
  ): number {
    for (let times = 1; times <= 20; times++) {
      end.receipts.given = received(end.receipts.asked);
      end.reconnect(lost);
      if (object.released !== undefined) return times;
    }
    return 20;
  }

  it.each([
    ['five', silent, 5, true],
    ['two of which the other end says why', said, 2, true],
    ['two such also where nobody can say whether it has come', said, 2, false],
  ])('is released after %s; the others go on', (_what, lost, count, mayAsk) => {
    const { client } = bothEnds();
    client.mayAsk = mayAsk;
    const [long, small] = [LONG, 1000].map((length) => client.table.declare({}, bytes(length)));
    expect(ends(client, long!, lost)).toBe(count);
    expect(long!.released).toEqual({
      by: 'here',
      reason: ObjectReleaseReason.Invalidated,
      text: expect.stringContaining(lost.lastWord?.text ?? 'share less at a time') as string,
    });
    expect(lengths(client)).toEqual([1000]);
    expect(ends(client, small!, lost)).toBe(20);
  });

  it('is the one that was on its way, not one that has arrived', () => {
    const { client } = bothEnds();
    const [first, second] = [LONG, LONG].map((length) => client.table.declare({}, bytes(length)));
    expect(ends(client, second!, silent, (asked) => asked - 1)).toBe(5);
    expect(first!.released).toBeUndefined();
  });

  it('goes on where it came behind more', () => {
    const { client } = bothEnds();
    const [, second] = [3 * LONG, LONG].map((length) => client.table.declare({}, bytes(length)));
    expect(ends(client, second!, silent, (asked) => asked - 1)).toBe(20);
  });

  it('goes on where it came behind more of others, as another node tells once it was sent', () => {
    const { server } = bothEnds();
    const long = server.table.declare({}, bytes(LONG));
    server.sentBefore = 3 * LONG;
    expect(ends(server, long, silent)).toBe(20);
    server.sentBefore = 0;
    expect(ends(server, long, silent)).toBe(5);
  });

  it.each([
    ['arrived each time', said, (asked: number) => asked],
    ['moved each time', undefined, () => 0],
  ])('goes on where it has %s', (_what, lost, received) => {
    const { client } = bothEnds();
    const long = client.table.declare({}, bytes(LONG));
    expect(ends(client, long, lost, received)).toBe(20);
  });

  it('is told again where nobody can say whether it has come, nor why they end', () => {
    const { server } = bothEnds();
    server.mayAsk = false;
    expect(ends(server, server.table.declare({}, bytes(LONG)), silent)).toBe(20);
  });

  it('is asked about once, however often it is changed', () => {
    const { client } = bothEnds();
    const long = client.table.declare({}, bytes(LONG));
    for (let times = 0; times < 5; times++) long.patch(bytes(LONG));
    expect(client.receipts.asked).toBe(1);
    client.receipts.given = 1;
    long.patch(bytes(LONG));
    expect(client.receipts.asked).toBe(2);
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
