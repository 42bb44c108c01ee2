import { Subject } from 'rxjs';
import type { Capabilities } from '../../../src/protocol/capability/capabilities';
import { marked } from '../../../src/protocol/revision/mark';
import type { ServerOptions } from '../../../src/server/options';
import type { Submit } from '../../../src/server/session/session-message';
import { clientHello, error, inPreview4, open, serverHelloAck } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { CapabilityFlag, CapabilityMetadata, CostModel } from '../../../src/wire/preview4/capability';
import {
  CAPABILITY_TOKENS,
  decodeCapabilityTokens,
  encodeCapabilityTokens,
} from '../../../src/wire/preview4/capability-tokens';
import { accept, greeted } from '../../client/support';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { until } from '../../support/until';
import { heardUntilPong } from './heard';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const { HardRequirement, DowngradeAllowed } = CapabilityFlag;
const ROUTE = 'control.route_execution_hint';
const DELTA = 'object.delta';

type CapabilityType = typeof MessageType.CapabilityNegotiation | typeof MessageType.DegradeProfile;

function saying(type: CapabilityType, tokens: readonly string[], fields: object = {}, frameId = 0): Packet {
  const body = encodeCapabilityTokens(tokens);
  return inPreview4(type, { ...SESSION, frameId }, { capabilityCount: tokens.length, ...fields }, body);
}

const offer = saying.bind(undefined, MessageType.CapabilityNegotiation);

/** A client of the reference, in session 42. */
async function reference(served: Served): Promise<Peer> {
  const peer = await Peer.connect(served.listen);
  peer.send(clientHello(), open(42));
  await peer.next();
  await peer.next();
  return peer;
}

/** What a packet of capabilities says. */
function read({ metadata, body }: Packet): CapabilityMetadata & { tokens: string[] } {
  const decoded = CapabilityMetadata.decode(metadata);
  return { ...decoded, tokens: decodeCapabilityTokens(body, decoded.capabilityCount, ['acme.vision']) };
}

/** What comes until a PING is answered, all of it packets. */
async function heard(peer: Peer, ...sent: readonly Packet[]): Promise<Packet[]> {
  const came = await heardUntilPong(peer, SESSION.sessionId, sent);
  return came.filter((each) => each !== 'end');
}

