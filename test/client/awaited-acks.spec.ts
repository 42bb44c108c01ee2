import { AwaitedAcks, type Patience } from '../../src/client/awaited-acks';
import { MessageType } from '../../src/wire/message-type';
import { VirtualTime } from '../support/virtual-time';

const patches = (patience?: Patience): AwaitedAcks<string, string> =>
  new AwaitedAcks(MessageType.SessionPatch, MessageType.SessionPatchAck, patience);
const ackOf = (request: string): string => `ack of ${request}`;
const UNASKED = 'client received SESSION_PATCH_ACK that it did not ask for';

describe('AwaitedAcks', () => {
  it('gives the first ack to the first request', async () => {
    const awaited = patches();
    const answers = [awaited.add('a'), awaited.add('b')];
    expect([awaited.size, awaited.first]).toEqual([2, 'a']);
    awaited.settle(ackOf);
    expect(awaited.first).toBe('b');
    awaited.settle(ackOf);
    expect(await Promise.all(answers)).toEqual(['ack of a', 'ack of b']);
    expect([awaited.size, awaited.first]).toEqual([0, undefined]);
  });

  it('says where nobody waits, and does not judge the ack', () => {
    const awaited = patches();
    const judge = jest.fn(() => 'ack');
    expect(() => {
      awaited.settle(judge);
    }).toThrow(UNASKED);
    expect(judge).not.toHaveBeenCalled();
  });

  it('rejects the request whose ack does not fit, and no other', async () => {
    const awaited = patches();
    const [first, second] = [awaited.add('a'), awaited.add('b')];
    awaited.settle(() => {
      throw new Error('does not fit');
    });
    await expect(first).rejects.toThrow('does not fit');
    awaited.settle(() => 'fits');
    expect(await second).toBe('fits');
  });

  it('rejects the first, answered otherwise, and does nothing where none waits', async () => {
    const awaited = patches();
    const [first, second] = [awaited.add('a'), awaited.add('b')];
    awaited.rejectFirst(new Error('refused'));
    await expect(first).rejects.toThrow('refused');
    awaited.settle(ackOf);
    expect(await second).toBe('ack of b');
    awaited.rejectFirst(new Error('refused'));
    expect(awaited.size).toBe(0);
  });

  it('rejects all, and waits for others then', async () => {
    const awaited = patches();
    const lost = Promise.allSettled([awaited.add('a'), awaited.add('b')]);
    const fault = new Error('the connection is gone');
    awaited.rejectAll(fault);
    expect(await lost).toEqual([
      { status: 'rejected', reason: fault },
      { status: 'rejected', reason: fault },
    ]);
    expect(awaited.size).toBe(0);
    const later = awaited.add('c');
    awaited.settle(() => 'ack');
    expect(await later).toBe('ack');
  });

  it('rejects what has no ack in time, whose ack is then not the next one’s', async () => {
    const time = new VirtualTime();
    const awaited = patches({ session: { sessionId: 7 }, scheduler: time, answerTimeoutMs: 10 });
    const first = expect(awaited.add('a')).rejects.toThrow(
      'the server has not answered SESSION_PATCH of session 7 within 10 ms',
    );
    time.advance(9);
    const next = awaited.add('b');
    time.advance(1);
    await first;
    expect([awaited.size, awaited.first]).toEqual([1, 'b']);
    awaited.settle(() => 'late');
    expect(awaited.size).toBe(1);
    awaited.settle(ackOf);
    expect(await next).toBe('ack of b');
    expect(time.pendingCount).toBe(0);
    expect(() => {
      awaited.settle(() => 'more');
    }).toThrow(UNASKED);
  });

  it('does not wait on another connection for an ack that was late on the one before', async () => {
    const time = new VirtualTime();
    const awaited = patches({ session: { sessionId: 7 }, scheduler: time, answerTimeoutMs: 10 });
    const first = expect(awaited.add('a')).rejects.toThrow('has not answered');
    time.advance(10);
    await first;
    awaited.rejectAll(new Error('the connection is gone'));
    const next = awaited.add('b');
    awaited.settle(() => 'ack');
    expect(await next).toBe('ack');
  });
});
