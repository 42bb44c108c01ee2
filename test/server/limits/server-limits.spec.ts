import { takeServerOptions } from '../../../src/server/option-rules';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from '../../../src/server/limits/server-limits';
import { serverSettings } from '../../../src/server/options';
import { memory } from '../../../src/transport/memory';

function serverLimits(limits?: object): ServerLimits {
  return serverSettings(takeServerOptions({ listen: memory(), limits })).limits;
}

describe('server limits', () => {
  it('are the documented defaults', () => {
    expect(serverLimits()).toEqual({
      handshakeMs: 5000,
      maxHeldBytes: 4 * 1024 * 1024,
      maxTotalHeldBytes: 256 * 1024 * 1024,
      maxHandshakes: 2048,
      maxConnections: 10_000,
      maxOpeningBytesIn: 16_384,
      maxOpeningBytesOut: 4096,
      maxSessionsPerConnection: 64,
      maxInFlightPerConnection: 256,
      cancels: { burst: 500, perSecond: 100 },
      refusals: { burst: 100, perSecond: 10 },
      violations: { burst: 10, perSecond: 1 / 6 },
      opens: { burst: 200, perSecond: 20 },
      pings: { burst: 100, perSecond: 50 },
      patches: { burst: 100, perSecond: 10 },
      migrations: { burst: 3, perSecond: 0.1 },
      cachePuts: { burst: 100, perSecond: 10 },
      flowUpdates: { burst: 1000, perSecond: 500 },
      cacheInvalidates: { burst: 100, perSecond: 10 },
      pongs: { burst: 10, perSecond: 1 },
      controls: { burst: 2000, perSecond: 1000 },
      objects: { burst: 500, perSecond: 100 },
      hellos: { burst: 10, perSecond: 1 },
      maxQueuedReplies: 100,
      maxQueuedBytes: 1_073_741_824,
      maxTokenFailures: 5,
      addressTokenFailures: { burst: 20, perSecond: 1 / 3 },
      maxUnreadBytes: 16_777_216,
      maxLastingUnreadBytes: 8_388_608,
      unreadMs: 10_000,
      maxTotalUnreadBytes: 536_870_912,
      packetMs: 30_000,
      packetGraceMs: 5_000,
      minPacketBytesPerSecond: 1024,
      maxDetachedSessions: 10_000,
      maxDetachedBytes: 268_435_456,
      maxToolCalls: 64,
      unsettledMs: 2000,
      maxUnsettledMs: 30_000,
      closeOvertimeMs: 5000,
    });
  });

  it('are what is given, and the defaults where nothing or undefined is', () => {
    const given = { maxConnections: 0, pings: { burst: Infinity, perSecond: 0 }, hellos: undefined };
    expect(serverLimits(given as object)).toEqual({
      ...DEFAULT_SERVER_LIMITS,
      maxConnections: 0,
      pings: { burst: Infinity, perSecond: 0 },
    });
  });

  it.each([
    [{ maxConnections: -1 }, new RangeError('limits.maxConnections must be 0 or more, or Infinity, got -1')],
    [{ handshakeMs: NaN }, new RangeError('limits.handshakeMs must be 0 or more, or Infinity, got NaN')],
    [{ handshakeMs: '5' }, new TypeError('limits.handshakeMs must be 0 or more, or Infinity, got "5"')],
    [
      { pings: { burst: 1, perSecond: -2 } },
      new RangeError('limits.pings.perSecond must be 0 or more, or Infinity, got -2'),
    ],
    [
      { pings: { burst: 1 } },
      new TypeError('limits.pings.perSecond must be 0 or more, or Infinity, got undefined'),
    ],
    [{ pings: 5 }, new TypeError('limits.pings must be an object with burst, perSecond, got 5')],
    [{ maxConection: 5 }, new TypeError('limits has no option "maxConection"; did you mean maxConnections?')],
  ])('refuse %j', (limits, error) => {
    expect(() => serverLimits(limits)).toThrow(error);
  });
});
