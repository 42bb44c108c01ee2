import { NEVER, of, startWith, type Observable } from 'rxjs';
import { VirtualTime } from '../../support/virtual-time';
import { ask, byCount, found, serve, serveOn, ticketsOf, whole } from './answers';
import { VirtualNodes, type VirtualNode } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

const unfinished = (): Observable<string> => NEVER.pipe(startWith('one ', 'two '));

/** A client with a ticket has the answer of another, whose node is gone then. */
async function takenThenLost(options: { retain?: { ms: number } }) {
  nodes = new VirtualNodes(2, options);
  const continued: string[] = [];
  nodes.serve((session) => {
    session.respond(unfinished, {
      continueWith: (_submit, { text }) => {
        continued.push(text);
        return of('the rest');
      },
    });
  });
  const session = await nodes.open();
  const ticket = ticketsOf(session);
  session.submit({ body: 'a question' }).subscribe({ error: () => undefined });
  await nodes.pass(100);
  const [told] = found(await nodes.resume(ticket()));
  await nodes.pass(100);
  nodes.crash(nodes.nodes[0]!);
  await nodes.pass(7000);
  expect(nodes.nodes[1]!.failures).toEqual([]);
  return { told, continued };
}

it('goes on with nothing that a client with a ticket was given in part', async () => {
  const { told, continued } = await takenThenLost({});
  expect(told).toMatchObject({ text: 'one two ', end: { reason: 'node-lost', outcome: 'unknown' } });
  expect(continued).toEqual([]);
});

it('goes on with what a client with a ticket was given whole', async () => {
  const { told, continued } = await takenThenLost({ retain: { ms: 60_000 } });
  expect(told).toMatchObject({ text: 'one two the rest', end: 'complete' });
  expect(continued).toEqual(['one two ']);
});

it('is what a client hears of that was away, also of a node that has it out of the log', async () => {
  nodes = new VirtualNodes(2);
  serve(nodes);
  const [owner] = nodes.nodes;
  const time = new VirtualTime();
  const session = await nodes.open({ scheduler: time });
  const ticket = ticketsOf(session);
  const told = ask(session, '1000 10');
  await nodes.pass(50);
  // It does not come back before its own time goes on; the other does, by itself.
  nodes.cut(owner!);
  const other = await nodes.resume(ticket());
  nodes.cut(owner!);
  await nodes.pass(100);
  nodes.crash(owner!);
  await nodes.pass(7000);
  time.advance(1000);
  await nodes.pass(100);

  expect(told.end).toMatchObject({ reason: 'taken-over' });
  expect(session.ended).toMatchObject({ by: 'taken-over', mayOpenAgain: false });
  expect(other.ended).toBeUndefined();
  expect(nodes.nodes[1]!.failures).toEqual([]);
});

it('costs whoever has come with a ticket nothing, where the client that was away is back before', async () => {
  nodes = new VirtualNodes(2);
  serveOn(nodes, byCount);
  const [owner, next] = nodes.nodes;
  const [time, othersTime] = [new VirtualTime(), new VirtualTime()];
  const session = await nodes.open({ scheduler: time });
  const ticket = ticketsOf(session);
  const told = ask(session, '1 1');
  await nodes.pass(50);
  // It does not come back before its own time goes on; the other has done so, by itself.
  nodes.cut(owner!);
  const other = await nodes.resume(ticket(), { scheduler: othersTime });
  nodes.cut(owner!);
  othersTime.advance(1000);
  await nodes.pass(10);
  const answer = ask(other, '100 10');
  await nodes.pass(100);
  // The last results come to it, and not to the log.
  nodes.losesTail(true);
  await nodes.pass(100);
  nodes.crash(owner!);
  nodes.losesTail(false);
  await nodes.pass(6000);
  time.advance(1000);
  await nodes.pass(100);
  othersTime.advance(1000);
  await nodes.pass(2000);

  expect(told.end).toBe('complete');
  expect(session.ended).toMatchObject({ by: 'taken-over', mayOpenAgain: false });
  expect(other.ended).toBeUndefined();
  expect(answer).toEqual({ text: whole(100), end: 'complete' });
  expect(next!.failures).toEqual([]);
});

it.each([
  ['has not', {}, undefined],
  ['has', { continueWith: () => NEVER }, 'a question'],
])('tells a client with a ticket what was asked where the log %s it', async (_has, options, text) => {
  const two = (nodes = new VirtualNodes(2));
  const [first, second] = two.nodes as [VirtualNode, VirtualNode];
  // Nobody goes on with it at the other node, or ends it.
  first.serve((session) => session.respond(unfinished, options));
  const session = await two.open();
  const ticket = ticketsOf(session);
  const told = ask(session, 'a question');
  await two.pass(100);
  two.crash(first);
  await two.pass(6000);
  const [late] = found(await two.resume(ticket()));

  expect(told).toMatchObject({ text: 'one two ', end: { reason: 'taken-over' } });
  expect(late).toMatchObject({ asked: text, isWhole: false, end: undefined });
  expect(second.failures).toEqual([]);
});

it.each(['after', 'before'])(
  'takes nothing from a client that comes back just %s one with its ticket',
  async (when) => {
    const two = (nodes = new VirtualNodes(2, { retain: { ms: 60_000 } }));
    serveOn(two, byCount);
    const session = await two.open();
    const ticket = ticketsOf(session);
    const told = ask(session, '200 10');
    await two.pass(105);
    // Both come as soon as the node is given up, and the store takes its time.
    two.unplug();
    two.crash(two.nodes[0]!);
    await two.pass(6000);
    two.takeoverMs = 1000;
    two.plug();
    if (when === 'before') await two.pass(200);
    const [late] = found(await two.resume(ticket()));
    await two.pass(3000);

    expect(told.end).toMatchObject({ reason: 'taken-over' });
    expect(late).toMatchObject({ asked: '200 10', text: whole(200), end: 'complete' });
    expect(two.nodes[1]!.sessions).toHaveLength(1);
    expect(two.nodes[1]!.failures).toEqual([]);
  },
);
