import { createHash } from 'node:crypto';
import type { LogEnd, LogOwner, LogUpdate, LogVerdict, SessionLog, StoredSession } from '../session-log';
import { APPEND, TAKE_OVER } from './log-scripts';
import { packUpdates } from './pack-updates';

/** The commands that the log asks of a client. What it answers is bytes. */
export interface LogClient {
  eval(script: string, options: ScriptCall): Promise<unknown>;
  evalSha(sha: string, options: ScriptCall): Promise<unknown>;
  hmGet(key: string, fields: string[]): Promise<(Uint8Array | null)[]>;
}

interface ScriptCall {
  readonly keys: string[];
  readonly arguments: (string | Buffer)[];
}

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
    private readonly client: LogClient,
    private readonly prefix: string,
  ) {}

  async append(updates: readonly (LogUpdate | LogEnd)[]): Promise<readonly LogVerdict[]> {
    if (updates.length === 0) return [];
    const verdicts = (await this.run(APPEND_SCRIPT, [packUpdates(updates)])) as number[];
    return verdicts.map((verdict) => VERDICTS.get(verdict) ?? { kind: 'at', last: verdict });
  }

  async find(sessionId: number): Promise<(LogOwner & { readonly tokens: Uint8Array }) | undefined> {
    const held = await this.client.hmGet(`${this.prefix}session:${sessionId}`, ['node', 'epoch', 'tokens']);
    const [node, epoch, tokens] = held;
    if (!node || !epoch || !tokens) return undefined;
    return { node: textOf(node), epoch: Number(textOf(epoch)), tokens };
  }

  async takeOver(
    sessionId: number,
    from: LogOwner,
    to: { readonly node: string; readonly tokens: Uint8Array },
  ): Promise<StoredSession | undefined> {
    const told = [String(sessionId), from.node, String(from.epoch), to.node, Buffer.from(to.tokens)];
    const taken = (await this.run(TAKE_OVER_SCRIPT, told)) as TakenReply | null;
    return taken === null ? undefined : storedSession(taken);
  }

  private async run(script: Script, given: (string | Buffer)[]): Promise<unknown> {
    const call = { keys: [this.prefix], arguments: given };
    try {
      return await this.client.evalSha(script.sha, call);
    } catch (error) {
      // A server that has just started knows none.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.client.eval(script.text, call);
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
