let tasks: (() => void)[] = [];

/**
 * Does something at the end of this turn of the event loop, after what has come was read: what a turn sends leaves
 * together. One timer for all who ask: a thousand connections with a token each cost one.
 */
export function atTurnEnd(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(runAll);
}

function runAll(): void {
  const due = tasks;
  tasks = [];
  for (const task of due) {
    try {
      task();
    } catch (error) {
      // As if each had a timer of its own: it is nobody else's fault.
      setImmediate(() => {
        throw error;
      });
    }
  }
}
