import { marblesOf } from './marbles';

describe('events as marbles', () => {
  it('have a line for each actor, the same column for the same time, and a legend', () => {
    const text = marblesOf([
      { time: 3, actor: 'server', text: 'listens' },
      { time: 5, actor: 'client 1', text: 'submits' },
      { time: 5, actor: 'client 1', text: 'submits again' },
      { time: 1200, actor: 'server', text: 'answers' },
      { time: 1200, actor: 'client 1', text: 'waits' },
    ]);
    expect(text.split('\n')).toEqual([
      'ms        3 5    1200',
      'client 1  --(bc)-e---',
      'server    a------d---',
      '',
      'a      3 ms  server    listens',
      'b      5 ms  client 1  submits',
      'c      5 ms  client 1  submits again',
      'd   1200 ms  server    answers',
      'e   1200 ms  client 1  waits',
    ]);
  });

  it('are nothing where nothing happened', () => {
    expect(marblesOf([])).toBe('ms\n');
  });

  it('have as many letters as the last 50 events take', () => {
    const events = Array.from({ length: 50 }, (_, index) => ({
      time: index,
      actor: 'x',
      text: `event ${index}`,
    }));
    const [, line = ''] = marblesOf(events).split('\n');
    expect(new Set(line.match(/[a-zA-Z]/g))).toHaveProperty('size', 50);
  });
});
