import { UnreachedNodes } from '../../../src/server/relay/unreached-nodes';
import { VirtualTime } from '../../support/virtual-time';

let time: VirtualTime;
let told: unknown[];
let unreached: UnreachedNodes;

beforeEach(() => {
  time = new VirtualTime();
  told = [];
  unreached = new UnreachedNodes(time, (error) => told.push(error));
});

/** Attempts that fail, one each second. */
function miss(node: string, count: number): void {
  for (let each = 0; each < count; each++) {
    unreached.missed(node, time.now(), node);
    time.advance(1000);
  }
}

it('are told each, once', () => {
  miss('a', 10);
  expect(told).toEqual([]);
  miss('b', 20);
  miss('a', 20);
  expect(told).toEqual(['b', 'a']);
});

it('are told again once they were reached between', () => {
  miss('a', 20);
  unreached.reached('a');
  miss('a', 10);
  expect(told).toEqual(['a']);
  miss('a', 10);
  expect(told).toEqual(['a', 'a']);
});

it('are told again, and forgotten till then, where nobody asked for a minute', () => {
  miss('a', 20);
  time.advance(61_000);
  miss('a', 10);
  expect(told).toEqual(['a']);
  miss('a', 10);
  expect(told).toEqual(['a', 'a']);
});

it('are judged by when an attempt began, not by how long it took', () => {
  const triedAt = time.now();
  unreached.missed('a', triedAt, 'a');
  time.advance(30_000);
  unreached.missed('a', triedAt, 'a');
  expect(told).toEqual([]);
});

it('are told at once where somebody is there who is none, and not again as no link comes about', () => {
  for (let each = 0; each < 20; each++) {
    unreached.atFault('a', 'another');
    unreached.missed('a', time.now(), 'lost');
    time.advance(1000);
  }
  expect(told).toEqual(['another']);
});
