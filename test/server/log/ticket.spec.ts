import { NEVER, of, startWith, type Observable } from 'rxjs';
import type { ResumedOperation } from '../../../src/client/session/resumed-operation';
import { VirtualNodes } from './support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

const unfinished = (): Observable<string> => NEVER.pipe(startWith('one ', 'two '));

/** What a client is told of an operation that it has found by its ticket. */
function told({ results }: ResumedOperation): unknown[] {
  const seen: unknown[] = [];
  results.text$.subscribe({ next: (text) => seen.push(text), error: (error: unknown) => seen.push(error) });
  return seen;
}

it.each([{}, { retain: { ms: 60_000 } }])(
  'goes on with nothing that a client with a ticket was given anew: %j',
  async (options) => {
    nodes = new VirtualNodes(2, options);
    const continued: string[] = [];
    for (const node of nodes.nodes) {
      node.serve((session) => {
        session.respond(unfinished, {
          continueWith: (_submit, { text }) => {
            continued.push(text);
            return of('the rest');
          },
        });
      });
    }
    const session = await nodes.open();
    let ticket = '';
    session.ticket$.subscribe((newest) => {
      ticket = newest;
    });
    session.submit({ body: 'a question' }).subscribe({ error: () => undefined });
    await nodes.pass(100);
    const resumed = await nodes.resume(ticket);
    const [seen] = resumed.operations.map(told);
    await nodes.pass(100);
    nodes.crash(nodes.nodes[0]!);
    await nodes.pass(7000);

    expect(seen?.slice(0, -1).join('')).toBe('one two ');
    expect(seen?.at(-1)).toMatchObject({ reason: 'node-lost', outcome: 'unknown' });
    expect(continued).toEqual([]);
    expect(nodes.nodes[1]!.failures).toEqual([]);
  },
);
