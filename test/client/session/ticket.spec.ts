import fc from 'fast-check';
import { readTicket, writeTicket, type Ticket } from '../../../src/client/session/ticket';
import { fromBase64Url, toBase64Url } from '../../../src/protocol/base64url';
import { decodeRecoveryTicket } from '../../../src/wire';

const ticket: Ticket = {
  sessionId: 42,
  resumeToken: Uint8Array.from({ length: 24 }, (_, index) => index),
  resumeWindowMs: 120_000,
  revision: 'preview4',
  receivedResults: 7,
  options: {
    requestedSessionId: 42,
    profileId: 2,
    schemaId: 0x1001,
    schemaVersion: 3,
    priorityClass: 1,
    defaultDeadlineMs: 500,
    maxInFlightOperations: 4,
    leaseTtlHintMs: 30_000,
    clientSessionTag: 42n,
    allowResume: true,
  },
};
const OPEN_AND_TAIL_BYTES = 58;
const bytes = fromBase64Url(writeTicket(ticket))!;
const ticketOf = (receivedResults: number): string => writeTicket({ ...ticket, receivedResults });

describe('a ticket', () => {
  it('is read as it was written', () => {
    expect(readTicket(writeTicket(ticket))).toEqual(ticket);
    const other: Ticket = { ...ticket, revision: 'preview3', receivedResults: 2 ** 40 };
    expect(readTicket(writeTicket(other))).toEqual(other);
  });

  it('begins with the recovery ticket of preview4', () => {
    const { sessionId, resumeToken, resumeWindowMs } = ticket;
    expect(decodeRecoveryTicket(bytes.subarray(0, -OPEN_AND_TAIL_BYTES))).toEqual({
      sessionId,
      resumeToken,
      resumeWindowMs,
    });
  });

  it.each([
    ['no text', 42],
    ['nothing', ''],
    ['what is missing', undefined],
    ['padding', `${writeTicket(ticket)}=`],
    ['a space', `${writeTicket(ticket)} `],
    ['one that is cut', toBase64Url(bytes.subarray(0, -1))],
    ['one that is longer', toBase64Url(Uint8Array.of(...bytes, 0))],
    ['a recovery ticket alone', toBase64Url(bytes.subarray(0, -OPEN_AND_TAIL_BYTES))],
    ['more results than can be counted', ticketOf(2 ** 53)],
    ['a megabyte', 'A'.repeat(1024 * 1024)],
  ])('is not %s', (_, text) => {
    expect(() => readTicket(text)).toThrow(TypeError);
  });

  it('has nothing in it that could be something else', () => {
    // What may be anything: numbers of the session, and the token.
    const free = new Set<number>();
    const add = (from: number, to: number): void => {
      for (let at = from; at < to; at++) free.add(at);
    };
    const open = 28 + 24;
    add(16, 20); // the window
    add(28, open); // the token
    add(open + 4, open + 6); // the profile
    add(open + 8, open + 22); // schema, deadline, operations
    add(open + 24, open + 28); // the lease
    add(open + 40, open + 48); // the tag
    add(open + 50, open + 58); // the count
    const fixed = [...bytes.keys()].filter((at) => !free.has(at));
    fc.assert(
      fc.property(fc.constantFrom(...fixed), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = bytes.slice();
        changed[at]! ^= by;
        // The revision may be the other one, the priority another.
        const isOther = (at === open + 49 && changed[at] === 3) || (at === open + 6 && changed[at]! < 4);
        if (isOther) return;
        expect(() => readTicket(toBase64Url(changed))).toThrow(TypeError);
      }),
      { numRuns: 500 },
    );
  });

  it('is not shown by the error that it is none', () => {
    const secret = `${writeTicket(ticket)}AAAA`;
    expect(errorOf(() => readTicket(secret))).not.toContain(secret.slice(0, 20));
  });
});

function errorOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  return 'nothing';
}
