import { LogExtent } from '../../../src/server/log/log-extent';

/** Ten results in entries of two, 100 bytes each. */
function tenResults(): LogExtent {
  const extent = new LogExtent();
  for (let last = 2; last <= 10; last += 2) extent.add({ last, bytes: 100 });
  return extent;
}

it('keeps what is wanted, as long as there is room', () => {
  const extent = tenResults();
  expect(extent.trim(4, 300, 10)).toBe(4);
  expect(extent.byteLength).toBe(300);
  expect(extent.trim(4, 200, 10)).toBe(6);
  expect(extent.byteLength).toBe(200);
});

it('counts what clients may lack until that has gone, however little there is room for', () => {
  const extent = tenResults();
  expect(extent.trim(10, 0, 5)).toBe(5);
  expect(extent.byteLength).toBe(300);
  expect(extent.trim(10, 0, 9)).toBe(9);
  expect(extent.trim(10, 0, 10)).toBe(10);
  expect(extent.byteLength).toBe(0);
});

it('holds nothing for updates without results', () => {
  const extent = tenResults();
  for (let update = 0; update < 100; update++) extent.add({ last: 10, bytes: 0 });
  expect(JSON.parse(JSON.stringify(extent))).toHaveProperty('entries.length', 5);
});
