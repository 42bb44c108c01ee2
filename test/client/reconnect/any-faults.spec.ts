import fc from 'fast-check';
import { map, timer } from 'rxjs';
import { connect, OperationError } from '../../../src';
import { settled } from '../../support/async';
import { told } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';
import { Place } from './place';

/** What may happen: to a place, or for so many milliseconds. */
type Step =
  | { readonly kind: 'cut' | 'down' | 'up' | 'restart'; readonly at: 0 | 1 }
  | { readonly kind: 'submit'; readonly answerMs: number }
  | { readonly kind: 'pass'; readonly ms: number };

const at = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut', 'down', 'up', 'restart'), at }),
  fc.record({ kind: fc.constant('submit'), answerMs: fc.integer({ min: 0, max: 1500 }) }),
  fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 0, max: 1500 }) }),
);

/** A client of two servers, and what its submits have come to. */
class House {
  readonly time = new VirtualTime();
  readonly places = [this.place('a'), this.place('b')] as const;
  /** How often each submit was run, by its body. */
  readonly runs = new Map<string, number>();
  readonly outcomes: { readonly body: string; readonly seen: readonly unknown[] }[] = [];

  async session() {
    const client = await connect(
      this.places.map(({ endpoint }) => endpoint),
      {
        scheduler: this.time,
        keepAlive: { idleMs: 0 },
        revision: 'preview3',
        random: () => 0.5,
        reconnect: { maxDelayMs: 500, giveUpMs: Infinity },
      },
    );
    return { client, session: await client.openSession({ defaultDeadlineMs: 0 }) };
  }

  /** Lets time pass, with all that waits for promises meanwhile. */
  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      this.time.advance(50);
      await settled();
    }
  }

  private place(name: string): Place {
    const { time } = this;
    const place = new Place(name, time, (submit) => {
      const body = new TextDecoder().decode(submit.body);
      this.runs.set(body, (this.runs.get(body) ?? 0) + 1);
      return timer(Number(body.split(' ')[1]), time).pipe(map(() => body));
    });
    place.start();
    return place;
  }
}

/** States of sessions that were met. */
const met = new Set<unknown>();

async function play(steps: readonly Step[]): Promise<void> {
  const house = new House();
  const { client, session } = await house.session();
  const states = told(session.state$);
  const submit = (answerMs: number): void => {
    const body = `${house.outcomes.length} ${answerMs}`;
    house.outcomes.push({ body, seen: told(session.submit({ body }).text$) });
  };
  for (const each of steps) {
    if (each.kind === 'pass') await house.pass(each.ms);
    else if (each.kind === 'submit') submit(each.answerMs);
    else house.places[each.at][each.kind]();
    await settled();
  }
  for (const place of house.places) place.up();
  await house.pass(6000);
  submit(0);
  await house.pass(500);
  const { outcomes, runs } = house;
  for (const state of states) met.add(state);
  // It stays, whatever happens to its servers, and says so in order.
  expect(states.filter((state) => state === 'expired' || state === 'closed')).toEqual([]);
  expect(states.filter((state, index) => state === states[index - 1])).toEqual([]);
  for (const { body, seen } of outcomes) {
    const end = seen.at(-1);
    const ran = runs.get(body) ?? 0;
    if (end === '|') expect([seen, ran]).toEqual([[body, '|'], 1]);
    else {
      expect(end).toBeInstanceOf(OperationError);
      expect(ran).toBeLessThanOrEqual((end as OperationError).outcome === 'not-run' ? 0 : 1);
    }
  }
  expect(outcomes.at(-1)?.seen.at(-1)).toBe('|');
  const closed = client.close();
  await house.pass(6000);
  await closed;
}

it('a session survives whatever its servers do, ends each submit once, and runs nothing twice', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), play), { numRuns: 60 });
  expect([...met].sort()).toEqual(['open', 'reconnecting', 'reopened', 'resumed']);
}, 60_000);
