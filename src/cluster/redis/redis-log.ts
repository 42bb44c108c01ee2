import { createHash } from 'node:crypto';
import { nodeKey, type LogEnd, type LogOwner, type LogUpdate, type LogVerdict } from '../session-log';
import type { SessionLog, StoredSession } from '../session-log';
import { APPEND, TAKE_OVER } from './log-scripts';
import { packUpdates } from './pack-updates';
import type { RedisConnection } from './redis-connection';
import type { SessionPrefix } from './redis-keys';

interface Script {
  readonly text: string;
  readonly sha: string;
}

const APPEND_SCRIPT = scriptOf(APPEND);
const TAKE_OVER_SCRIPT = scriptOf(TAKE_OVER);

/** What the script says of an update besides a number of results. */
const VERDICTS: ReadonlyMap<number, LogVerdict> = new Map<number, LogVerdict>([
  [-1, { kind: 'kept' }],
  [-2, { kind: 'fenced' }],
  [-3, { kind: 'missing' }],
]);

/**
 * Sessions in Redis: of each a hash, and a stream of results whose ids are `<epoch>-<number of the last>`: what an
 * earlier epoch says, or what was said before, has an id that a stream refuses.
 */
export class RedisLog implements SessionLog {
  constructor(
    private readonly connection: Pick<RedisConnection, 'ask'>,
    private readonly prefix: string,
    /** Sessions with the same are told of in one call. */
    private readonly prefixOf: SessionPrefix,
  ) {}

  async append(updates: readonly (LogUpdate | LogEnd)[]): Promise<readonly (LogVerdict | undefined)[]> {
    const groups = new Map<string, number[]>();
    updates.forEach(({ sessionId }, index) => {
      const prefix = this.prefixOf(sessionId);
      const group = groups.get(prefix);
      if (group === undefined) groups.set(prefix, [index]);
      else group.push(index);
    });
    const verdicts = new Array<LogVerdict | undefined>(updates.length).fill(undefined);
    const calls = [...groups].map(async ([prefix, group]) => {
      const said = await this.call(
        prefix,
        group.length === updates.length ? updates : group.map((index) => updates[index]!),
      );
      said.forEach((verdict, place) => {
        verdicts[group[place]!] = verdict;
      });
    });
    const answers = await Promise.allSettled(calls);
    const failed = answers.filter((answer) => answer.status === 'rejected');
    // Another server may have answered.
    if (failed.length > 0 && failed.length === answers.length) throw failed[0]!.reason;
    return verdicts;
  }

  async find(sessionId: number): Promise<(LogOwner & { readonly tokens: Uint8Array }) | undefined> {
    const key = `${this.prefixOf(sessionId)}session:${sessionId}`;
    const [node, epoch, tokens] = await this.connection.ask((commands) =>
      commands.hmGet(key, ['node', 'epoch', 'tokens']),
    );
    if (!node || !epoch || !tokens) return undefined;
    return { node: textOf(node), epoch: Number(textOf(epoch)), tokens };
  }

  async takeOver(
    sessionId: number,
    from: LogOwner,
    to: { readonly node: string; readonly tokens: Uint8Array },
  ): Promise<StoredSession | undefined> {
    // Another server may have that key. Where the node is back by the time of the script, it is fenced like any that is slow.
    if (from.node !== to.node && (await this.isThere(from.node))) return undefined;
    const told = [String(sessionId), from.node, String(from.epoch), to.node, Buffer.from(to.tokens)];
    const taken = (await this.run(TAKE_OVER_SCRIPT, this.prefixOf(sessionId), told)) as TakenReply | null;
    return taken === null ? undefined : storedSession(taken);
  }

  private async call(
    prefix: string,
    updates: readonly (LogUpdate | LogEnd)[],
  ): Promise<readonly LogVerdict[]> {
    const verdicts = (await this.run(APPEND_SCRIPT, prefix, [packUpdates(updates)])) as number[];
    return verdicts.map((verdict) => VERDICTS.get(verdict) ?? { kind: 'at', last: verdict });
  }

  private async isThere(node: string): Promise<boolean> {
    const key = this.prefix + nodeKey(node);
    return (await this.connection.ask((commands) => commands.get(key))) !== null;
  }

  private async run(script: Script, prefix: string, given: (string | Buffer)[]): Promise<unknown> {
    const call = { keys: [prefix], arguments: given };
    try {
      return await this.connection.ask((commands) => commands.evalSha(script.sha, call));
    } catch (error) {
      // A server that has just started knows none.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.connection.ask((commands) => commands.eval(script.text, call));
    }
  }
}

type TakenReply = readonly [
  fields: readonly Uint8Array[],
  results: readonly (readonly [id: Uint8Array, fields: readonly Uint8Array[]])[],
];

const OWN_FIELDS = { epoch: 'epoch', last: 'last', updates: 'updates' } as const;

function storedSession([flat, entries]: TakenReply): StoredSession {
  const fields = new Map<string, Uint8Array>();
  const own = { epoch: 0, last: 0, updates: 0 };
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = textOf(flat[index]!);
    const value = flat[index + 1]!;
    if (name.startsWith(':')) fields.set(name.slice(1), value);
    else if (name in OWN_FIELDS) own[name as keyof typeof own] = Number(textOf(value));
  }
  const results = entries.map(([id, [, packets]]) => ({
    last: Number(textOf(id).split('-')[1]),
    packets: packets ?? new Uint8Array(0),
  }));
  return { ...own, fields, results };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
