import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { DEFAULT_SERVER_LIMITS } from '../src/server/limits/server-limits';
import type { Rate } from '../src/server/limits/token-bucket';
import { table } from './markdown-table';

// Writes docs/options.md: every option of both ends, as its doc comment has it.
//   npm run docs:options

const ROOT = join(__dirname, '..');
export const OPTION_DOCS = join(ROOT, 'docs', 'options.md');

interface Page {
  readonly title: string;
  /** The file and the interface that it is in, or the function, or method, whose `options` are of a type without a name. */
  readonly of: readonly [file: string, name: string, method?: string];
}

export const PAGES: readonly Page[] = [
  { title: 'createServer', of: ['src/server/options.ts', 'ServerOptions'] },
  { title: '`queue` of createServer', of: ['src/server/options.ts', 'QueueLimits'] },
  { title: '`outbox` of createServer', of: ['src/protocol/operation/result-outbox.ts', 'OutboxLimits'] },
  { title: '`retain` of createServer', of: ['src/server/limits/retained-totals.ts', 'RetainLimits'] },
  { title: '`objects` of createServer', of: ['src/objects/object-limits.ts', 'ObjectLimits'] },
  { title: '`limits` of createServer', of: ['src/server/limits/server-limits.ts', 'ServerLimits'] },
  { title: '`keepAlive` of both ends', of: ['src/transport/liveness/keep-alive.ts', 'KeepAlive'] },
  { title: 'accept, of a policy', of: ['src/server/opening/policy.ts', 'AcceptOptions'] },
  { title: 'session.respond', of: ['src/server/session/session.ts', 'ServerSession', 'respond'] },
  { title: 'failure, of a handler', of: ['src/protocol/operation/failure.ts', 'failure'] },
  { title: 'server.close', of: ['src/server/options.ts', 'CloseOptions'] },
  { title: 'connect', of: ['src/client/options.ts', 'ClientOptions'] },
  { title: 'client.openSession', of: ['src/client/options.ts', 'SessionOptions'] },
  { title: '`reconnect` of connect and openSession', of: ['src/client/options.ts', 'ReconnectOptions'] },
  {
    title: '`reconnect` of connect, besides those',
    of: ['src/client/options.ts', 'ClientReconnectOptions'],
  },
  { title: 'session.submit', of: ['src/client/submissions/submission.ts', 'SubmitRequest'] },
  {
    title: 'session.submit, to a server of preview4',
    of: ['src/client/submissions/operation-terms.ts', 'OperationTerms'],
  },
  { title: '`budget` of session.submit', of: ['src/protocol/operation/budget.ts', 'Budget'] },
  { title: '`trace` of session.submit', of: ['src/protocol/operation/trace-context.ts', 'TraceContext'] },
  {
    title: '`routeHint` and `executionHint` of session.submit',
    of: ['src/protocol/operation/route-hint.ts', 'RouteHint'],
  },
  { title: 'tcp', of: ['src/transport/tcp/options.ts', 'TcpOptions'] },
  { title: 'tls, besides those of tcp', of: ['src/transport/tls/options.ts', 'TlsOptions'] },
  { title: 'ipc', of: ['src/transport/ipc/options.ts', 'IpcOptions'] },
  { title: 'webSocket', of: ['src/transport/web-socket/options.ts', 'WebSocketOptions'] },
  {
    title: 'webSocket, on a web server that there is',
    of: ['src/transport/web-socket/options.ts', 'SharedWebSocketOptions'],
  },
  { title: 'every webSocket', of: ['src/transport/web-socket/options.ts', 'WebSocketSettings'] },
  { title: 'every socket', of: ['src/transport/socket-options.ts', 'SocketTransportOptions'] },
  { title: 'memory', of: ['src/transport/memory.ts', 'MemoryOptions'] },
  { title: 'redisCluster', of: ['src/cluster/redis/redis-cluster.ts', 'RedisClusterOptions'] },
  { title: 'memoryCluster', of: ['src/cluster/memory-cluster.ts', 'MemoryClusterOptions'] },
];

export interface Option {
  readonly name: string;
  readonly isOptional: boolean;
  /** What its comment says, the default aside. */
  readonly says: string;
  /** What follows the word "Default" in it. */
  readonly byDefault: string | undefined;
}

/** A sentence or the end of one. */
const DEFAULT = /\bDefault:? (.*?)(?:\.(?=\s|$)|; |$)/s;

/** The options that there are, in their order. */
export function optionsOf(of: Page['of']): Option[] {
  return membersOf(of)
    .filter(ts.isPropertySignature)
    .map((member) => {
      const comment = commentOf(member);
      return {
        name: member.name.getText(),
        isOptional: member.questionToken !== undefined,
        says: comment.replace(DEFAULT, '').trim(),
        byDefault: DEFAULT.exec(comment)?.[1],
      };
    });
}

function membersOf([file, name, method]: Page['of']): readonly ts.TypeElement[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = statements
    .filter((each) => ts.isInterfaceDeclaration(each) || ts.isFunctionDeclaration(each))
    .find((each) => each.name?.text === name);
  if (found === undefined) throw new Error(`${file} has no ${name}`);
  if (ts.isFunctionDeclaration(found)) return membersOfOptions(found);
  if (method === undefined) return found.members;
  const called = found.members.filter(ts.isMethodSignature).find((each) => each.name.getText() === method);
  if (called === undefined) throw new Error(`${name} of ${file} has no ${method}`);
  return membersOfOptions(called);
}

function membersOfOptions({ parameters }: ts.SignatureDeclarationBase): readonly ts.TypeElement[] {
  const type = parameters.find((each) => each.name.getText() === 'options')?.type;
  if (type === undefined || !ts.isTypeLiteralNode(type))
    throw new Error('no options, or their type has a name');
  return type.members;
}

function commentOf(member: ts.PropertySignature): string {
  return ts
    .getJSDocCommentsAndTags(member)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
    .join(' ')
    .replace(/\{@link (\w+)[^}]*\}/g, '`$1`')
    .replace(/\s*\n\s*/g, ' ');
}

/** The page. */
export function optionDocs(): string {
  const sections = PAGES.map(({ title, of }) => {
    const rows = optionsOf(of).map(({ name, isOptional, says, byDefault }) => {
      const value = byDefault ?? defaultLimit(of, name) ?? (isOptional ? '' : '_required_');
      return [`\`${name}\``, cell(value), cell(says)];
    });
    return [`## ${title}`, '', table(['option', 'default', 'what it is'], rows), ''].join('\n');
  });
  return [
    '# Options and their defaults',
    '',
    'Those of servers, clients, sessions, operations, transports and clusters; those of operators and of the test kit are ' +
      'in the API reference. Written by `scripts/option-docs.ts` from the doc comments; `npm run docs:options` writes it again. ' +
      'Durations are milliseconds, sizes bytes, counts operations, unless the text says otherwise. An option of a wrong ' +
      'type, or out of its range, throws where it is given, with its name and what it may be.',
    '',
    ...sections,
  ].join('\n');
}

/** The defaults of limits stand in a table of their own. */
function defaultLimit([, name]: Page['of'], option: string): string | undefined {
  if (name !== 'ServerLimits') return undefined;
  const [, value] = Object.entries(DEFAULT_SERVER_LIMITS).find(([key]) => key === option) ?? [];
  if (typeof value === 'number') return value.toLocaleString('en');
  const { burst, perSecond } = value as Rate;
  return `${burst.toLocaleString('en')} at once, ${perSecond.toLocaleString('en')} a second`;
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/ {2,}/g, ' ');
}

if (require.main === module) writeFileSync(OPTION_DOCS, optionDocs());
