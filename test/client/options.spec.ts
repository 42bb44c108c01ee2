import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncScheduler, VirtualTimeScheduler } from 'rxjs';
import {
  CLIENT_DEFAULTS,
  clientSettings,
  RECONNECT_DEFAULTS,
  SESSION_DEFAULTS,
  sessionOpen,
} from '../../src/client/options';
import { takeSessionOptions } from '../../src/client/option-rules';
import { NO_BLOCKS, openBlocks, openBody } from '../../src/protocol/session/open-blocks';
import { monotonicScheduler } from '../../src/transport/time/monotonic-scheduler';
import { Profile } from '../../src/wire/messages/payload-kind';
import { PriorityClass, SessionFlag, SessionOpenMetadata } from '../../src/wire/messages/session-open';

describe('the defaults of a client', () => {
  const source = readFileSync(join(__dirname, '../../src/client/options.ts'), 'utf8');

  it.each(
    Object.entries({ ...CLIENT_DEFAULTS, ...RECONNECT_DEFAULTS, ...SESSION_DEFAULTS }).filter(
      // These are said by their names.
      ([name]) => !['profileId', 'schemaId', 'schemaVersion', 'priorityClass'].includes(name),
    ),
  )('of %s is what its doc comment says', (name, value) => {
    const comment = new RegExp(`/[*]{2}((?:(?![*]/)[^])*)[*]/\\s*readonly ${name}[?]`).exec(source)?.[1];
    const words = value >= 1024 ** 2 ? `${value / 1024 ** 2} MiB` : value.toLocaleString('en-US');
    expect(comment?.replace(/\s+[*]\s+/g, ' ')).toContain(`Default ${words}.`);
  });
});

describe('the date that a client tells', () => {
  it('is that of the scheduler that is given, which has one', () => {
    const scheduler = new VirtualTimeScheduler();
    expect(clientSettings({ scheduler }).wallClock).toBe(scheduler);
    expect(clientSettings({ scheduler: monotonicScheduler }).wallClock).toBe(asyncScheduler);
    expect(clientSettings({}).wallClock).toBe(asyncScheduler);
  });
});

describe('SESSION_OPEN, as a client fills it in', () => {
  it('has the documented defaults', () => {
    expect(sessionOpen({}, NO_BLOCKS)).toEqual(
      SessionOpenMetadata.of({
        requestedSessionId: 0,
        profileId: Profile.Token,
        priorityClass: PriorityClass.Balanced,
        schemaId: 0x1001,
        schemaVersion: 3,
        defaultDeadlineMs: 500,
        maxInFlightOperations: 1,
        leaseTtlHintMs: 30_000,
        clientSessionTag: 0n,
      }),
    );
  });

  it('has what it is given, also where that is 0', () => {
    const given = {
      requestedSessionId: 0,
      profileId: 0,
      priorityClass: PriorityClass.Interactive,
      schemaId: 0,
      schemaVersion: 0,
      defaultDeadlineMs: 0,
      maxInFlightOperations: 0,
      leaseTtlHintMs: 0,
      clientSessionTag: 99n,
    };
    expect(sessionOpen(given, NO_BLOCKS)).toMatchObject(given);
    expect(sessionOpen({ requestedSessionId: 12 }, NO_BLOCKS).clientSessionTag).toBe(12n);
  });

  it.each([
    [{}, 0],
    [{ reconnect: {} }, SessionFlag.AllowResume],
    [{ allowResume: true }, SessionFlag.AllowResume],
    [{ allowResume: false, reconnect: {} }, 0],
  ])('asks to outlive its connection: %j', (options, flags) => {
    expect(sessionOpen(options, NO_BLOCKS).sessionFlags).toBe(flags);
  });

  it('announces the blocks of its body, which a server finds there', () => {
    const blocks = {
      resumeToken: Uint8Array.of(1, 1),
      auth: Uint8Array.of(2),
      extension: Uint8Array.of(3, 3, 3),
    };
    const open = sessionOpen({}, blocks);
    expect(open).toMatchObject({ resumeTokenBytes: 2, authBytes: 1, sessionExtensionBytes: 3 });
    expect(openBody(blocks)).toEqual(Uint8Array.of(1, 1, 2, 3, 3, 3));
    expect(openBlocks(open, openBody(blocks))).toEqual(blocks);
  });

  it('can announce a token that it does not send, as the reference wants it', () => {
    expect(sessionOpen({ resumeTokenBytes: 24 }, NO_BLOCKS).resumeTokenBytes).toBe(24);
  });
});

describe('the waits between attempts to connect', () => {
  it('grow to something', () => {
    expect(() => takeSessionOptions({ reconnect: { maxDelayMs: 0 } })).toThrow(
      new RangeError('reconnect.maxDelayMs must be 1 ms or more, or Infinity, got 0'),
    );
    expect(takeSessionOptions({ reconnect: { minDelayMs: 0, maxDelayMs: 1 } })).toBeDefined();
  });
});
