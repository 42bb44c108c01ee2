import type { OperationTerms } from '../../../src/client/submissions/operation-terms';
import { PriorityClass } from '../../../src/wire/messages/session-open';
import type { Random } from '../random';

const CLASSES = Object.values(PriorityClass);

/** What a program says of an operation besides its submit: mostly nothing. `now` is the date. */
export function drawTerms(random: Random, now: number): OperationTerms {
  return {
    ...(random.chance(0.15) && { deadlineAt: now + random.int(1, 300) }),
    ...(random.chance(0.3) && { priority: random.pick(CLASSES) }),
    ...(random.chance(0.2) && { budget: drawBudget(random) }),
  };
}

/** Another word of what was submitted. */
export function drawUpdate(random: Random, now: number): OperationTerms {
  switch (random.pick(['deadline', 'priority', 'budget'] as const)) {
    case 'deadline':
      return { deadlineAt: now + random.int(1, 300) };
    case 'priority':
      return { priority: random.pick(CLASSES) };
    case 'budget':
      return { budget: drawBudget(random) };
  }
}

function drawBudget(random: Random): NonNullable<OperationTerms['budget']> {
  return {
    tokens: random.pick([Infinity, random.int(1, 4)]),
    bandwidthBytes: random.pick([Infinity, random.int(1, 400)]),
  };
}
