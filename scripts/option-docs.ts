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
  /** The file and the interface that it is in. */
  readonly of: readonly [file: string, name: string];
}

export const PAGES: readonly Page[] = [
  { title: 'createServer', of: ['src/server/options.ts', 'ServerOptions'] },
  { title: '`queue` of createServer', of: ['src/server/options.ts', 'QueueLimits'] },
  { title: '`outbox` of createServer', of: ['src/protocol/operation/result-outbox.ts', 'OutboxLimits'] },
  { title: '`limits` of createServer', of: ['src/server/limits/server-limits.ts', 'ServerLimits'] },
  { title: '`keepAlive` of both ends', of: ['src/transport/liveness/keep-alive.ts', 'KeepAlive'] },
  { title: 'server.close', of: ['src/server/options.ts', 'CloseOptions'] },
  { title: 'connect', of: ['src/client/options.ts', 'ClientOptions'] },
  { title: 'client.openSession', of: ['src/client/options.ts', 'SessionOptions'] },
  { title: '`reconnect` of connect and openSession', of: ['src/client/options.ts', 'ReconnectOptions'] },
  { title: 'tcp', of: ['src/transport/tcp/options.ts', 'TcpOptions'] },
  { title: 'tls, besides those of tcp', of: ['src/transport/tls/options.ts', 'TlsOptions'] },
  { title: 'ipc', of: ['src/transport/ipc/options.ts', 'IpcOptions'] },
  { title: 'webSocket', of: ['src/transport/web-socket/options.ts', 'WebSocketOptions'] },
  { title: 'every socket', of: ['src/transport/socket-options.ts', 'SocketTransportOptions'] },
  { title: 'memory', of: ['src/transport/memory.ts', 'MemoryOptions'] },
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

/** The options that an interface has, in its order. */
export function optionsOf([file, name]: Page['of']): Option[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(ROOT, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name);
  if (found === undefined) throw new Error(`${file} has no interface ${name}`);
  return found.members.filter(ts.isPropertySignature).map((member) => {
    const comment = commentOf(member);
    return {
      name: member.name.getText(),
      isOptional: member.questionToken !== undefined,
      says: comment.replace(DEFAULT, '').trim(),
      byDefault: DEFAULT.exec(comment)?.[1],
    };
  });
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
    'Written by `scripts/option-docs.ts` from the doc comments; `npm run docs:options` writes it again. ' +
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
