import { encodePacket, type MessageType, PacketDecoder, type Packet } from '../../../src/wire';
import { clientHello, open } from '../../../src/testing';
import type { RevisionName } from '../../../src/wire/message';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import type { BystanderProcess, ServerProcess } from '../support/stage';

/** The session that an attacker opens. */
export const SESSION = 7;

/** What it submits that is not to be answered at once, to a server whose handler is `busy`. */
export const UNENDED = 'not wanted';

/** How it opens that, and the bytes that are answered. */
const OPENING: Readonly<
  Record<RevisionName, { readonly packets: readonly Packet[]; readonly answered: number }>
> = {
  preview3: { packets: [open(SESSION).announced({ holdsOperations: true })], answered: 40 + 56 },
  preview4: { packets: [clientHello(), open(SESSION)], answered: 40 + 80 + 40 + 56 },
};

/** Whether a peer takes what the server says. */
export type Reading = 'reads' | 'does not read';

export interface FloodOptions {
  readonly port: number;
  /** Default preview3. */
  readonly revision?: RevisionName;
  /** See {@link encodeFlood}. */
  readonly chunks: readonly Uint8Array[];
  readonly reading: Reading;
  /** Milliseconds after which the attacker gives up. */
  readonly patienceMs?: number;
  /** The first packet of the flood is on its way. */
  readonly onStart?: () => void;
}

/** What an attacker gets for it. */
export interface FloodEnd {
  /** Milliseconds from the first packet of the flood to the end of the connection; Infinity for none. */
  readonly endedAfterMs: number;
  /** What came until then, where the attacker reads. */
  readonly answers: readonly Packet[];
}

/** Bytes that an attacker writes at once. */
const CHUNK_BYTES = 64 * 1024;
/** What a flood is made of is encoded beforehand; of packets so large that these are few, so few are sent. */
const ENCODED_BYTES = 16 * 1024 * 1024;

/** Milliseconds for which somebody else is watched, and after which nobody waits for the end any more. */
const MEASURED_MS = 2200;
const CLOSED_BY_MS = 1500;

/** Opens a session and sends packets as fast as they are taken, until they are all sent or it is over. */
export async function flood(options: FloodOptions): Promise<FloodEnd> {
  const { port, revision = 'preview3', chunks, reading, patienceMs = CLOSED_BY_MS, onStart } = options;
  const { packets, answered } = OPENING[revision];
  const raw = await RawSocket.connect(port);
  const { socket } = raw;
  let endedAt = Infinity;
  const noteEnd = (): void => {
    endedAt = Math.min(endedAt, performance.now());
  };
  socket.on('end', noteEnd).on('close', noteEnd).on('error', noteEnd);
  raw.write(Buffer.concat(packets.map((packet) => encodePacket(packet))));
  await until(() => raw.receivedLength >= answered, 'the session');
  if (reading === 'does not read') raw.pause();
  const start = performance.now();
  onStart?.();
  const isOver = (): boolean => endedAt < Infinity || performance.now() - start > patienceMs;
  for (const chunk of chunks) {
    if (isOver()) break;
    if (!socket.write(chunk))
      await until(() => !socket.writableNeedDrain || isOver(), 'the server', 2 * patienceMs);
    // What comes is read in between.
    await new Promise(setImmediate);
  }
  await until(isOver, 'the end of the flood', 2 * patienceMs);
  const answers = new PacketDecoder().push(raw.received);
  raw.destroy();
  return { endedAfterMs: endedAt - start, answers };
}

/** The packets of the numbers from 0 to `count`, in chunks to be written at once. */
export function encodeFlood(count: number, packetOf: (index: number) => Packet): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let index = 0, bytes = 0; index < count && bytes < ENCODED_BYTES; index++) {
    const encoded = encodePacket(packetOf(index));
    parts.push(encoded);
    bytes += encoded.length;
  }
  const once = Buffer.concat(parts);
  return Array.from({ length: Math.ceil(once.length / CHUNK_BYTES) }, (_, index) =>
    once.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
}

/** How many of some packets are of a type. */
export function countOf(packets: readonly Packet[], type: MessageType): number {
  return packets.filter(({ header }) => header.messageType === type).length;
}

export interface Harm {
  /** Milliseconds until the server held no connection of the attacker any more; Infinity for never. */
  readonly closedAfterMs: number;
  /** Bytes by which the server's process grew at most. */
  readonly growth: number;
  /** Milliseconds that 99 of 100 operations of somebody else took at most. */
  readonly p99: number;
  /** Operations of somebody else that failed. */
  readonly failed: number;
}

/** Floods a server, and says what it cost the server and somebody else who uses it meanwhile. */
export async function harmOf(
  server: ServerProcess,
  bystander: BystanderProcess,
  options: Omit<FloodOptions, 'port'>,
): Promise<Harm> {
  const { rss } = await server.ask('memory');
  await server.ask('watch');
  const measuring = bystander.ask('measure', { ms: MEASURED_MS });
  await untilConnected(server, 1);
  let startedAt = Infinity;
  const onStart = (): void => {
    startedAt = performance.now();
  };
  const flooding = flood({ ...options, port: server.ready.port, onStart });
  const closedAfterMs = (await closedAt(server, flooding)) - startedAt;
  const [{ p99, failed }] = await Promise.all([measuring, flooding]);
  const { peakRss } = await server.ask('watched');
  return { closedAfterMs, growth: peakRss - rss, p99, failed };
}

/** Asks the server when the attacker's connection is gone there: one that does not read cannot tell. */
async function closedAt(server: ServerProcess, flooding: Promise<FloodEnd>): Promise<number> {
  const watched = { isOver: false };
  void flooding.finally(() => (watched.isOver = true));
  await untilConnected(server, 2);
  // The flood gives up before the bystander leaves, too.
  while (!watched.isOver) {
    if ((await server.ask('usage')).connections < 2) return performance.now();
    await pause(5);
  }
  return Infinity;
}

async function untilConnected(server: ServerProcess, count: number): Promise<void> {
  const patience = performance.now() + 2000;
  while ((await server.ask('usage')).connections < count && performance.now() < patience) await pause(2);
}