describe('an offer of capabilities', () => {
  it('is answered with what both can do, and as it was made', async () => {
    const served = new Served({ capabilities: [DELTA, 'acme.vision'] });
    const peer = await reference(served);
    const fields = { profileId: 2, costModelId: CostModel.TokenUnits, preferenceRank: 3, limitUnits: 900n };
    const [answer, ...more] = await heard(
      peer,
      offer([ROUTE, DELTA, 'acme.vision'], { ...fields, flags: DowngradeAllowed }),
    );
    expect(answer!.header).toMatchObject({ messageType: MessageType.CapabilityNegotiation, ...SESSION });
    expect(read(answer!)).toMatchObject({
      ...fields,
      flags: DowngradeAllowed,
      tokens: ['acme.vision', DELTA],
    });
    expect([more, served.violations]).toEqual([[], []]);
  });

  it.each([
    ['the largest that is a number', 2n ** 53n - 1n, 2n ** 53n - 1n],
    ['one beyond the numbers: none', 2n ** 53n, 0n],
    ['the largest: none', 2n ** 64n - 1n, 0n],
  ])('keeps a limit, %s', async (_, said, answered) => {
    const served = new Served();
    const [answer, ...more] = await heard(
      await reference(served),
      offer([DELTA], { limitBytes: said, limitUnits: said }),
    );
    expect(read(answer!)).toMatchObject({ limitBytes: answered, limitUnits: answered, tokens: [DELTA] });
    expect([more, served.violations, served.failures]).toEqual([[], [], []]);
  });

  it.each([
    ['some of which', HardRequirement, []],
    ['some of which, and a part is of use', 0, [DELTA]],
  ])('%s the server cannot do gets %p', async (_, flags, tokens) => {
    const served = new Served({ capabilities: [DELTA] });
    const [answer] = await heard(await reference(served), offer([ROUTE, DELTA], { flags }));
    expect(read(answer!).tokens).toEqual(tokens);
  });

  it('is of all that the protocol registers, where nothing is said', async () => {
    const served = new Served();
    const [answer] = await heard(await reference(served), offer(CAPABILITY_TOKENS));
    expect(read(answer!).tokens).toEqual(CAPABILITY_TOKENS);
  });

  it.each([
    ['an unknown token', offer(['acme.unknown'])],
    ['another count', offer([DELTA], { capabilityCount: 2 })],
    ['another length', offer([DELTA], { bodyBytes: 1 })],
    ['more than 4,096 bytes', offer(Array.from({ length: 500 }, (_, index) => `acme.token${index}`))],
  ])('with %s is a fault of that packet', async (_, broken) => {
    const served = new Served();
    const came = await heard(await reference(served), broken, offer([DELTA]));
    expect(came.map(({ header }) => header.messageType)).toEqual([
      MessageType.Error,
      MessageType.CapabilityNegotiation,
    ]);
    expect(served.violations).toHaveLength(1);
  });

  it('with a token that the server has not is refused as often as any other refusal', async () => {
    const served = new Served({ limits: { violations: { burst: 0, perSecond: 0 } } });
    const unknown = Array.from({ length: 30 }, () => offer(['acme.unknown']));
    const came = await heard(await reference(served), ...unknown, offer([DELTA]));
    expect(came.map(({ header }) => header.messageType)).toEqual([
      ...unknown.map(() => MessageType.Error),
      MessageType.CapabilityNegotiation,
    ]);
    expect(served.violations).toHaveLength(30);
    expect(served.limits).toEqual([]);
    const others = new Served({ limits: { refusals: { burst: 2, perSecond: 0 } } });
    await heardUntilPong(await reference(others), SESSION.sessionId, unknown.slice(0, 3));
    expect(others.limits).toMatchObject([{ limit: 'refusals', consequence: 'connection-closed' }]);
  });

  it('is made by a client, whose server can read what was agreed on', async () => {
    const served = new Served({ capabilities: [DELTA, 'acme.vision'] });
    const { client, server } = await served.session({}, { revision: 'preview4' });
    expect(server.capabilities).toBeUndefined();
    const agreed = await client.negotiate({
      tokens: [ROUTE, 'acme.vision', DELTA],
      limitBytes: 5000,
      mayDegrade: false,
    });
    const expected = {
      tokens: ['acme.vision', DELTA],
      profileId: 0,
      costModelId: 0,
      preferenceRank: 0,
      limitBytes: 5000,
      limitUnits: Infinity,
      isRequired: false,
      mayDegrade: false,
    };
    expect(agreed).toEqual(expected);
    expect(server.capabilities).toEqual(expected);
    await expect(client.negotiate({ tokens: ['acme.sound'] })).rejects.toThrow(/acme\.sound/);
    expect(server.capabilities).toEqual(expected);
  });

  it('is none that a client of preview3 can make', async () => {
    const served = new Served();
    const { client } = await served.session({}, { revision: 'preview3' });
    await expect(client.negotiate({ tokens: [DELTA] })).rejects.toThrow(
      /speaks preview3, which has no capabilities/,
    );
    expect(served.violations).toEqual([]);
  });

  it.each<[Capabilities, RegExp]>([
    [{ tokens: ['Not A Token'] }, /tokens must be a list, each item of a-z/],
    [{ tokens: [DELTA, DELTA] }, /none twice/],
    [{ tokens: Array.from({ length: 33 }, (_, index) => `acme.${'x'.repeat(119)}${index}`) }, /4096 bytes/],
    [{ limitUnits: -1 }, /limitUnits must be/],
  ])('is not %p', async (odd, message) => {
    const { client } = await new Served().session({}, { revision: 'preview4' });
    await expect(client.negotiate(odd)).rejects.toThrow(message);
  });
});

describe('a client that is offered capabilities', () => {
  async function client(ack: Packet = serverHelloAck()) {
    const { peer, client: greeting } = await greeted(ack, 'preview4');
    const opening = greeting.openSession();
    await peer.next();
    peer.send(accept(42));
    const session = await opening;
    const violations = told(greeting.violations$);
    const end = async (): Promise<void> => {
      await peer.close();
      await greeting.close();
    };
    return { peer, session, violations, end };
  }

  it('answers with what it can do', async () => {
    const { peer, violations, end } = await client();
    peer.send(offer([DELTA, ROUTE]));
    expect(read((await peer.next())!).tokens).toEqual([ROUTE, DELTA]);
    expect(violations).toEqual([]);
    await end();
  });

  it('is answered by a server of this project, and offered nothing: what nobody has asked for is a fault', async () => {
    const { peer, violations, end } = await client(marked(serverHelloAck(), 'preview4'));
    expect(await heard(peer, offer([DELTA]))).toEqual([]);
    expect(violations).toMatchObject([
      { message: 'client received CAPABILITY_NEGOTIATION that it did not ask for' },
    ]);
    await end();
  });

  it('makes no offer of an answer whose request an ERROR has ended', async () => {
    const { peer, session, violations, end } = await client(marked(serverHelloAck(), 'preview4'));
    const asked = session.negotiate({ tokens: [DELTA] });
    await peer.next();
    peer.send(error(SESSION, 7));
    await expect(asked).rejects.toThrow();
    expect(await heard(peer, offer([DELTA]))).toEqual([]);
    expect(violations).toHaveLength(1);
    await end();
  });

  it.each([
    ['an operation that was never submitted', saying(MessageType.DegradeProfile, [], {}, 9)],
    ['another token than was agreed on', saying(MessageType.DegradeProfile, ['acme.sound'])],
  ])('hears no degraded profile of %s', async (_, degraded) => {
    const { peer, session, violations, end } = await client();
    const asked = session.negotiate({ tokens: ['acme.vision'] });
    await peer.next();
    peer.send(offer(['acme.vision']));
    await asked;
    expect(await heard(peer, saying(MessageType.DegradeProfile, ['acme.vision']))).toEqual([]);
    expect(violations).toEqual([]);
    expect(await heard(peer, degraded)).toEqual([]);
    expect(violations).toHaveLength(1);
    await end();
  });

  it('takes no answer that it has not offered', async () => {
    const { peer, session, end } = await client();
    const asked = session.negotiate({ tokens: [DELTA] });
    await peer.next();
    peer.send(offer([ROUTE]));
    await expect(asked).rejects.toThrow('must have been offered');
    await end();
  });
});

