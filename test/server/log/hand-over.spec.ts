import { Subject } from 'rxjs';
import { VirtualNodes } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

describe('a node that closes while a client is away', () => {
  /** A client with a part of an answer, which is away from then on. */
  async function away(how: 'cut' | 'silent' = 'cut') {
    nodes = new VirtualNodes(2);
    const answer$ = new Subject<string>();
    nodes.serve((session) => session.respond(() => answer$));
    const session = await nodes.open();
    const [served] = nodes.nodes[0]!.sessions;
    const told = { text: '', end: 'none' };
    session.submit({ body: 'x' }).text$.subscribe({
      next: (text) => {
        told.text += text;
      },
      error: (error: unknown) => {
        told.end = String(error);
      },
      complete: () => {
        told.end = 'complete';
      },
    });
    await nodes.pass(5);
    answer$.next('a');
    await nodes.pass(5);
    const [owner, next] = nodes.nodes as [(typeof nodes.nodes)[0], (typeof nodes.nodes)[0]];
    nodes.unplug();
    if (how === 'cut') nodes.cut(owner);
    else nodes.hush(owner);
    await nodes.pass(5);
    let isClosed = false;
    const close = (graceMs = 60_000): void => {
      void owner.server.close({ handOver: true, graceMs }).then(() => {
        isClosed = true;
        nodes.crash(owner);
      });
    };
    /** The client comes back, and has all of the answer. */
    const comesBack = async (ms = 500): Promise<void> => {
      nodes.plug();
      await nodes.pass(ms);
      expect(told).toEqual({ text: 'ab', end: 'complete' });
      expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
    };
    const ends = (): void => {
      answer$.next('b');
      answer$.complete();
    };
    return { session, served: served!, told, next, ends, close, isClosed: () => isClosed, comesBack };
  }

  it('leaves a finished answer in the log, and waits for nobody', async () => {
    const { session, next, ends, close, isClosed, comesBack } = await away();
    ends();
    close();
    await nodes.pass(100);
    expect(isClosed()).toBe(true);
    await comesBack();
    expect(next.sessions.map(({ sessionId }) => sessionId)).toEqual([session.sessionId]);
  });

  it.each([
    ['a second', 60_000, 1000],
    ['the grace, where that is less', 500, 500],
  ])('leaves a finished answer of a client that is silent for %s', async (_, graceMs, silentMs) => {
    const { ends, close, isClosed, comesBack } = await away('silent');
    ends();
    close(graceMs);
    await nodes.pass(silentMs - 10);
    expect(isClosed()).toBe(false);
    await nodes.pass(100);
    expect(isClosed()).toBe(true);
    await comesBack();
  });

  it.each(['is down', 'has forgotten it'])(
    'keeps a finished answer until the log has it, which %s',
    async (how) => {
      const { ends, close, isClosed, comesBack } = await away();
      ends();
      await nodes.pass(100);
      if (how === 'is down') nodes.storeIs('down');
      nodes.cluster.forget();
      close();
      if (how === 'is down') {
        await nodes.pass(1000);
        expect(isClosed()).toBe(false);
        nodes.storeIs('up');
      }
      await nodes.pass(500);
      expect(isClosed()).toBe(true);
      await comesBack(5000);
    },
  );

  it.each(['revokes', 'closes'] as const)(
    'leaves nothing of what the application %s meanwhile',
    async (how) => {
      const { served, told, next, close, isClosed } = await away();
      close();
      await nodes.pass(100);
      if (how === 'revokes') void served.revoke();
      else void served.close();
      await nodes.pass(100);
      expect(isClosed()).toBe(true);
      nodes.plug();
      await nodes.pass(6000);
      expect(told).toMatchObject({
        text: 'a',
        end: expect.stringContaining('the connection is lost') as string,
      });
      // Its client has another, opened anew.
      expect(next.sessions.map(({ sessionId }) => sessionId)).not.toContain(served.sessionId);
    },
  );

  it('runs to its end what is not finished, and leaves that', async () => {
    const { ends, close, isClosed, comesBack } = await away();
    close();
    await nodes.pass(1000);
    expect(isClosed()).toBe(false);
    ends();
    await nodes.pass(100);
    expect(isClosed()).toBe(true);
    await comesBack();
  });
});
