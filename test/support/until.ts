/** Waits, but not for ever, until something holds that only the network can bring about. */
export async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const patience = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > patience) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await pause(2);
  }
}

/** Lets the network go on. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
