import { NEVER, Subject } from 'rxjs';
import { UNCOUNTED } from '../../../src/protocol/revision/pressure';
import type { Submit } from '../../../src/server/session/session-message';
import { failure } from '../../../src/protocol/operation/failure';
import { clientHello, inPreview4, open, serverHelloAck, submit } from '../../../src/testing';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { PressureFlag, PressureLevel, RetryAfterMetadata } from '../../../src/wire/preview4/control/pressure';
import { RecoverableErrorFlag } from '../../../src/wire/preview4/control/recoverable-error';
import { DropReason } from '../../../src/wire/preview4/results';
import { accept, greeted } from '../../client/support';
import { settled } from '../../support/async';
import { answeredByHand } from '../../support/answered-by-hand';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { until } from '../../support/until';
import { heardUntilPong } from './heard';
import { VirtualTime } from '../../support/virtual-time';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const OPERATION = { flags: PressureFlag.Operation };

/** Names are other than frames, which is the reference's to do. */
function submit4(frameId: number): Packet {
  return inPreview4(
    MessageType.FrameSubmit,
    { ...SESSION, frameId },
    { operationId: 100n + BigInt(frameId) },
  );
}

function hold(frameId: number, pressureLevel: PressureLevel = PressureLevel.Paused): Packet {
  const scope = frameId === 0 ? {} : { scopeId: 100n + BigInt(frameId), ...OPERATION };
  return inPreview4(MessageType.Backpressure, SESSION, { ...scope, pressureLevel });
}

function credit(frameId: number, window = UNCOUNTED): Packet {
  const scope = frameId === 0 ? {} : { scopeId: 100n + BigInt(frameId), ...OPERATION };
  return inPreview4(MessageType.CreditUpdate, SESSION, { ...scope, creditWindow: BigInt(window) });
}

/** A server whose handlers push what a test says, and a client of the reference. */
class Stage {
  private constructor(
    readonly served: Served,
    private readonly peer: Peer,
    readonly submits: readonly Submit[],
    private readonly answers: readonly Subject<string>[],
  ) {}

  static async open(maxInFlightOperations = 8): Promise<Stage> {
    const served = new Served({ maxInFlightOperations });
    const { submits, answers } = answeredByHand(served.server);
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42));
    await peer.next();
    await peer.next();
    return new Stage(served, peer, submits, answers);
  }

  say(index: number, count: number): void {
    for (let left = count; left > 0; left--) this.answers[index]?.next('x');
  }

  end(index: number): void {
    this.answers[index]?.complete();
  }

  /** The frames of parts that have come until a PING is answered, and what else has. */
  async heard(...sent: readonly Packet[]): Promise<unknown[]> {
    const came = await heardUntilPong(this.peer, SESSION.sessionId, sent);
    return came.map((each) => {
      if (each === 'end') return each;
      const { messageType, frameId } = each.header;
      return messageType === MessageType.PartialResult ? frameId : messageTypeName(messageType);
    });
  }
}

