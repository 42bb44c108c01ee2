import { concat, NEVER, of, throwError } from 'rxjs';
import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import { EndCode } from '../../../src/protocol/operation/end-code';
import { failure } from '../../../src/protocol/operation/failure';
import type { ServerOptions } from '../../../src/server/options';
import type { Submit } from '../../../src/server/session/session-message';
import { open, resumeToken, scriptedTokens, submit } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { ErrorMetadata, ErrorScope } from '../../../src/wire/messages/error-message';
import { ResultClass, ResultPushMetadata } from '../../../src/wire/messages/result-push';
import type { Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { arrived, openedPeer, sendAll } from '../limits/support';

afterEach(endServed);

const SESSION = 42;
const slowly = failure(429, 'slowly, please', { retryAfterMs: 2000 });

async function serve(handler: SubmitHandler<Submit>, options: Partial<ServerOptions> = {}) {
  const served = new Served({ randomBytes: scriptedTokens(), ...options });
  served.server.sessions$.subscribe((session) => session.respond(handler));
  return served;
}

const old = open(SESSION).resumable();
const news = old.announced();

/** What a peer hears of its first operation behind the ack. */
async function heard(served: Served, opening = news, submits = [1]): Promise<Packet[]> {
  const peer = await openedPeer(served, opening);
  await sendAll(
    peer,
    submits.map((id) => submit(SESSION, id)),
  );
  return arrived(peer);
}

const textOf = ({ body }: Packet): string => new TextDecoder().decode(body);

describe('a failure', () => {
  it('is ERROR of frame scope for a client that takes it so', async () => {
    const served = await serve(() => throwError(() => slowly));
    const [error, ...others] = await heard(served);
    expect(error!.header).toMatchObject({ messageType: MessageType.Error, sessionId: SESSION, frameId: 1 });
    expect(ErrorMetadata.decode(error!.metadata)).toEqual(
      ErrorMetadata.of({
        errorCode: 429,
        errorScope: ErrorScope.Frame,
        retryAfterMs: 2000,
        relatedSessionId: SESSION,
        relatedFrameId: 1,
        diagnosticBytes: 14,
      }),
    );
    expect(textOf(error!)).toBe('slowly, please');
    expect([others, served.failures]).toEqual([[], []]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, sessions: 1 });
  });

  it('is a last result with its status and its text for any other', async () => {
    const [result, ...others] = await heard(await serve(() => slowly), old);
    expect(result!.header).toMatchObject({ messageType: MessageType.ResultPush, frameId: 1 });
    expect(ResultPushMetadata.decode(result!.metadata)).toMatchObject({
      statusCode: 429,
      resultClass: ResultClass.Complete,
      payloadKindBitmap: 0,
    });
    expect([textOf(result!), others]).toEqual(['slowly, please', []]);
  });

  it('that says nothing is RESULT_DROP for any other', async () => {
    const [result, ...others] = await heard(await serve(() => throwError(() => new Error('secret'))), old);
    expect(result!.header).toMatchObject({ messageType: MessageType.ResultDrop, frameId: 1 });
    expect(others).toEqual([]);
  });

  it('sends 256 bytes of its text, in whole characters, and never a stack', async () => {
    const long = failure(500, `a${'€'.repeat(1000)}`);
    for (const opening of [news, old]) {
      const [packet] = await heard(await serve(() => long), opening);
      expect(textOf(packet!)).toBe(`a${'€'.repeat(85)}`);
    }
  });

  it('comes behind what was answered before it', async () => {
    const session = await (
      await serve(() =>
        concat(
          of('a', 'b'),
          throwError(() => slowly),
        ),
      )
    ).open();
    const seen = told(session.submit({}));
    await settled();
    expect(seen.slice(0, 2)).toMatchObject([{ type: 'push' }, { type: 'push' }]);
    expect(seen.slice(2)).toMatchObject([
      {
        name: 'OperationError',
        reason: 'failed',
        status: 429,
        text: 'slowly, please',
        retryAfterMs: 2000,
        outcome: 'given-up',
        message:
          'operation 1 of session 1 has no result: its handler failed (status 429): slowly, please; try again in 2000 ms',
      },
    ]);
  });

  it('counts as a result: who has it is not sent it again, who has not is', async () => {
    for (const [receivedResults, expected] of [
      [1, []],
      [0, [MessageType.Error]],
    ] as const) {
      const served = await serve(() => slowly);
      const peer = await openedPeer(served, news);
      await sendAll(peer, [submit(SESSION, 1)]);
      expect(await arrived(peer)).toHaveLength(1);
      peer.destroy();
      await settled();
      const next = await Peer.connect(served.endpoint);
      await sendAll(next, [open(SESSION).resuming(resumeToken(1)).announced({ receivedResults })]);
      expect((await arrived(next)).slice(1).map(({ header }) => header.messageType)).toEqual(expected);
      await endServed();
    }
  });

  it.each([
    [200, 'the status of a failure must be an integer from 400 to 599, got 200'],
    [399, 'the status of a failure must be an integer from 400 to 599, got 399'],
    [600, 'the status of a failure must be an integer from 400 to 599, got 600'],
    [404.5, 'the status of a failure must be an integer from 400 to 599, got 404.5'],
  ])('has a status of HTTP, and not %d', (status, message) => {
    expect(() => failure(status)).toThrow(new RangeError(message));
  });

  it('says of an argument that is none what it may be', () => {
    expect(() => failure(404, 7 as unknown as string)).toThrow('the text of a failure must be a string');
    expect(() => failure(404, '', { retryAfter: 1 } as object)).toThrow('did you mean retryAfterMs?');
    expect(() => failure(404, '', { retryAfterMs: -1 })).toThrow(RangeError);
  });
});

describe('an operation that ends without an answer', () => {
  const codes = (packets: readonly Packet[]): unknown[] =>
    packets
      .filter(({ header }) => header.messageType === MessageType.Error)
      .map(({ header, metadata }) => [header.frameId, ErrorMetadata.decode(metadata).errorCode]);

  it.each<[string, (submit: Submit) => void, number]>([
    ['fails', (each) => each.fail(), 500],
    ['is superseded', (each) => each.supersede(), EndCode.Superseded],
    ['is late', (each) => each.expire(), EndCode.Late],
  ])('says so where it %s', async (_, end, code) => {
    const served = new Served();
    served.server.sessions$.subscribe(({ submits$ }) => submits$.subscribe(end));
    expect(codes(await heard(served))).toEqual([[1, code]]);
    const [drop] = (await heard(await endedBy(end), old)).slice(-1);
    expect(drop!.header.messageType).toBe(MessageType.ResultDrop);
  });

  it('says where there was no room, and where there was no credit', async () => {
    const queue = { maxSubmits: 1 };
    const within = await serve(() => NEVER, { queue, maxInFlightOperations: 1, grantedOperationCredit: 4 });
    expect(codes(await heard(within, news.with({ maxInFlightOperations: 1 }), [1, 2, 3]))).toEqual([
      [3, EndCode.NoRoom],
    ]);
    await endServed();
    const beyond = await serve(() => NEVER, { queue, maxInFlightOperations: 1, grantedOperationCredit: 2 });
    expect(codes(await heard(beyond, news.with({ maxInFlightOperations: 1 }), [1, 2, 3]))).toEqual([
      [3, EndCode.OverCredit],
    ]);
  });

  async function endedBy(end: (submit: Submit) => void): Promise<Served> {
    const served = new Served();
    served.server.sessions$.subscribe(({ submits$ }) => submits$.subscribe(end));
    return served;
  }
});
