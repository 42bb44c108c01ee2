import { createHash } from 'node:crypto';
import { delay, firstValueFrom, interval, NEVER, of, Subject, timer } from 'rxjs';
import { flow, FlowError, flowUpdate, open, openAck, ping, pong, result, submit } from '../../../src/testing';
import { pause } from '../../support/until';

const flows = { X: flowUpdate(42).pause(1), Y: flowUpdate(42).resume(4, 2) };
const session = { o: open(42), A: openAck(42) };

/** What a flow fails with. */
async function failure(...given: Parameters<typeof flow>): Promise<Error> {
  return flow(...given).then(
    () => {
      throw new Error('the flow did not fail');
    },
    (error: unknown) => error as Error,
  );
}

describe('flow', () => {
  it('takes no real time', async () => {
    const start = performance.now();
    await flow(
      ({ serve, clientPeer }) => {
        serve({ respond: () => of('x').pipe(delay(3_000_000)) });
        clientPeer({ ...session, s: submit(42, 1) })
          .sends('os')
          .expects('A');
      },
      { tailMs: 4_000_000 },
    ).catch(() => undefined);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('takes a handler as `session.respond` does, with a signal and a promise', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: async (_, { signal }) => (signal.aborted ? 'too late' : 'in time') });
      const peer = clientPeer({ ...session, s: submit(42, 1) });
      peer.sends('  os------');
      peer.expects('Aa', { a: [result(42, 1, 'in time').partial(), result(42, 1)] });
    }));

  it('passes where everything is as the strings say', async () => {
    await flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ p: ping(1), P: pong(1) })
        .sends('-p')
        .expects('-P');
    });
  });

  it('fails where something is not, and shows where the test is', async () => {
    const error = await failure(({ serve, clientPeer }) => {
      serve();
      clientPeer({ p: ping(1), P: pong(2) })
        .sends('-p')
        .expects('-P');
    });
    expect(error).toBeInstanceOf(FlowError);
    expect(error.message).toContain('  sent      -p\n  expected  -P\n  actual    -?\n');
    expect(error.message).toContain('header.frameId: expected 2, got 1');
    expect(error.stack?.split('\n').find((line) => line.includes(' at '))).toContain('flow.spec.ts');
  });

  it('tells all that is wrong at once, and what the server reported meanwhile', async () => {
    const { message } = await failure(({ serve, clientPeer, expectQuiescent }) => {
      serve({ respond: () => NEVER });
      clientPeer({ ...session, s: submit(42, 1), x: submit(7, 1) })
        .sends('osx')
        .expects('-');
      expectQuiescent();
    });
    expect(message).toContain('the client peer did not receive what it should');
    expect(message).toContain('the server still has operations with the application: 1');
    expect(message).toContain(
      'at frame 2 the server refused a packet of memory#1: server received submit for another session',
    );
  });

  it('goes on behind the strings, where nothing more may come', async () => {
    const late = (tailMs: number) =>
      flow(
        ({ serve, clientPeer, cold }) => {
          serve({ respond: () => cold('----a|').pipe(delay(5)) });
          clientPeer({ ...session, s: submit(42, 1) })
            .sends('os')
            .expects('A');
        },
        { tailMs },
      );
    await expect(late(1000)).rejects.toThrow('nothing more was expected');
    await late(0);
  });

  it('rejects with what the function throws, and with what a timer throws', async () => {
    const oh = new TypeError('oh');
    expect(
      await failure(() => {
        throw oh;
      }),
    ).toBe(oh);
    expect(
      await failure(async () => {
        throw oh;
      }),
    ).toBe(oh);
    expect(
      await failure(({ act }) =>
        act('--x', {
          x: () => {
            throw oh;
          },
        }),
      ),
    ).toBe(oh);
    expect(
      await failure(() => {
        timer(5).subscribe(() => {
          throw oh;
        });
      }),
    ).toBe(oh);
  });

  it('says that its function waits for what never comes', async () => {
    const { message } = await failure(() => firstValueFrom(NEVER));
    expect(message).toContain("the flow's function still waits for something at frame 0");
  });

  it('gives a function up that waits too long', async () => {
    const { message } = await failure(
      async () => {
        const ticking = interval(10).subscribe();
        await firstValueFrom(NEVER);
        ticking.unsubscribe();
      },
      { maxMs: 100 },
    );
    expect(message).toContain('still waits for something at frame 100');
  });

  it('waits a moment for what takes real time', async () => {
    await flow(async () => {
      const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(3));
      expect(Buffer.from(digest)).toEqual(createHash('sha256').update(new Uint8Array(3)).digest());
    });
  });

  it('is one at a time', async () => {
    const first = flow(() => undefined);
    await expect(flow(() => undefined)).rejects.toThrow('another flow is under way: return or await');
    await first;
    await flow(() => undefined);
  });

  it('leaves the clock as it was, whatever happens', async () => {
    const before = { setTimeout: globalThis.setTimeout, now: Date.now };
    await failure(() => {
      throw new Error('oh');
    });
    expect({ setTimeout: globalThis.setTimeout, now: Date.now }).toEqual(before);
  });

  it('has virtual time for its function, too', async () => {
    const told: number[] = [];
    await flow(async ({ scheduler }) => {
      await pause(70);
      told.push(scheduler.now(), Date.now());
    });
    expect(told).toEqual([70, 70]);
  });
});

