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
    return { session, told, answer$, next, close, isClosed: () => isClosed };
  }

  it('leaves a finished answer in the log, and waits for nobody', async () => {
    const { session, told, answer$, next, close, isClosed } = await away();
    answer$.next('b');
    answer$.complete();
    close();
    await nodes.pass(100);
    expect(isClosed()).toBe(true);
    nodes.plug();
    await nodes.pass(500);
    expect(told).toEqual({ text: 'ab', end: 'complete' });
    expect(next.sessions.map(({ sessionId }) => sessionId)).toEqual([session.sessionId]);
    expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it.each([
    ['a second', 60_000, 1000],
    ['the grace, where that is less', 500, 500],
  ])('leaves a finished answer of a client that is silent for %s', async (_, graceMs, silentMs) => {
    const { told, answer$, close, isClosed } = await away('silent');
    answer$.next('b');
    answer$.complete();
    close(graceMs);
    await nodes.pass(silentMs - 10);
    expect(isClosed()).toBe(false);
    await nodes.pass(100);
    expect(isClosed()).toBe(true);
    nodes.plug();
    await nodes.pass(500);
    expect(told).toEqual({ text: 'ab', end: 'complete' });
    expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it.each(['is down', 'has forgotten it'])(
    'keeps a finished answer until the log has it, which %s',
    async (how) => {
      const { told, answer$, close, isClosed } = await away();
      answer$.next('b');
      answer$.complete();
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
      nodes.plug();
      await nodes.pass(5000);
      expect(told).toEqual({ text: 'ab', end: 'complete' });
      expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
    },
  );

  it('runs to its end what is not finished, and leaves that', async () => {
    const { told, answer$, close, isClosed } = await away();
    close();
    await nodes.pass(1000);
    expect(isClosed()).toBe(false);
    answer$.next('b');
    answer$.complete();
    await nodes.pass(100);
    expect(isClosed()).toBe(true);
    nodes.plug();
    await nodes.pass(500);
    expect(told).toEqual({ text: 'ab', end: 'complete' });
    expect(nodes.nodes.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
