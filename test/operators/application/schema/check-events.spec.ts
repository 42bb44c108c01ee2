import { checkEvents } from '../../../../operators/application/schema/check-events';
import { SchemaError } from '../../../../operators/application/schema/schema-error';
import type { StandardSchema } from '../../../../operators/application/schema/standard-schema';
import type { Part } from '../../../../src/protocol/content/parts/part';
import { marbles } from '../../../support/marbles';
import { firstValueFrom, from, of, toArray, noop } from 'rxjs';
import { vendors } from './vendors';

const parts: Record<string, Part> = {
  t: { kind: 'text', text: 'there' },
  e: { kind: 'event', value: { ship: 'Pequod', latitude: '1' } },
  x: { kind: 'event', value: 7 },
};

const hanging: StandardSchema = {
  '~standard': { version: 1, vendor: 'test', validate: () => new Promise<never>(noop) },
};

describe('checkEvents', () => {
  it('gives events as the schema makes them, in order with the rest', async () => {
    const checked$ = from([parts.t!, parts.e!, parts.t!]).pipe(checkEvents(vendors.zod));
    expect(await firstValueFrom(checked$.pipe(toArray()))).toEqual([
      parts.t,
      { kind: 'event', value: { ship: 'Pequod', latitude: 1 } },
      parts.t,
    ]);
  });

  it('errors with what does not fit, and leaves its source', async () => {
    const checked$ = of(parts.x!).pipe(checkEvents(vendors.zod));
    await expect(firstValueFrom(checked$)).rejects.toBeInstanceOf(SchemaError);
  });

  it('waits for a schema as long as it may, and lets go of its source then', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Part>('t-e-t', parts);
      const late = new SchemaError('late', 'the schema has not decided within 5 ms');
      expectObservable(source$.pipe(checkEvents(hanging, { timeoutMs: 5 }))).toBe('t------#', parts, late);
      expectSubscriptions(source$.subscriptions).toBe('^------!');
    });
  });

  it('is unsubscribed from while a schema thinks', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Part>('t-e-', parts);
      expectObservable(source$.pipe(checkEvents(hanging)), '^--!').toBe('t', parts);
      expectSubscriptions(source$.subscriptions).toBe('^--!');
    });
  });

  it('passes what is no part', async () => {
    expect(await firstValueFrom(of('text', null).pipe(checkEvents(vendors.zod), toArray()))).toEqual([
      'text',
      null,
    ]);
  });
});