describe('a client whose consumer is slow', () => {
  it('holds that answer and no other', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), submit4(2), hold(1));
    const pressures = stage.submits.map(({ pressure$ }) => told(pressure$));
    stage.say(0, 3);
    stage.say(1, 2);
    expect(pressures).toEqual([[true], [false]]);
    expect(await stage.heard()).toEqual([2, 2]);
    stage.end(0);
    expect(await stage.heard()).toEqual([]);
    expect(await stage.heard(credit(1))).toEqual([1, 1, 1, 'RESULT_PUSH']);
    expect(stage.served.failures).toEqual([]);
  });

  it('takes as many results as it says, what has waited first', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), credit(1, 2));
    stage.say(0, 5);
    expect(await stage.heard()).toEqual([1, 1]);
    expect(await stage.heard(credit(1, 1))).toEqual([1]);
    expect(await stage.heard(credit(1, 4))).toEqual([1, 1]);
    stage.say(0, 3);
    expect(await stage.heard()).toEqual([1, 1]);
    expect(await stage.heard(credit(1, 0))).toEqual([]);
    expect(await stage.heard(credit(1))).toEqual([1]);
    stage.say(0, 9);
    expect(await stage.heard()).toHaveLength(9);
  });

  it('takes what has waited one by one, whose bytes are counted down', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), hold(1));
    stage.say(0, 100);
    const held = (): number => stage.served.server.usage.heldBytes;
    const each = held() / 100;
    for (let left = 99; left > 1; left--) {
      expect(await stage.heard(credit(1, 1))).toEqual([1]);
      expect(held()).toBe(left * each);
    }
    stage.say(0, 1);
    stage.end(0);
    expect(await stage.heard(credit(1))).toEqual([1, 1, 1, 'RESULT_PUSH']);
    expect(held()).toBe(0);
  });

  it('is held by what was said last, of what waits to begin too', async () => {
    const stage = await Stage.open(1);
    await stage.heard(submit4(1), submit4(2), hold(2), submit4(3), credit(0, 1), submit4(4), hold(4));
    for (const index of [0, 1, 2, 3]) {
      stage.say(index, 2);
      stage.end(index);
      const isHeld = index === 3;
      expect(await stage.heard()).toEqual(isHeld ? [] : [index + 1]);
      expect(await stage.heard(credit(index + 1))).toEqual([
        ...(isHeld ? [4] : []),
        index + 1,
        'RESULT_PUSH',
      ]);
    }
  });

  it('holds all of its session, what comes later too', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), hold(0), submit4(2));
    stage.say(0, 1);
    stage.say(1, 2);
    expect(await stage.heard()).toEqual([]);
    expect(await stage.heard(credit(2))).toEqual([2, 2]);
    expect(await stage.heard(credit(0, 1), submit4(3))).toEqual([1]);
    stage.say(2, 2);
    expect(await stage.heard()).toEqual([3]);
    expect(await stage.heard(credit(0))).toEqual([3]);
  });

  it('holds nothing by a soft word, nor by one of what is none or over', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), hold(1, PressureLevel.Soft), hold(9), submit4(2));
    stage.end(1);
    expect(await stage.heard(hold(2), credit(2, 1))).toEqual(['RESULT_PUSH']);
    stage.say(0, 1);
    expect(await stage.heard()).toEqual([1]);
  });

  it('may cancel what it holds', async () => {
    const stage = await Stage.open();
    await stage.heard(submit4(1), credit(1, 1));
    stage.say(0, 3);
    const cancel = inPreview4(MessageType.Cancel, { ...SESSION, frameId: 1 }, { operationId: 101n });
    expect(await stage.heard(cancel)).toEqual([1, 'RESULT_DROP_REASON']);
    expect(await stage.heard(credit(1))).toEqual([]);
  });

  it('cannot say so in preview3', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await Peer.connect(served.listen);
    peer.send(open(42), submit(42, 1, 'ask'), hold(1));
    await peer.next();
    expect((await peer.next())?.header.messageType).toBe(MessageType.Error);
  });

  it.each([
    ['preview4' as const, ['BACKPRESSURE', 'CREDIT_UPDATE']],
    ['preview3' as const, ['FLOW_UPDATE', 'FLOW_UPDATE']],
  ])('of this project says so in %s', async (revision, words) => {
    const served = new Served();
    const answer = new Subject<string>();
    let held = false;
    served.server.sessions$.subscribe((session) =>
      session.respond((given) => {
        given.pressure$.subscribe((isHeld) => (held = isHeld));
        return answer;
      }),
    );
    const session = await served.open({ maxBufferedBytes: 1000 }, { revision });
    const sent: string[] = [];
    const [transport] = served.endpoint.transports;
    const send = transport!.send.bind(transport);
    jest.spyOn(transport!, 'send').mockImplementation((said) => {
      sent.push(messageTypeName(said.header.messageType));
      return send(said);
    });
    const texts = session.submit({ body: 'ask' })[Symbol.asyncIterator]();
    const first = texts.next();
    await until(() => answer.observed, 'the handler');
    answer.next('x');
    await first;
    for (let count = 0; count < 20; count += 1) answer.next('x'.repeat(100));
    await until(() => held, 'the hold');
    for (let count = 0; count < 20; count += 1) await texts.next();
    await until(() => !held, 'the release');
    await texts.return?.();
    expect(sent.filter((name) => /FLOW|PRESSURE|CREDIT/.test(name))).toEqual(words);
  });
});

