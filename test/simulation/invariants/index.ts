import { ghostsAreIgnored, oneWayIn, oneWayOut, ownAcks, ownToken } from './attachment';
import { clientUsageIsRight, countersAreRight, usageIsRight, withinBounds } from './bounds';
import { costsItsCall } from './calls';
import { notEarly, notOverdue, readsFirst } from './clocks';
import { handlerStops, noStartAfterClose, notCutShort, overByDeadline } from './closing';
import { withinGrant, withinMaxInFlight } from './credit';
import { bothEndsAgree, nothingIsLeft } from './ends';
import { heedsHolds, heldWithinBounds, slowForLong, slowOnesAreHeld } from './holds';
import type { Invariant } from './invariant';
import {
  answerIsTheAnswer,
  endsForAReason,
  endsOnce,
  everyOneEnds,
  noAnswerAfterEnd,
  nothingAfterTheEnd,
  oneTerminalResult,
  partsInOrder,
  startsOnce,
} from './outcomes';
import { refersToItsOwn, saysThatItIsAnother, saysWhetherItRan, sendsNothingAnew } from './reopened';
import {
  endsWhenTakenBack,
  firstOfThoseThatWait,
  noObjectIsLeft,
  noProgressAfterEnd,
  notBeforeItsDeadline,
  notPastItsDeadline,
  objectsAgree,
  objectsWithinBounds,
  poorForAReason,
  progressInOrder,
  withinBudget,
} from './meanings';
import { isTaken } from './sizes';
import { recordedSurfaces, replaysTheSame, takesBack, waitsItsWindow } from './recorded';

/** Of the run as a whole, which only a second run can tell. */
export const ONE_TRACE = { number: 13, text: 'one seed, one trace' } as const;

/** That the simulation itself goes on: nothing throws where nobody catches, nothing comes from nowhere. */
export const GOES_ON = { number: 0, text: 'nothing fails that nobody has made fail' } as const;

/** What holds in every run, whatever goes wrong. */
export const INVARIANTS: readonly Invariant[] = [
  {
    ...GOES_ON,
  },
  {
    number: 1,
    text: 'each operation surfaces at most one terminal outcome and nothing after it, exactly one by the end',
    operation: [nothingAfterTheEnd, endsForAReason],
    settled: [everyOneEnds],
    end: [everyOneEnds],
  },
  { number: 2, text: 'a handler starts at most once per operation', operation: [startsOnce] },
  {
    number: 3,
    text: 'a terminal result recorded while detached surfaces byte-equal after a resume in the window',
    operation: [recordedSurfaces],
    fact: [waitsItsWindow, replaysTheSame, takesBack],
  },
  {
    number: 4,
    text: 'partial results surfaced are a gapless prefix of those emitted',
    operation: [partsInOrder],
  },
  {
    number: 5,
    text: 'outstanding submits never exceed the grant of a client that obeys',
    fact: [withinGrant],
    session: [withinMaxInFlight],
  },
  {
    number: 6,
    text: 'at most one transport is attached to a session and packets of an older attachment change nothing',
    operation: [ghostsAreIgnored],
    fact: [oneWayOut, oneWayIn],
    world: [ownAcks],
  },
  {
    number: 7,
    text: 'cancel against completion has one winner',
    operation: [endsOnce, answerIsTheAnswer],
    fact: [noAnswerAfterEnd, oneTerminalResult],
  },
  {
    number: 8,
    text: 'every queue is within its count and byte bounds and the counters equal a recount',
    session: [withinBounds, countersAreRight],
    world: [usageIsRight, clientUsageIsRight],
  },
  { number: 9, text: 'only the current or the not yet confirmed previous token attaches', fact: [ownToken] },
  {
    number: 10,
    text: 'no handler starts after an accepted SESSION_CLOSE, all end by the drain deadline',
    operation: [handlerStops],
    fact: [noStartAfterClose, notCutShort],
    session: [overByDeadline],
  },
  {
    number: 11,
    text: 'at the end timers, subscriptions, maps and bytes are zero',
    end: [nothingIsLeft],
  },
  {
    number: 12,
    text: 'once faults stop everything ends within twice the longest timeout',
    settled: [bothEndsAgree],
  },
  { ...ONE_TRACE },
  {
    number: 14,
    text: 'a call with arguments that cannot be sent is refused at once, and does nothing else',
    fact: [costsItsCall],
  },
  {
    number: 15,
    text: 'a process that stood still reads what has come before it gives a peer up',
    fact: [readsFirst],
  },
  {
    number: 16,
    text: 'a session that was given for a time ends with it by the date, whatever sets the date',
    session: [notOverdue],
    fact: [notEarly],
  },
  {
    number: 17,
    text: 'no packet is sent that is larger than the other end takes over that connection',
    fact: [isTaken],
  },
  {
    number: 18,
    text: 'an answer that is pulled too slowly is held, alone, and what waits of it at either end is counted and bounded',
    fact: [heedsHolds, slowForLong],
    session: [heldWithinBounds],
    world: [slowOnesAreHeld],
  },
  {
    number: 19,
    text: 'a session that its server has no more is another, and says so: what was sent stays unknown, the rest is sent',
    operation: [saysWhetherItRan],
    fact: [saysThatItIsAnother, sendsNothingAnew, refersToItsOwn],
  },
  {
    number: 27,
    text: 'an operation ends by the date that its client says, or as that takes it back, and not before',
    fact: [notBeforeItsDeadline, endsWhenTakenBack],
    world: [notPastItsDeadline],
  },
  {
    number: 28,
    text: 'an answer uses no more than its budget, and ends for it only where it would',
    fact: [withinBudget, poorForAReason],
  },
  {
    number: 29,
    text: 'of those that wait for a slot the first by class and by arrival starts',
    fact: [firstOfThoseThatWait],
  },
  {
    number: 30,
    text: 'objects are within their bounds, end with their owner, their time and their session, and both ends have the same',
    session: [objectsWithinBounds],
    settled: [objectsAgree],
    end: [noObjectIsLeft],
  },
  {
    number: 31,
    text: 'how far an answer is is heard in the order in which it was said, and not after its end',
    operation: [progressInOrder],
    fact: [noProgressAfterEnd],
  },
];

export function textOf(invariant: number): string {
  return INVARIANTS.find(({ number }) => number === invariant)?.text ?? 'unknown';
}
