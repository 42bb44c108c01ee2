import { dropResult, partialResult } from '../../../../src/protocol/operation/result';
import { UnreadShares } from '../../../../src/server/session/results/unread-shares';

const HEAD = 104;

/** What waits for a peer that reads nothing until it is told to, of 16,000 bytes at most. */
class Stage {
  readonly shares = new UnreadShares(16_000);
  readonly peer = { queuedBytes: 0 };

  /** Sends a result of so many bytes, head and all; says whether it could. */
  send(frameId: number, bytes: number): boolean {
    try {
      this.shares.add(partialResult(frameId, new Uint8Array(bytes - HEAD)), this.peer);
    } catch {
      return false;
    }
    this.peer.queuedBytes += bytes;
    return true;
  }

  /** Sends for as long as it can; returns what waits then. */
  pour(frameId: number, bytes = 200): number {
    while (this.send(frameId, bytes)) if (this.peer.queuedBytes > 20_000) break;
    return this.peer.queuedBytes;
  }
}

describe('what waits for a peer', () => {
  it('is never so much that the peer is cut off, though several pour it out', () => {
    const stage = new Stage();
    for (const frameId of [1, 2, 3]) expect(stage.pour(frameId)).toBeLessThanOrEqual(16_000);
  });

  it('may be too much where each operation has sent but once: such a peer reads nothing', () => {
    const stage = new Stage();
    expect([1, 2, 3].map((frameId) => stage.send(frameId, 9000))).toEqual([true, true, true]);
  });

  it('may be 15/16 of one operation, and has room for others then', () => {
    const stage = new Stage();
    expect(stage.pour(1)).toBeGreaterThan(14_500);
    for (const frameId of [2, 3, 4, 2, 3, 4]) expect(stage.send(frameId, 110)).toBe(true);
    expect(stage.send(1, 150)).toBe(false);
  });

  it('is forgotten once it is read', () => {
    const stage = new Stage();
    stage.pour(1);
    stage.peer.queuedBytes = 1000;
    expect(stage.send(1, 10_000)).toBe(true);
  });

  it('is not held against who has sent much that was read', () => {
    const stage = new Stage();
    stage.send(1, 2000);
    for (let count = 0; count < 1000; count++) {
      stage.send(2, 500);
      stage.peer.queuedBytes = 2000;
    }
    expect(stage.send(2, 10_000)).toBe(true);
  });

  it('has always room for a drop', () => {
    const stage = new Stage();
    stage.peer.queuedBytes = 16_000;
    expect(() => stage.shares.add(dropResult(1), stage.peer)).not.toThrow();
  });

  it('has no limit where there is none', () => {
    const shares = new UnreadShares(Infinity);
    const peer = { queuedBytes: 1e12 };
    expect(() => shares.add(partialResult(1, new Uint8Array(1)), peer)).not.toThrow();
  });
});
