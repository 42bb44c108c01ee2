import { interrupt$ } from '../../../demo/cli/interrupts';

describe('interrupt$', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('takes a signal that comes twice for one press, and a later one for the next', () => {
    let presses = 0;
    const subscription = interrupt$.subscribe(() => {
      presses += 1;
    });
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGINT', 'SIGINT');
    jest.advanceTimersByTime(50);
    process.emit('SIGINT', 'SIGINT');
    expect(presses).toBe(1);
    jest.advanceTimersByTime(100);
    process.emit('SIGINT', 'SIGINT');
    expect(presses).toBe(2);
    jest.runAllTimers();
    subscription.unsubscribe();
  });

  it('keeps the signal from ending the program when nobody listens any more', () => {
    interrupt$.subscribe().unsubscribe();
    expect(process.listenerCount('SIGINT')).toBeGreaterThan(0);
  });
});
