import { CloseDeadline } from '../../src/transport/close-deadline';

describe('CloseDeadline', () => {
  const cut = jest.fn();
  /** Milliseconds of fake time: what lies in the socket is read first. */
  const READING_MS = 2;

  beforeEach(() => {
    jest.useFakeTimers();
    cut.mockClear();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('cuts once, so long after the first start', () => {
    const deadline = new CloseDeadline(100, cut);
    jest.advanceTimersByTime(1000);
    deadline.start();
    jest.advanceTimersByTime(60);
    deadline.start();
    jest.advanceTimersByTime(39);
    expect(cut).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1 + READING_MS);
    expect(cut).toHaveBeenCalledTimes(1);
    deadline.start();
    jest.advanceTimersByTime(1000);
    expect(cut).toHaveBeenCalledTimes(1);
  });

  it('does not cut what has ended in time', () => {
    const deadline = new CloseDeadline(100, cut);
    deadline.start();
    deadline.stop();
    jest.advanceTimersByTime(1000);
    expect(cut).not.toHaveBeenCalled();
    new CloseDeadline(100, cut).stop();
  });

  it('leaves 5 seconds by default', () => {
    new CloseDeadline(undefined, cut).start();
    jest.advanceTimersByTime(4_999);
    expect(cut).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1 + READING_MS);
    expect(cut).toHaveBeenCalledTimes(1);
  });

  it('can be for ever', () => {
    const deadline = new CloseDeadline(Infinity, cut);
    deadline.start();
    jest.advanceTimersByTime(2 ** 31);
    expect(cut).not.toHaveBeenCalled();
    deadline.stop();
  });
});
