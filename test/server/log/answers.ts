import { concatMap, delay, from, of, type Observable } from 'rxjs';
import type { OperationError } from '../../../src/client/errors';
import type { ClientSession } from '../../../src/client/session/session';
import type { SentBefore } from '../../../src/server/log/sent-before';
import type { ServerSession } from '../../../src/server/session/session';
import type { VirtualNode, VirtualNodes } from './support';

/** What a client was told of an operation, in order. */
export interface Told {
  text: string;
  end: 'complete' | OperationError | undefined;
}

export function ask(session: ClientSession, body: string): Told {
  return hear({ text: '', end: undefined }, session.submit({ body }).text$);
}

function hear<T extends Told>(told: T, text$: Observable<string>): T {
  text$.subscribe({
    next: (text) => {
      told.text += text;
    },
    error: (error: unknown) => {
      told.end = error as OperationError;
    },
    complete: () => {
      told.end = 'complete';
    },
  });
  return told;
}

/** What a client with a ticket is told of an operation. */
export interface Found extends Told {
  readonly asked: string | undefined;
  readonly isWhole: boolean;
}

export function found(session: ClientSession): readonly Found[] {
  return session.operations.map(({ sent, isWhole, results }) => {
    const told: Found = { asked: sent?.text, isWhole, text: '', end: undefined };
    return hear(told, results.text$);
  });
}

/** The newest ticket of a session, whenever it is asked for. */
export function ticketsOf(session: ClientSession): () => string {
  let newest = '';
  session.ticket$.subscribe((ticket) => {
    newest = ticket;
  });
  return () => newest;
}

/** The answer to what is over in a tenth of a second. */
export async function asked(nodes: VirtualNodes, session: ClientSession, body: string): Promise<string> {
  const told = ask(session, body);
  await nodes.pass(100);
  expect(told.end).toBe('complete');
  return told.text;
}

/** `count ms`: parts from `from` on, each so late. */
export function parts(node: VirtualNode, text: string, first = 0): Observable<string> {
  const [count = 0, ms = 0] = text.split(' ').map(Number);
  const rest = Array.from({ length: Math.max(0, count - first) }, (_, index) => `${first + index} `);
  return from(rest).pipe(concatMap((part) => of(part).pipe(delay(ms, node.time))));
}

export const whole = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${index} `).join('');

export function serve(
  nodes: VirtualNodes,
  respond: (session: ServerSession, node: VirtualNode) => void = (session, node) =>
    session.respond(({ text }) => parts(node, text)),
): void {
  for (const node of nodes.nodes) node.serve((session) => respond(session, node));
}

export const byCount = ({ count }: SentBefore): number => count;
export const byText = ({ text }: SentBefore): number => text.split(' ').length - 1;

/** Every node goes on with an answer after so many of its parts. */
export function serveOn(nodes: VirtualNodes, after: (sent: SentBefore) => number): void {
  serve(nodes, (session, node) => {
    session.respond(({ text }) => parts(node, text), {
      continueWith: ({ text }, sent) => parts(node, text, after(sent)),
    });
  });
}
