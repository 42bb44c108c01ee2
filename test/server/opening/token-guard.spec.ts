import { TokenGuard } from '../../../src/server/opening/token-guard';

function guard() {
  const clock = { now: 0 };
  return { clock, guard: new TokenGuard({ burst: 3, perSecond: 1 }, () => clock.now) };
}

describe('a token guard', () => {
  it('knows who fails too often by the address, until that is made up for', () => {
    const { guard: tokens, clock } = guard();
    for (let port = 1; port <= 3; port++) expect(tokens.judge(`10.0.0.1:${port}`, true)).toBeUndefined();
    expect(tokens.judge('10.0.0.1:9', true)).toBe(4);
    expect(tokens.judge('10.0.0.2:9', true)).toBeUndefined();
    clock.now = 1000;
    expect(tokens.judge('10.0.0.1:9', true)).toBeUndefined();
    expect(tokens.judge('10.0.0.1:9', true)).toBe(6);
  });

  it('remembers 10,000 addresses at most, those that failed last', () => {
    const { guard: tokens, clock } = guard();
    const fail = (host: string): void => {
      for (let count = 0; count < 3; count++) tokens.judge(`${host}:1`, true);
    };
    for (let number = 0; number < 10_000; number++) fail(`host${number}`);
    fail('another');
    expect(tokens['failures'].size).toBe(10_000);
    expect(tokens.judge('host1:1', true)).toBe(4);
    expect(tokens.judge('another:1', true)).toBe(4);
    expect(tokens.judge('host0:1', true)).toBeUndefined();
    // Who has made up for it is forgotten first, all at once.
    clock.now = 3000;
    fail('one more');
    expect(tokens['failures'].size).toBe(1);
  });
});
