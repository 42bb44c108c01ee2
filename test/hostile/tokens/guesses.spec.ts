import { connect as dial } from 'node:net';
import { inspect } from 'node:util';
import { tcp } from '../../../src';
import { Random } from '../../simulation/random';
import { hashToken } from '../../../src/server/opening/resume-token';
import { open } from '../../../src/testing';
import {
  encodePacket,
  MessageType,
  PacketDecoder,
  SessionOpenAckMetadata,
  SessionStatus,
  type Packet,
} from '../../../src/wire';
import { figure } from '../support/figure';
import { HANGS_MS, scaled } from '../support/scale';
import { Victims } from './victims';

const GUESSES = scaled(100_000, 4_000);
/** As many as the server answers on a connection. */
const A_CONNECTION = 5;
/** Connections from one address, and connections at once. */
const AN_ADDRESS = 3;
const AT_ONCE = 50;

/** What an attacker tries: the token of a guess, for a session. */
type Guess = (random: Random, victims: Victims, sessionId: number) => Uint8Array;

const GUESS_KINDS: Readonly<Record<string, Guess>> = {
  random: (random) => random.bytes(24),
  'of another session': (random, { tokens }, sessionId) =>
    tokens.get(random.pick([...tokens.keys()].filter((id) => id !== sessionId)))!,
  'of old': (random, { oldTokens }) => random.pick(oldTokens),
  'a bit off': (random, { tokens }, sessionId) => {
    const token = tokens.get(sessionId)!.slice();
    token[random.int(0, 23)]! ^= 1 << random.int(0, 7);
    return token;
  },
  'cut short': (random, { tokens }, sessionId) => tokens.get(sessionId)!.slice(0, random.int(1, 23)),
  'too long': (random, { tokens }, sessionId) =>
    new Uint8Array([...tokens.get(sessionId)!, random.int(0, 255)]),
  'of what the server keeps of it': (_, { tokens }, sessionId) => hashToken(tokens.get(sessionId)!),
};

/** 127.x.y.z: whoever counts by address sees somebody else. */
function address(number: number): string {
  return `127.${1 + Math.floor(number / 62_500)}.${Math.floor(number / 250) % 250}.${1 + (number % 250)}`;
}

/** Sends opens over a connection from an address, and resolves with what was answered. */
function ask(port: number, localAddress: string, opens: readonly Packet[]): Promise<Packet[]> {
  return new Promise((resolve, reject) => {
    const decoder = new PacketDecoder();
    const answers: Packet[] = [];
    const socket = dial({ port, host: '127.0.0.1', localAddress });
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      answers.push(...decoder.push(chunk));
      if (answers.length >= opens.length) socket.end();
    });
    socket.on('close', () => {
      resolve(answers);
    });
    for (const each of opens) socket.write(encodePacket(each));
  });
}

describe('guessing resume tokens', () => {
  it(
    'from many addresses gets nobody in, and leaves no token anywhere',
    async () => {
      const random = new Random(77);
      const victims = new Victims(tcp({ port: 0, backlog: 4096 }));
      const [bound] = await victims.server.listening();
      const { port } = bound!;
      const ids = Array.from({ length: 50 }, (_, index) => index + 1);
      await victims.leave(tcp({ port }), ids);
      const kinds = Object.values(GUESS_KINDS);
      let accepted = 0;
      let answered = 0;
      const answers = new Set<string>();
      const guess = (): Packet => {
        const sessionId = random.pick(ids);
        return open(sessionId).resuming(random.pick(kinds)(random, victims, sessionId));
      };
      const connections = Math.ceil(GUESSES / A_CONNECTION);
      for (let first = 0; first < connections; first += AT_ONCE) {
        const batch = Array.from({ length: Math.min(AT_ONCE, connections - first) }, (_, index) => {
          const from = address(Math.floor((first + index) / AN_ADDRESS));
          return ask(port, from, Array.from({ length: A_CONNECTION }, guess));
        });
        for (const { header, metadata, body } of (await Promise.all(batch)).flat()) {
          if (header.messageType !== MessageType.SessionOpenAck) continue;
          answered += 1;
          if (SessionOpenAckMetadata.decode(metadata).sessionStatus !== SessionStatus.Rejected) accepted += 1;
          answers.add(Buffer.concat([metadata, body]).toString('hex'));
        }
      }
      figure({ name: 'guesses that were judged', value: answered, unit: 'guesses', atLeast: GUESSES });
      figure({ name: 'guesses that were right', value: accepted, unit: 'guesses', atMost: 0 });
      figure({ name: 'answers that they got', value: answers.size, unit: 'answer', atLeast: 1, atMost: 1 });
      // What is told of guesses: tokens of this server that were good once, one too many on a connection.
      const old = victims.oldTokens[0]!;
      await ask(
        port,
        address(60_000),
        Array.from({ length: 6 }, () => open(ids[0]).resuming(old)),
      );
      // The sessions are still there, for who has their token.
      expect(victims.server.sessionCount).toBe(ids.length);
      expectNoTokenIn(victims);
      const [[id, token]] = [...victims.tokens] as [[number, Uint8Array]];
      const [right] = await ask(port, '127.0.0.1', [open(id).resuming(token)]);
      expect(SessionOpenAckMetadata.decode(right!.metadata).sessionStatus).toBe(SessionStatus.Resumed);
      await victims.server.close({ graceMs: 0 });
    },
    HANGS_MS,
  );
});

/** Nothing that the server says has the bytes of a token, in any spelling. */
function expectNoTokenIn({ told, tokens, oldTokens }: Victims): void {
  const spelled = (value: unknown): string =>
    inspect(value, {
      depth: Infinity,
      maxArrayLength: Infinity,
      maxStringLength: Infinity,
      breakLength: Infinity,
    });
  const everything = told.map(spelled).join('\n').toLowerCase();
  let found = 0;
  for (const token of [...tokens.values(), ...oldTokens]) {
    const raw = Buffer.from(token);
    const spellings = [
      raw.toString('hex'),
      raw.toString('hex').replace(/(..)(?!$)/g, '$1 '),
      raw.toString('base64').toLowerCase(),
      [...raw].join(', '),
      [...raw].join(','),
    ];
    if (spellings.some((each) => everything.includes(each))) found += 1;
  }
  // Or nothing would have been looked at.
  expect(told.length).toBeGreaterThan(0);
  figure({
    name: 'raw tokens in what the server tells',
    value: found,
    unit: 'tokens',
    atMost: 0,
  });
}
