import { noop } from 'rxjs';
import { check } from '../../../../operators/application/schema/check';
import { SchemaError } from '../../../../operators/application/schema/schema-error';
import type {
  Checked,
  Verdict,
  StandardSchema,
} from '../../../../operators/application/schema/standard-schema';
import { slow, vendors, type Sighting } from './vendors';

function schemaOf(validate: (value: unknown) => unknown): StandardSchema {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: validate as (value: unknown) => Verdict<unknown>,
    },
  };
}

async function refused(schema: StandardSchema, value: unknown, timeoutMs = 20): Promise<SchemaError> {
  try {
    await check(schema, value, { timeoutMs });
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe.each(Object.entries(vendors))('a schema of %s', (_, schema) => {
  it('gives what it makes of a value, of its type', async () => {
    const sighting: Sighting = await check(schema, { ship: 'Pequod', latitude: '41.2' });
    expect(sighting).toEqual({ ship: 'Pequod', latitude: 41.2 });
  });

  it('says what it has against another', async () => {
    const error = await refused(schema, { ship: 7, latitude: '1' });
    expect(error.reason).toBe('invalid');
    expect(error.issues.length).toBeGreaterThan(0);
    expect(error.message).toMatch(/^the value does not fit its schema: ship: .*string/);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name: 'SchemaError', reason: 'invalid' });
  });
});

it.each(Object.entries(slow))('a schema of %s may take its time', async (_, schema) => {
  expect(await check(schema, 'whale')).toBe('whale');
  expect((await refused(schema, 7)).reason).toBe('invalid');
});

describe('a schema', () => {
  it('infers the type of what it gives', () => {
    const typed: Checked<(typeof vendors)['zod']> = { ship: 'x', latitude: 1 };
    expect(typed.latitude).toBe(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('of its own');
      },
      'threw',
      'the schema has failed: of its own',
    ],
    [
      'rejects',
      async () => {
        throw new Error('later');
      },
      'threw',
      'the schema has failed: later',
    ],
    ['gives nothing', () => undefined, 'threw', 'the schema has failed: it gave no result'],
    ['hangs', () => new Promise<never>(noop), 'late', 'the schema has not decided within 20 ms'],
  ])('that %s costs who asks', async (_, validate, reason, message) => {
    expect(await refused(schemaOf(validate), 1)).toMatchObject({ reason, message });
  });

  it('is listened to for three issues', async () => {
    const issues = [1, 2, 3, 4, 5].map((step) => ({ message: 'no', path: ['list', { key: step }] }));
    const error = await refused(
      schemaOf(() => ({ issues })),
      1,
    );
    expect(error.message).toBe(
      'the value does not fit its schema: list.1: no; list.2: no; list.3: no; and 2 more',
    );
    expect(error.issues).toHaveLength(5);
  });

  it.each([undefined, null, 7, {}, () => 1, { '~standard': 1 }])('is not %p', async (given) => {
    await expect(check(given as never, 1)).rejects.toThrow(
      /^the schema must be a schema, which has `~standard`/,
    );
  });

  it.each([-1, NaN, 'x'])('has no %p ms', async (timeoutMs) => {
    const options = { timeoutMs: timeoutMs as number };
    await expect(check(vendors.zod, 1, options)).rejects.toThrow(/^timeoutMs must be 0 ms or more/);
  });
});
