import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { preview4 } from '../../../src/wire/preview4';
import { CapabilityMetadata } from '../../../src/wire/preview4/capability';
import { decodeCapabilityTokens } from '../../../src/wire/preview4/capability-tokens';
import { fromHex } from '../../support/hex';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import semantics from '../../vectors/preview4/semantics.json';
import tokens from '../../vectors/preview4/capability-tokens.json';
import { heardUntilPong } from './heard';

afterEach(endServed);

interface Vector {
  readonly error?: string;
  readonly detail?: string;
}

interface TokenVector extends Vector {
  readonly count: number;
  readonly hex: string;
  readonly tokens?: readonly string[];
}

interface RuleVector extends Vector {
  readonly messageType: keyof typeof MessageType;
  readonly record: string;
  readonly hex: string;
}

const SESSION = { sessionId: 42 };

/** What a server answers a client of the reference with, the message itself and then a PING: nothing else ends. */
async function answersTo(said: Packet): Promise<readonly Packet[]> {
  const served = new Served();
  const peer = await Peer.connect(served.listen);
  peer.send(clientHello(), open(42));
  await peer.next();
  await peer.next();
  const came = await heardUntilPong(peer, SESSION.sessionId, [said]);
  return came.map((each) => {
    if (each === 'end') throw new Error('the connection has ended');
    return each;
  });
}

function textOf({ body }: Packet): string {
  return new TextDecoder().decode(body);
}

describe('the reference’s lists of capabilities, offered to a server', () => {
  it.each(tokens.cases as readonly TokenVector[])('$count in $hex: $error', async (vector) => {
    const fields = { capabilityCount: vector.count };
    const [answer, ...more] = await answersTo(
      inPreview4(MessageType.CapabilityNegotiation, SESSION, fields, fromHex(vector.hex)),
    );
    expect(more).toEqual([]);
    if (vector.tokens === undefined) {
      expect(answer?.header.messageType).toBe(MessageType.Error);
      return;
    }
    const { capabilityCount } = CapabilityMetadata.decode(answer!.metadata);
    expect(decodeCapabilityTokens(answer!.body, capabilityCount)).toEqual(vector.tokens);
  });
});

/** Those of messages that are said of a session or an operation, with the record that they have. */
const rules = (semantics.cases as readonly RuleVector[]).filter(({ messageType, record, error }) => {
  const row = preview4.messages[MessageType[messageType]];
  const isTaken = row?.rate === 'control' || row?.rate === 'cancel';
  return error !== undefined && isTaken && row.record?.name === record;
});

describe('what the reference does not take of a message, said to a server', () => {
  it('is tried with what servers hear', () => {
    expect(new Set(rules.map(({ messageType }) => messageType))).toEqual(
      new Set([
        'Cancel',
        'Abort',
        'Deadline',
        'ExpireAt',
        'Backpressure',
        'TraceContext',
        'Progress',
        'PartialResult',
        'ResultDropReason',
      ]),
    );
  });

  it.each(rules)('$messageType $hex is refused: $detail', async ({ messageType, hex, detail }) => {
    const [, said] = /(?:rule|enum_name): "([^"]+)"/.exec(detail!)!;
    const metadata = fromHex(hex);
    const [answer, ...more] = await answersTo(
      packet({ messageType: MessageType[messageType], ...SESSION, frameId: 1 }, metadata),
    );
    expect(more).toEqual([]);
    expect(answer?.header.messageType).toBe(MessageType.Error);
    expect(textOf(answer!)).toContain(said);
  });
});
