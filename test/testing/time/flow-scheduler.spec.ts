import { FlowScheduler } from '../../../src/testing/time/flow-scheduler';

describe('FlowScheduler', () => {
  it('runs an action at a time, in order of time and of arrival', () => {
    const scheduler = new FlowScheduler();
    const ran: string[] = [];
    const note = (what: string) => () => void ran.push(`${what}@${scheduler.now()}`);
    scheduler.schedule(note('late'), 5);
    scheduler.schedule(note('first'), 1);
    scheduler.schedule(note('second'), 1);
    expect(scheduler.nextDue).toBe(1);
    scheduler.runNext();
    expect(ran).toEqual(['first@1']);
    scheduler.runNext();
    scheduler.runNext();
    scheduler.runNext();
    expect(ran).toEqual(['first@1', 'second@1', 'late@5']);
    expect(scheduler.nextDue).toBeUndefined();
  });

  it('does not run what was unsubscribed', () => {
    const scheduler = new FlowScheduler();
    const run = jest.fn();
    scheduler.schedule(run, 3).unsubscribe();
    expect(scheduler.pending).toEqual([]);
    scheduler.runNext();
    expect(run).not.toHaveBeenCalled();
  });

  it('throws what an action throws', () => {
    const scheduler = new FlowScheduler();
    scheduler.schedule(() => {
      throw new TypeError('no');
    });
    expect(() => scheduler.runNext()).toThrow(new TypeError('no'));
  });

  it('says who has set a timer', () => {
    const scheduler = new FlowScheduler();
    scheduler.schedule(() => undefined, 7);
    expect(scheduler.pending.map(({ due }) => due)).toEqual([7]);
    expect(scheduler.pending[0]?.origin).toContain('flow-scheduler.spec.ts');
  });

  it('gives up a frame that does not end', () => {
    const scheduler = new FlowScheduler();
    scheduler.schedule(function () {
      this.schedule();
    });
    const run = () => {
      for (let count = 0; count < 200_000; count++) scheduler.runNext();
    };
    expect(run).toThrow('frame 0 does not end');
  });

  it('leaves time to runNext: what RxJS flushes stays', () => {
    const scheduler = new FlowScheduler();
    const run = jest.fn();
    scheduler.schedule(run);
    expect(scheduler.inRunMode(({ time }) => time('---|'))).toBe(3);
    expect(run).not.toHaveBeenCalled();
  });
});