describe('an answer that goes on with less', () => {
  /** A server whose handlers are done when a test says so, and what they have. */
  function serve(options: Partial<ServerOptions> = {}): {
    served: Served;
    submits: Submit[];
    answer: Subject<string>;
  } {
    const served = new Served({ maxInFlightOperations: 8, ...options });
    const submits: Submit[] = [];
    const answer = new Subject<string>();
    served.server.sessions$.subscribe((session) =>
      session.respond((submit) => {
        submits.push(submit);
        return answer;
      }),
    );
    return { served, submits, answer };
  }

  it('is told of by its handler, and no other', async () => {
    const { served, submits, answer } = serve();
    const session = await served.open({ maxInFlightOperations: 2 }, { revision: 'preview4' });
    const asked = [session.submit({ body: 'one' }), session.submit({ body: 'another' })];
    const degraded = asked.map(({ degraded$ }) => told(degraded$));
    const ends = asked.map((each) => told(each));
    await until(() => submits.length === 2, 'the handlers');
    submits[0]!.degrade({ profileId: 1, tokens: [DELTA], limitUnits: 200 });
    answer.complete();
    await until(() => ends.every((end) => end.includes('|')), 'the ends');
    submits[0]!.degrade({});
    await settled();
    expect(degraded).toEqual([
      [
        {
          profileId: 1,
          tokens: [DELTA],
          costModelId: 0,
          preferenceRank: 0,
          limitBytes: Infinity,
          limitUnits: 200,
          isRequired: false,
          mayDegrade: true,
        },
      ],
      [],
    ]);
    expect([served.violations, served.failures]).toEqual([[], []]);
  });

  it('is said in tokens of the application’s own where both ends have agreed on them', async () => {
    const { served, submits, answer } = serve({ capabilities: ['acme.fast', 'acme.small'] });
    const session = await served.open({}, { revision: 'preview4' });
    const asked = session.submit({ body: 'ask' });
    const degraded = told(asked.degraded$);
    const end = told(asked);
    await until(() => submits.length === 1, 'the handler');
    const fast = (): void => submits[0]!.degrade({ tokens: [DELTA, 'acme.fast'] });
    expect(fast).toThrow(RangeError);
    expect(fast).toThrow(/agreed on with the client .*got "acme.fast"/);
    await session.negotiate({ tokens: ['acme.fast'] });
    fast();
    expect(() => submits[0]!.degrade({ tokens: ['acme.small'] })).toThrow(RangeError);
    answer.complete();
    await until(() => end.includes('|'), 'the end');
    expect(degraded).toMatchObject([{ tokens: ['acme.fast', DELTA] }]);
    expect([served.violations, served.failures]).toEqual([[], []]);
  });

  it.each([
    ['preview3' as const, {}],
    ['preview4' as const, { mayDegrade: false }],
  ])('is told to nobody where that is not to be: in %s, %p', async (revision, agreed) => {
    const { served, submits, answer } = serve();
    const session = await served.open({}, { revision });
    if (revision === 'preview4') await session.negotiate(agreed);
    const asked = session.submit({ body: 'ask' });
    const degraded = told(asked.degraded$);
    const end = told(asked);
    await until(() => submits.length === 1, 'the handler');
    submits[0]!.degrade({});
    answer.complete();
    await until(() => end.includes('|'), 'the end');
    expect(degraded).toEqual([]);
    expect(served.violations).toEqual([]);
  });

  it('is what its client makes do with', async () => {
    const { served, submits } = serve();
    const session = await served.open({}, { revision: 'preview4' });
    session.submit({ body: 'ask', degraded: { limitUnits: 5 } }).subscribe({ error: () => undefined });
    await until(() => submits.length === 1, 'the handler');
    expect(submits[0]!.degraded).toMatchObject({ limitUnits: 5, tokens: [] });
  });

  it('is read of what a client of the reference says, with frame 0 of all that comes', async () => {
    const { served, submits } = serve();
    const peer = await reference(served);
    const degrade = (frameId: number, limitUnits: bigint) =>
      saying(MessageType.DegradeProfile, [], { limitUnits }, frameId);
    const submit4 = (frameId: number) =>
      inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId: 100n + BigInt(frameId) });
    await heard(peer, degrade(0, 7n), submit4(1), degrade(2, 8n), submit4(2));
    expect(submits.map(({ degraded }) => degraded?.limitUnits)).toEqual([7, 8]);
  });
});
