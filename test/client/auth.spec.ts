import { firstValueFrom, interval, map, NEVER, take } from 'rxjs';
import type { SessionOptions } from '../../src/client/options';
import { accept, refuse } from '../../src/server/opening/policy';
import { settled } from '../support/async';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

afterEach(endServed);

/** A server that takes a text which says when it expires, in milliseconds of the virtual clock. */
function serve(isTaken = (token: string, now: number): boolean => Number(token) > now) {
  const time = new VirtualTime();
  const asked: string[] = [];
  const served = new Served({
    scheduler: time,
    keepAlive: { idleMs: 0 },
    policy: ({ auth }) => {
      const token = new TextDecoder().decode(auth);
      asked.push(token);
      return isTaken(token, time.now()) ? accept() : refuse('auth-failed', 'the token has expired');
    },
  });
  const open = async (options: SessionOptions) => {
    const client = await served.connect({ scheduler: time, keepAlive: { idleMs: 0 }, random: () => 0 });
    return client.openSession({ reconnect: { minDelayMs: 100, jitter: 0 }, ...options });
  };
  /** Lets time pass, with all that waits for promises meanwhile. */
  const pass = async (ms: number, step = 50): Promise<void> => {
    for (let at = 0; at < ms; at += step) {
      time.advance(step);
      await settled();
    }
  };
  const cut = async (): Promise<void> => {
    served.endpoint.cut();
    await settled();
  };
  return { served, time, asked, open, pass, cut };
}

describe('auth that is a function', () => {
  it.each<[string, () => string | Uint8Array | Promise<string>]>([
    ['a text', () => '1000'],
    ['bytes', () => Uint8Array.from(Buffer.from('1000'))],
    ['a promise', async () => '1000'],
  ])('gives %s', async (_, auth) => {
    const { open, asked } = serve();
    await open({ auth });
    expect(asked).toEqual(['1000']);
  });

  it('is asked at each resume: a token of a second is enough for an answer of six', async () => {
    const { served, time, open, pass, cut, asked } = serve();
    let runs = 0;
    served.server.sessions$.subscribe((session) =>
      session.respond(() => {
        runs += 1;
        return interval(100, time).pipe(
          take(60),
          map((at) => `${at} `),
        );
      }),
    );
    const session = await open({ auth: async () => String(time.now() + 1000) });
    const texts = told(session.submit({}).text$);
    for (let second = 0; second < 6; second++) {
      await pass(1000);
      await cut();
    }
    await pass(2000);
    expect(texts).toEqual([...Array.from({ length: 60 }, (_, at) => `${at} `), '|']);
    expect([runs, asked.length]).toEqual([1, 7]);
  });

  it('is asked once by sessions that come back together', async () => {
    const { served, time, pass, cut, asked } = serve();
    let asks = 0;
    const auth = async (): Promise<string> => {
      asks += 1;
      return String(time.now() + 1000);
    };
    const client = await served.connect({
      scheduler: time,
      keepAlive: { idleMs: 0 },
      auth,
      reconnect: { jitter: 0 },
    });
    for (const requestedSessionId of [1, 2, 3]) await client.openSession({ requestedSessionId });
    expect(asks).toBe(3);
    await cut();
    await pass(100);
    expect([asks, asked.length]).toEqual([4, 6]);
  });

  it('that fails is a failed attempt: the next one may do', async () => {
    const { time, open, pass, cut } = serve();
    const answers = [
      () => Promise.reject(new Error('offline')),
      () => {
        throw new Error('no wallet');
      },
      () => 7 as unknown as string,
      () => String(time.now() + 1000),
    ];
    let isOpen = false;
    const session = await open({ auth: () => (isOpen ? answers.shift()!() : '1000') });
    isOpen = true;
    const states = told(session.state$);
    await cut();
    await pass(100 + 200 + 400 + 700);
    expect(states).toEqual(['open', 'reconnecting']);
    await pass(100);
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    expect(answers).toEqual([]);
  });

  it('that hangs is a failed attempt after 10 s', async () => {
    const { time, open, pass, cut } = serve();
    let asks = 0;
    const session = await open({
      auth: () => ((asks += 1) === 2 ? firstValueFrom(NEVER) : String(time.now() + 1000)),
    });
    const states = told(session.state$);
    await cut();
    await pass(100 + 10_000 + 150);
    expect([states, asks]).toEqual([['open', 'reconnecting'], 2]);
    await pass(100);
    expect([states, asks]).toEqual([['open', 'reconnecting', 'resumed'], 3]);
  });

  it('is asked once more where the server does not take it, and then as time goes on', async () => {
    const { time, open, pass, cut, asked } = serve();
    const session = await open({ auth: () => String(time.now() < 1000 ? 500 : 9000) });
    const states = told(session.state$);
    await pass(550);
    await cut();
    await pass(100);
    expect([states.at(-1), asked]).toEqual(['reconnecting', ['500', '500', '500']]);
    await pass(700);
    expect(states).toEqual(['open', 'reconnecting', 'resumed']);
    expect(asked.at(-1)).toBe('9000');
  });

  it('is given up with the end of the resume window', async () => {
    const { open, pass, cut } = serve();
    let isOpen = true;
    const session = await open({ auth: () => (isOpen ? '1000' : Promise.reject(new Error('offline'))) });
    const states = told(session.state$);
    isOpen = false;
    await cut();
    await pass(session.granted.resumeWindowMs + 20_000, 1000);
    expect(states).toEqual(['open', 'reconnecting', 'expired', '|']);
  });

  it('rejects an open that it gives nothing for', async () => {
    const { open, asked } = serve();
    const offline = new Error('offline');
    await expect(open({ auth: () => Promise.reject(offline) })).rejects.toMatchObject({
      name: 'RuntimeError',
      kind: 'io',
      cause: offline,
      message: 'the function `auth` gave nothing to open a session with: offline',
    });
    expect(asked).toEqual([]);
  });
});

describe('auth that is a constant', () => {
  it('which the server does not take at a resume ends the session', async () => {
    const { open, pass, cut, asked } = serve();
    const session = await open({ auth: '500' });
    const states = told(session.state$);
    await pass(550);
    await cut();
    await pass(200);
    expect(states).toEqual(['open', 'reconnecting', 'expired', '|']);
    expect(asked).toEqual(['500', '500']);
  });
});