describe('act', () => {
  it('does things at their frames', async () => {
    const done: string[] = [];
    await flow(({ act, scheduler }) => {
      act('-a-(bc)', {
        a: () => done.push(`a${scheduler.now()}`),
        b: () => done.push(`b${scheduler.now()}`),
        c: () => done.push('c'),
      });
    });
    expect(done).toEqual(['a1', 'b3', 'c']);
  });

  it('needs an action for every mark', async () => {
    expect((await failure(({ act }) => act('-x', {}))).message).toContain('a mark that names no action');
    expect((await failure(({ act }) => act('-|', {}))).message).toContain('a mark that names no action');
  });
});

describe('expectObservable', () => {
  it('compares what a stream emits', async () => {
    await flow(({ cold, hot, expectObservable }) => {
      expectObservable(cold('-a-b|')).toBe('-a-b|');
      expectObservable(hot('-a-b|', { a: 1, b: { x: 2n } })).toBe('-a-b|', { a: 1, b: { x: 2n } });
      expectObservable(cold('-#', {}, new Error('oh'))).toBe('-#', {}, new Error('oh'));
      expectObservable(cold('-#', {}, 'oh')).toBe('-#');
    });
  });

  it('subscribes and unsubscribes when it is told to', async () => {
    await flow(({ cold, expectObservable, expectSubscriptions, time }) => {
      const source$ = cold('-a-b-c|');
      expectObservable(source$, '--^--!').toBe('---a');
      expectSubscriptions(source$.subscriptions).toBe('--^--!');
      expect(time('---|')).toBe(3);
    });
  });

  it('fails where a stream emits something else, errors otherwise, or is not subscribed to', async () => {
    const emitted = await failure(({ cold, expectObservable }) =>
      expectObservable(cold('-a', { a: 1 })).toBe('-a', { a: 2 }),
    );
    expect(emitted.message).toContain(
      'a stream did not emit what it should\n\n  expected  -a\n  actual    -?',
    );
    const failed = await failure(({ cold, expectObservable }) =>
      expectObservable(cold('-#', {}, new Error('oh'))).toBe('-#', {}, new Error('ah')),
    );
    expect(failed.message).toContain(
      'a stream did not fail as it should at frame 1\n\n  expected  Error: ah\n  actual    Error: oh',
    );
    const alone = await failure(({ cold, expectSubscriptions }) =>
      expectSubscriptions(cold('-').subscriptions).toBe('^'),
    );
    expect(alone.message).toContain('expected  from 0 to Infinity\n  actual    never');
  });
});

describe('session', () => {
  it('is that of a server of the flow', async () => {
    await flow(({ serve, session: of42, clientPeer, act }) => {
      serve();
      clientPeer(session).sends('o').expects('A');
      act('-x', { x: () => expect(of42(42).sessionId).toBe(42) });
    });
    expect((await failure(({ session: of42 }) => of42(7))).message).toContain(
      'no server of the flow has had a session 7',
    );
  });
});

describe('expectQuiescent', () => {
  it.each<[string, Parameters<typeof flow>[0], string]>([
    ['a timer', () => void timer(5000).subscribe(), 'a timer is due at frame 5000, set at '],
    [
      'a stream',
      ({ cold }) => void cold('-').subscribe(),
      'a stream of the test is subscribed to since frame 0',
    ],
    [
      'an operation',
      ({ serve, clientPeer }) => {
        serve({ respond: () => NEVER });
        clientPeer({ ...session, s: submit(42, 1) }).sends('os');
      },
      'the server still has operations with the application: 1',
    ],
    [
      'an operation that nobody took',
      ({ serve, clientPeer }) => {
        serve();
        clientPeer({ ...session, s: submit(42, 1) }).sends('os');
      },
      'the server still has operations in its queue: 1',
    ],
    [
      'stopped credit',
      ({ serve, session: of42, clientPeer, act }) => {
        serve();
        clientPeer(session).sends('o');
        act('-p', { p: () => of42(42).pause() });
      },
      'session 42 is still stopped',
    ],
    [
      'a result that waits for its client',
      ({ serve, clientPeer }) => {
        serve({ respond: () => 'x' });
        clientPeer({ o: open(42).resumable().announced(), s: submit(42, 1) }).sends('os');
      },
      'the server still has results whose receipt is not proved (777 bytes): 2',
    ],
    [
      'a client that waits',
      async ({ client, serverPeer }) => {
        serverPeer({ A: openAck() }).sends('A');
        (await (await client()).openSession()).submit({}).subscribe();
      },
      'the client still has operations in flight: 1',
    ],
  ])('finds %s', async (_, body, told) => {
    const { message } = await failure(async (helpers) => {
      helpers.expectQuiescent();
      await body(helpers);
    });
    expect(message).toContain('not everything has come to rest\n');
    expect(message).toContain(told);
  });

  it('finds bytes that nobody takes', async () => {
    const { message } = await failure(({ serve, endpoint, expectQuiescent }) => {
      serve();
      // Nobody reads at this end.
      endpoint.connect().subscribe((transport) => transport.send(ping(1)));
      expectQuiescent();
    });
    expect(message).toContain('bytes that no peer has taken: 40');
  });

  it('finds who is still subscribed to a subject that it is given', async () => {
    const subject = new Subject();
    subject.subscribe();
    expect((await failure(({ expectQuiescent }) => expectQuiescent(subject))).message).toContain(
      'a subject still has subscribers',
    );
  });

  it('finds nothing where nothing is left, idle sessions aside', async () => {
    await flow(({ serve, session: of42, clientPeer, act, cold, expectQuiescent }) => {
      serve({ respond: () => cold('-a|') });
      const peer = clientPeer({
        ...session,
        s: submit(42, 1),
        p: result(42, 1, 'a').partial(),
        C: result(42, 1),
      });
      peer.sends('os').expects('A-pC--XY', flows);
      act('------pr', { p: () => of42(42).pause(), r: () => of42(42).unpause() });
      expectQuiescent();
    });
  });
});
