import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createServer, tcp, type Server, type Violation } from '../../../src';
import {
  CommonHeader,
  header,
  MessageType,
  messageTypeName,
  type NnrpError,
  PacketDecoder,
  type NnrpFault,
} from '../../../src/wire';
import { RawSocket } from '../../support/raw-socket';
import { until } from '../../support/until';
import { figure } from '../support/figure';
import { allocatedBy } from './allocation';
import { lengthMatrix, refusalOf, type Lengths } from './lengths';

const KIB = 1024;
const matrix = lengthMatrix();
const types = Object.values(MessageType).map((type) => ({ type, name: messageTypeName(type) }));

/** Whatever is left of what `collect` can free; the flag is set for this alone. */
function heldAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function headerBytes(messageType: MessageType, lengths: Lengths): Uint8Array {
  return CommonHeader.encode(header({ messageType, frameId: 1, ...lengths }));
}

describe('declared lengths are judged at the header', () => {
  describe('by PacketDecoder', () => {
    it('refuses exactly what the rules refuse, of every message type, and allocates next to nothing', () => {
      let cases = 0;
      let most = 0;
      for (const { type } of types) {
        for (const lengths of matrix) {
          const bytes = headerBytes(type, lengths);
          const refusal = refusalOf(lengths);
          const isWhole = lengths.metaLen + lengths.bodyLen === 0;
          const judge = (): void => {
            const decoder = new PacketDecoder();
            const packets = decoder.push(bytes);
            expect(decoder.fault?.fault).toEqual(refusal);
            expect(packets.map((packet) => packet.header.messageType)).toEqual(isWhole ? [type] : []);
            expect(decoder.isInsidePacket).toBe(refusal === undefined && !isWhole);
          };
          judge();
          let decoder = new PacketDecoder();
          most = Math.max(
            most,
            allocatedBy(() => {
              decoder = new PacketDecoder();
              decoder.push(bytes);
            }),
          );
          // Nor for the first bytes of what was announced.
          if (decoder.isInsidePacket)
            most = Math.max(
              most,
              allocatedBy(() => decoder.push(new Uint8Array(1))),
            );
          cases += 1;
        }
      }
      figure({ name: 'lengths judged by the decoder', value: cases, unit: 'headers', atLeast: 25 * 49 });
      figure({ name: 'allocated for a declared length', value: most / KIB, unit: 'KiB', atMost: 64 });
    });

    it('judges the lengths of a type that is none like those of any other', () => {
      const known = new Set<number>(Object.values(MessageType));
      const unknown = Array.from({ length: 256 }, (_, type) => type).filter((type) => !known.has(type));
      for (const type of unknown) {
        for (const lengths of matrix) {
          const bytes = headerBytes(MessageType.Ping, lengths);
          bytes[6] = type;
          const decoder = new PacketDecoder();
          const isWhole = lengths.metaLen + lengths.bodyLen === 0;
          expect(decoder.push(bytes).map(({ header }) => header.messageType)).toEqual(isWhole ? [type] : []);
          expect(decoder.fault?.fault).toEqual(refusalOf(lengths));
        }
      }
    });
  });

  describe('by a server', () => {
    let server: Server;
    let violations: Violation[];
    let port: number;

    beforeEach(async () => {
      violations = [];
      server = createServer({ listen: tcp({ port: 0 }) });
      server.violations$.subscribe((violation) => violations.push(violation));
      const [address] = await server.listening();
      port = address!.port;
    });

    afterEach(async () => {
      await server.close({ graceMs: 0 });
    });

    /** Declares every pair of lengths on a connection of its own; what each was refused with. */
    async function declare(messageType: MessageType): Promise<Map<Lengths, NnrpFault | undefined>> {
      const told = new Map<Lengths, NnrpFault | undefined>();
      const sockets = await Promise.all(matrix.map(() => RawSocket.connect(port)));
      try {
        const refused = matrix.filter((lengths) => refusalOf(lengths) !== undefined);
        const byPeer = new Map(
          matrix.map((lengths, index) => [`127.0.0.1:${sockets[index]!.socket.localPort}`, lengths]),
        );
        matrix.forEach((lengths, index) => sockets[index]!.write(headerBytes(messageType, lengths)));
        const ofFrames = (): Violation[] => violations.filter(({ header: of }) => of === undefined);
        await until(() => ofFrames().length >= refused.length, 'the refusals');
        for (const lengths of refused) await sockets[matrix.indexOf(lengths)]!.ended();
        for (const { peer, error } of ofFrames()) {
          expect(error).toMatchObject({ kind: 'protocol', reach: 'connection', origin: 'peer' });
          told.set(byPeer.get(peer)!, (error.cause as NnrpError).fault);
        }
      } finally {
        for (const socket of sockets) socket.destroy();
        await until(() => server.connectionCount === 0, 'the end of the connections');
        violations.length = 0;
      }
      return told;
    }

    it('refuses exactly what the rules refuse, of every message type', async () => {
      const expected = new Map(
        matrix.flatMap((lengths) => {
          const refusal = refusalOf(lengths);
          return refusal === undefined ? [] : [[lengths, refusal] as const];
        }),
      );
      let cases = 0;
      for (const { type } of types) {
        expect(await declare(type)).toEqual(expected);
        cases += matrix.length;
      }
      figure({ name: 'lengths judged by a server', value: cases, unit: 'headers', atLeast: 25 * 49 });
    });

    it('holds next to nothing for the bodies that it waits for', async () => {
      const COUNT = 200;
      const before = heldAfterCollection();
      const sockets = await Promise.all(Array.from({ length: COUNT }, () => RawSocket.connect(port)));
      const ping = headerBytes(MessageType.Ping, { metaLen: 0, bodyLen: 0 });
      const announced = headerBytes(MessageType.FrameSubmit, { metaLen: 72, bodyLen: 4 * 1024 * KIB });
      for (const socket of sockets) socket.write(Buffer.concat([ping, announced, new Uint8Array(72)]));
      // Who answers the PING has read what came in the same write.
      await Promise.all(sockets.map((socket) => socket.receives(ping.length)));
      const held = (heldAfterCollection() - before) / COUNT;
      for (const socket of sockets) socket.destroy();
      expect(violations).toEqual([]);
      figure({
        name: 'held for a body of 4 MiB that never comes',
        value: held / KIB,
        unit: 'KiB',
        atMost: 64,
      });
    });
  });
});
