import { TokenGuard } from '../../../src/server/opening/token-guard';

function guard() {
  const clock = { now: 0 };
  return { clock, guard: new TokenGuard({ burst: 3, perSecond: 1 }, () => clock.now) };
}

describe('a token guard', () => {
  it('knows who fails too often by the address, until that is made up for', () => {
    const { guard: tokens, clock } = guard();
    for (let port = 1; port <= 3; port++) expect(tokens.failed(`10.0.0.1:${port}`)).toBeUndefined();
    expect(tokens.failed('10.0.0.1:9')).toBe(4);
    expect(tokens.failed('10.0.0.2:9')).toBeUndefined();
    clock.now = 1000;
    expect(tokens.failed('10.0.0.1:9')).toBeUndefined();
    expect(tokens.failed('10.0.0.1:9')).toBe(6);
  });

  it('remembers 10,000 addresses at most, those that failed last', () => {
    const { guard: tokens, clock } = guard();
    const fail = (host: string): void => {
      for (let count = 0; count < 3; count++) tokens.failed(`${host}:1`);
    };
    for (let number = 0; number < 10_000; number++) fail(`host${number}`);
    fail('another');
    expect(tokens['failures'].size).toBe(10_000);
    expect(tokens.failed('host1:1')).toBe(4);
    expect(tokens.failed('another:1')).toBe(4);
    expect(tokens.failed('host0:1')).toBeUndefined();
    // Who has made up for it is forgotten first, all at once.
    clock.now = 3000;
    fail('one more');
    expect(tokens['failures'].size).toBe(1);
  });
});