describe('a client that is told when to submit', () => {
  async function client() {
    const time = new VirtualTime();
    const { peer, client: greeting } = await greeted(serverHelloAck(), 'preview4', { scheduler: time });
    const opening = greeting.openSession();
    await peer.next();
    peer.send(accept(42));
    const session = await opening;
    const failures: unknown[] = [];
    const ask = (): void => {
      session.submit({ body: 'ask' }).subscribe({ error: (error: unknown) => failures.push(error) });
    };
    /** Submits that have come. */
    const submitted = async (...said: readonly Packet[]): Promise<number> => {
      peer.send(...said);
      await settled();
      let count = 0;
      while (peer.waiting > 0) {
        const came = await peer.next();
        if (came?.header.messageType === MessageType.FrameSubmit) count += 1;
      }
      return count;
    };
    const end = async (): Promise<void> => {
      await peer.close();
      await greeting.close();
    };
    return { session, time, ask, submitted, failures, end };
  }

  const retry = (retryAfterMs: number, fields: object = {}): Packet =>
    inPreview4(MessageType.RetryAfter, SESSION, { retryAfterMs, ...fields });

  it('keeps to the credit that CREDIT_UPDATE says', async () => {
    const { ask, submitted, session, end } = await client();
    for (let count = 0; count < 4; count += 1) ask();
    expect(await submitted()).toBe(4);
    for (let count = 0; count < 4; count += 1) ask();
    const more = inPreview4(MessageType.CreditUpdate, SESSION, { creditWindow: 3n });
    expect(await submitted(more)).toBe(0);
    expect(told(session.credit$)).toMatchObject([{ granted: 3, inFlight: 4, waiting: 4 }]);
    await end();
  });

  it('submits nothing between BACKPRESSURE and CREDIT_UPDATE', async () => {
    const { ask, submitted, time, end } = await client();
    await submitted(inPreview4(MessageType.Backpressure, SESSION, { pressureLevel: PressureLevel.Hard }));
    ask();
    time.advance(3_600_000);
    expect(await submitted()).toBe(0);
    expect(await submitted(retry(1))).toBe(0);
    time.advance(2);
    expect(await submitted()).toBe(0);
    expect(await submitted(inPreview4(MessageType.CreditUpdate, SESSION, { creditWindow: 4n }))).toBe(1);
    await end();
  });

  it.each([
    ['RETRY_AFTER', retry(1000)],
    ['RETRY_AFTER of the connection', retry(1000, { flags: PressureFlag.Connection })],
    [
      'ERROR_RECOVERABLE',
      inPreview4(MessageType.ErrorRecoverable, SESSION, {
        retryAfterMs: 1000,
        flags: RecoverableErrorFlag.RetryAfter,
      }),
    ],
    [
      'BACKPRESSURE that says when',
      inPreview4(MessageType.Backpressure, SESSION, {
        pressureLevel: PressureLevel.Hard,
        retryAfterMs: 1000,
      }),
    ],
  ])('waits as long as it is told, and no longer: %s', async (_, said) => {
    const { ask, submitted, time, end } = await client();
    await submitted(said);
    ask();
    time.advance(999);
    expect(await submitted()).toBe(0);
    time.advance(1);
    expect(await submitted()).toBe(1);
    await end();
  });

  it('waits five minutes at most, and for its jitter', async () => {
    const { ask, submitted, time, end } = await client();
    await submitted(retry(0xffff_ffff));
    ask();
    time.advance(299_999);
    expect(await submitted()).toBe(0);
    time.advance(1);
    expect(await submitted()).toBe(1);
    await submitted(retry(100, { jitterMs: 100 }));
    ask();
    time.advance(100);
    expect(await submitted()).toBe(0);
    time.advance(100);
    expect(await submitted()).toBe(1);
    await end();
  });

  it.each([
    ['RETRY_AFTER', retry(700, { scopeId: 1n, flags: PressureFlag.Operation })],
    [
      'ERROR_RECOVERABLE',
      inPreview4(MessageType.ErrorRecoverable, SESSION, {
        retryAfterMs: 700,
        relatedFrameId: 1,
        flags: RecoverableErrorFlag.RetryAfter,
      }),
    ],
  ])('says so with the end of an operation: %s', async (_, said) => {
    const { ask, submitted, failures, end } = await client();
    ask();
    const drop = inPreview4(
      MessageType.ResultDropReason,
      { ...SESSION, frameId: 1 },
      { operationId: 1n, dropReasonCode: DropReason.Backpressure },
    );
    await submitted(said);
    expect(failures).toEqual([]);
    await submitted(drop);
    expect(failures).toMatchObject([{ reason: 'no-room', retryAfterMs: 700 }]);
    // Others do not wait for it.
    ask();
    expect(await submitted()).toBe(1);
    await end();
  });

  it('hears of a handler that says when to try again', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond(() => failure(429, 'too many', { retryAfterMs: 1500 })),
    );
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42), submit4(1));
    await peer.next();
    await peer.next();
    const said = await peer.next();
    expect(messageTypeName(said!.header.messageType)).toBe('RETRY_AFTER');
    expect(RetryAfterMetadata.decode(said!.metadata)).toMatchObject({
      scopeId: 101n,
      retryAfterMs: 1500,
      flags: PressureFlag.Operation,
    });
    expect((await peer.next())?.header.messageType).toBe(MessageType.ResultPush);
  });
});
