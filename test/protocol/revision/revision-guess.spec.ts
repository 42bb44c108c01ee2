import { markOf, marked } from '../../../src/protocol/revision/mark';
import { RevisionGuess } from '../../../src/protocol/revision/revision-guess';
import {
  cacheInvalidate,
  cachePut,
  cancel,
  clientHello,
  flowUpdate,
  inPreview4,
  migrate,
  open,
  ping,
  probe,
  sessionClose,
  submit,
} from '../../../src/testing';
import type { RevisionName } from '../../../src/wire/message';
import { MessageType } from '../../../src/wire/message-type';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { TransportId } from '../../../src/wire/messages/session-migrate';
import type { Packet } from '../../../src/wire/packet';
import { preview3 } from '../../../src/wire/preview3';
import { preview4 } from '../../../src/wire/preview4';

const BOTH: readonly RevisionName[] = ['preview3', 'preview4'];
const SESSION = { sessionId: 42 };
const OPERATION = { ...SESSION, frameId: 1 };
const OBJECT = { objectKind: CacheObjectKind.CameraBlock, key: 1 };

const submit4 = inPreview4(MessageType.FrameSubmit, OPERATION, { operationId: 1n });
const hello = clientHello();

function after(packets: readonly Packet[], allowed = BOTH): { guess: RevisionGuess; changes: number } {
  const told = { changes: 0 };
  const guess = new RevisionGuess(allowed, () => (told.changes += 1));
  for (const packet of packets) guess.look(packet);
  return { guess, changes: told.changes };
}

describe('RevisionGuess', () => {
  it.each<[string, readonly Packet[], RevisionName]>([
    ['nothing', [], 'preview3'],
    ['an open', [open(42)], 'preview3'],
    ['a hello', [hello], 'preview4'],
    ['a probe', [probe(1)], 'preview3'],
    ['probes and a hello', [probe(1), probe(2), hello], 'preview4'],
    ['a probe and an open', [probe(1), open(42)], 'preview3'],
    ['a hello and an open with auth', [hello, open(42).auth('secret')], 'preview3'],
    ['a hello, an open with auth and a submit with an id', [hello, open(42).auth('a'), submit4], 'preview4'],
    ['a ping and a hello', [ping(1), hello], 'preview3'],
    ['an open and a hello', [open(42), hello], 'preview3'],
    ['a hello and what both have', [hello, open(42), ping(1), cancel(42, 1), sessionClose(42)], 'preview4'],
    ['a hello and a submit without an operation id', [hello, submit(42, 1)], 'preview3'],
    ['an open and a submit with one', [open(42), submit4], 'preview4'],
    ['a cache message of preview3', [hello, cachePut(42, OBJECT, 'x')], 'preview3'],
    ['an invalidation of preview3', [hello, cacheInvalidate(42, OBJECT)], 'preview3'],
    [
      'a cache message of preview4',
      [open(42), inPreview4(MessageType.CachePut, SESSION, { objectKind: 1 })],
      'preview4',
    ],
    [
      'a type that is new',
      [open(42), inPreview4(MessageType.Cancel, OPERATION, { operationId: 1n })],
      'preview4',
    ],
    [
      'a transport that is new',
      [
        open(42),
        inPreview4(MessageType.SessionMigrate, SESSION, {
          oldTransportId: TransportId.Tcp,
          newTransportId: TransportId.WebSocket,
        }),
      ],
      'preview4',
    ],
    [
      'a pause',
      [open(42), inPreview4(MessageType.FlowUpdate, SESSION, { scopeKind: 1, backpressureLevel: 3 })],
      'preview4',
    ],
    ['a migration and a flow update that both have', [hello, migrate(42), flowUpdate(42)], 'preview4'],
  ])('after %s', (_, packets, expected) => {
    expect(after(packets).guess.name).toBe(expected);
  });

  it('is fixed by the first packet that decides, and not by a later one', () => {
    expect(after([hello, submit4, submit(42, 2)]).guess.name).toBe('preview4');
    expect(after([hello, submit(42, 1), submit4, hello]).guess.name).toBe('preview3');
  });

  it('tells of each change', () => {
    expect(after([open(42), submit(42, 1)]).changes).toBe(0);
    expect(after([hello, submit(42, 1)]).changes).toBe(2);
  });

  it.each(BOTH)('is fixed by a hello with the mark of %s', (name) => {
    const { guess } = after([marked(hello, name), name === 'preview4' ? submit(42, 1) : submit4]);
    expect([guess.name, guess.isMarked, guess.isReference]).toEqual([name, true, false]);
  });

  it('is that of a session which is taken up, unless the peer has shown another', () => {
    const { guess, changes } = after([hello]);
    expect([guess.takesUp(preview3, { isCertain: false }), guess.name, changes]).toEqual([
      true,
      'preview3',
      1,
    ]);
    expect([guess.takesUp(preview4, { isCertain: true }), guess.name]).toEqual([true, 'preview4']);
    expect([guess.takesUp(preview3, { isCertain: true }), guess.name]).toEqual([false, 'preview4']);
    guess.look(submit(42, 1));
    expect(guess.name).toBe('preview4');
  });

  it.each(BOTH)('is never another than %s where that alone is allowed', (name) => {
    for (const packets of [[hello, submit(42, 1)], [open(42), submit4], [marked(hello, 'preview4')]]) {
      expect(after(packets, [name]).guess.name).toBe(name);
    }
  });

  it('takes who has no mark in preview4 for a peer of the reference', () => {
    expect(after([hello]).guess.isReference).toBe(true);
    expect(after([open(42)]).guess.isReference).toBe(false);
    expect(after([hello], ['preview4']).guess.isStrict).toBe(true);
    expect(after([hello]).guess.isStrict).toBe(false);
  });
});

describe('the mark', () => {
  it.each(BOTH)('of %s is read as it was written', (name) => {
    expect(markOf(marked(hello, name))).toBe(name);
  });

  it('is in no packet without it', () => {
    expect(markOf(hello)).toBeUndefined();
  });
});
