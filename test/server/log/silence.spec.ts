import { map, Observable, take, timer } from 'rxjs';
import { ask, byCount, serve, serveOn, ticketsOf, whole, type Told } from './answers';
import { VirtualNodes, type VirtualNode } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

/** The log answers what is said to it from now on after so many milliseconds. */
function answersIn(ms: number): void {
  nodes.answerMs = ms;
}

/** A client that stays connected to a node which stands still for so long, and has asked it for many parts. */
async function stoodStill(ms: number): Promise<{ readonly slow: VirtualNode; readonly told: Told }> {
  const [slow] = nodes.nodes as [VirtualNode];
  const session = await nodes.open();
  const told = ask(session, '300 10');
  await nodes.pass(105);
  nodes.stop(slow);
  await nodes.pass(ms);
  return { slow, told };
}

/** A client that another node carries to the one that stands still later, which it has asked. */
async function carried(body: string) {
  const [slow, relay] = nodes.nodes as [VirtualNode, VirtualNode];
  const session = await nodes.open();
  const told = ask(session, body);
  nodes.sendTo(relay);
  nodes.cut(slow);
  await nodes.pass(500);
  expect(relay.server.connectionCount).toBe(1);
  return { slow, relay, session, told };
}

describe('a node that stood still', () => {
  it('says nothing to the client of a session that is another node’s by now', async () => {
    nodes = new VirtualNodes(2);
    serveOn(nodes, byCount);
    const [slow, other] = nodes.nodes as [VirtualNode, VirtualNode];
    const session = await nodes.open();
    const ticket = ticketsOf(session);
    const told = ask(session, '2000 10');
    await nodes.pass(105);
    nodes.stop(slow);
    nodes.sendTo(other);
    await nodes.pass(10_000);
    await nodes.resume(ticket());
    const had = told.text;
    expect(had).toBe(whole(10));
    // It hears of that only after several parts.
    answersIn(100);
    nodes.continue(slow);
    await nodes.pass(90);
    expect(told).toEqual({ text: had, end: undefined });
    await nodes.pass(1000);

    expect(told).toMatchObject({ text: had, end: { reason: 'taken-over' } });
    expect([...slow.failures, ...other.failures]).toEqual([]);
  });

  it('says what has waited, in order, once it has heard that the session is its own', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const { slow, told } = await stoodStill(2000);
    answersIn(200);
    nodes.continue(slow);
    await nodes.pass(190);
    expect(told.text).toBe(whole(10));
    await nodes.pass(50);
    expect(told.text.length).toBeGreaterThan(whole(25).length);
    await nodes.pass(4000);

    expect(told).toEqual({ text: whole(300), end: 'complete' });
    expect(slow.failures).toEqual([]);
  });

  it('says nothing either to a client that another node carries', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const { slow, relay, told } = await carried('600 10');
    expect(told.text.length).toBeGreaterThan(whole(30).length);
    nodes.stop(slow);
    await nodes.pass(2000);
    const had = told.text;
    answersIn(200);
    nodes.continue(slow);
    await nodes.pass(190);
    expect(told.text).toBe(had);
    await nodes.pass(7000);

    expect(told).toEqual({ text: whole(600), end: 'complete' });
    expect([slow, relay].map(({ server }) => server.sessionCount)).toEqual([1, 0]);
    expect([...slow.failures, ...relay.failures]).toEqual([]);
  });

  it('goes on after a while without a log that does not answer', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const { slow, told } = await stoodStill(2000);
    const had = told.text;
    nodes.storeIs('down');
    nodes.continue(slow);
    await nodes.pass(4900);
    expect(told.text).toBe(had);
    await nodes.pass(700);
    expect(told).toEqual({ text: whole(300), end: 'complete' });
    expect(slow.failures).toEqual([]);
  });

  it('answers a client that has closed its session meanwhile', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const [slow] = nodes.nodes as [VirtualNode];
    const session = await nodes.open();
    nodes.stop(slow);
    await nodes.pass(2000);
    let isClosed = false;
    void session.close().then(() => {
      isClosed = true;
    });
    answersIn(200);
    nodes.continue(slow);
    await nodes.pass(190);
    expect(isClosed).toBe(false);
    await nodes.pass(50);

    expect(isClosed).toBe(true);
    expect(slow.failures).toEqual([]);
  });

  it('answers one, that another node carries, with what was on its way', async () => {
    nodes = new VirtualNodes(2);
    serve(nodes);
    const { slow, relay, session, told } = await carried('80 10');
    nodes.stop(slow);
    await nodes.pass(2000);
    let isClosed = false;
    void session.close({ drainTimeoutMs: 5000 }).then(() => {
      isClosed = true;
    });
    // Its answer ends, and so does the session, before the log has said whose it is.
    answersIn(1000);
    nodes.continue(slow);
    await nodes.pass(900);
    expect(slow.server.sessionCount).toBe(0);
    expect(isClosed).toBe(false);
    await nodes.pass(200);

    expect(isClosed).toBe(true);
    expect(told).toEqual({ text: whole(80), end: 'complete' });
    expect([...slow.failures, ...relay.failures]).toEqual([]);
  });

  it('has a client come back for more than may wait, and gives it the whole', async () => {
    nodes = new VirtualNodes(2, { outbox: { maxBytes: 64 * 1024 } });
    const large = 'x'.repeat(1000);
    const most = 45;
    serve(nodes, (session, node) => {
      session.respond(() =>
        timer(0, 10, node.time).pipe(
          take(most),
          map((index) => `${index}${large}`),
        ),
      );
    });
    const [slow] = nodes.nodes as [VirtualNode];
    const session = await nodes.open();
    const states: string[] = [];
    session.state$.subscribe((state) => states.push(state));
    const told = ask(session, 'much');
    await nodes.pass(15);
    nodes.stop(slow);
    await nodes.pass(2000);
    answersIn(2000);
    nodes.continue(slow);
    await nodes.pass(6000);

    expect(states).toContain('reconnecting');
    expect(told).toEqual({
      text: Array.from({ length: most }, (_, index) => `${index}${large}`).join(''),
      end: 'complete',
    });
    expect(slow.failures).toEqual([]);
  });

  it('ends what pours out more meanwhile than its client could be sent, as it does at any time', async () => {
    nodes = new VirtualNodes(2, { outbox: { maxBytes: 64 * 1024 }, limits: { maxUnreadBytes: 128 * 1024 } });
    let poured = 0;
    serve(nodes, (session) => {
      session.respond(
        () =>
          new Observable((subscriber) => {
            for (poured = 0; !subscriber.closed && poured < 5000; poured++) subscriber.next('x'.repeat(1000));
          }),
      );
    });
    const [slow] = nodes.nodes as [VirtualNode];
    const session = await nodes.open();
    nodes.stop(slow);
    await nodes.pass(2000);
    const told = ask(session, 'much');
    answersIn(2000);
    nodes.continue(slow);
    await nodes.pass(100);
    expect(poured).toBeGreaterThan(50);
    expect(poured).toBeLessThan(150);
    expect(slow.failures).toHaveLength(1);
    expect(String(slow.failures[0])).toMatch(/limits\.maxUnreadBytes is 131072/);
    await nodes.pass(6000);

    expect(told).toMatchObject({ end: { reason: 'failed' } });
  });
});
