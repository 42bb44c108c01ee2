import { Awaited } from '../../src/client/awaited';
import { VirtualTime } from '../support/virtual-time';

describe('Awaited', () => {
  it('gives the first ack to the first request', async () => {
    const awaited = new Awaited<string, string>();
    const answers = [awaited.add('a'), awaited.add('b')];
    expect([awaited.size, awaited.first]).toEqual([2, 'a']);
    expect(awaited.settle((request) => `ack of ${request}`)).toBe(true);
    expect(awaited.first).toBe('b');
    awaited.settle((request) => `ack of ${request}`);
    expect(await Promise.all(answers)).toEqual(['ack of a', 'ack of b']);
    expect([awaited.size, awaited.first]).toEqual([0, undefined]);
  });

  it('says where nobody waits, and does not judge the ack', () => {
    const awaited = new Awaited<string, string>();
    const judge = jest.fn(() => 'ack');
    expect(awaited.settle(judge)).toBe(false);
    expect(judge).not.toHaveBeenCalled();
  });

  it('rejects the request whose ack does not fit, and no other', async () => {
    const awaited = new Awaited<string, string>();
    const [first, second] = [awaited.add('a'), awaited.add('b')];
    const settled = awaited.settle(() => {
      throw new Error('does not fit');
    });
    expect(settled).toBe(true);
    await expect(first).rejects.toThrow('does not fit');
    awaited.settle(() => 'fits');
    expect(await second).toBe('fits');
  });

  it('rejects all, and waits for others then', async () => {
    const awaited = new Awaited<string, string>();
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
    const patience = { scheduler: time, ms: 10, error: () => new Error('too late') };
    const awaited = new Awaited<string, string>();
    const first = expect(awaited.add('a', patience)).rejects.toThrow('too late');
    time.advance(9);
    const next = awaited.add('b', patience);
    time.advance(1);
    await first;
    expect([awaited.size, awaited.first]).toEqual([1, 'b']);
    expect(awaited.settle(() => 'late')).toBe(true);
    expect(awaited.settle((request) => `ack of ${request}`)).toBe(true);
    expect(await next).toBe('ack of b');
    expect([awaited.settle(() => 'more'), time.pendingCount]).toEqual([false, 0]);
  });

  it('does not wait on another connection for an ack that was late on the one before', async () => {
    const time = new VirtualTime();
    const awaited = new Awaited<string, string>();
    const first = expect(
      awaited.add('a', { scheduler: time, ms: 10, error: () => new Error('too late') }),
    ).rejects.toThrow('too late');
    time.advance(10);
    await first;
    awaited.rejectAll(new Error('the connection is gone'));
    const next = awaited.add('b');
    awaited.settle(() => 'ack');
    expect(await next).toBe('ack');
  });
});
