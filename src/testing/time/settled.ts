// As they are when this module is loaded: a flow, or a test's fake timers, may replace them later.
const realImmediate = typeof setImmediate === 'function' ? setImmediate : undefined;
const realTimeout = setTimeout;

/** Resolves once every promise that could settle by itself has: a turn of the event loop later. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    if (realImmediate !== undefined) realImmediate(resolve);
    else if (typeof MessageChannel === 'function') nextMessage(resolve);
    else realTimeout(resolve, 0);
  });
}

/** In browsers, where timers are slow. */
function nextMessage(resolve: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(undefined);
}

/** Waits in real time. */
export function realPause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    realTimeout(resolve, ms);
  });
}
