import type * as Ark from 'arktype' with { 'resolution-mode': 'import' };
import * as v from 'valibot';
import { z } from 'zod';
import type { StandardSchema } from '../../../../operators/application/schema/standard-schema';

/** An ES module only, which jest makes another of. */
const { type } = jest.requireActual<typeof Ark>('arktype');

/** A sighting, in the words of each library that speaks Standard Schema: of degrees, which are sent as text. */
export interface Sighting {
  readonly ship: string;
  readonly latitude: number;
}

const degrees = (text: string): number => Number.parseFloat(text);

export const vendors = {
  zod: z.object({ ship: z.string(), latitude: z.string().transform(degrees) }),
  valibot: v.object({ ship: v.string(), latitude: v.pipe(v.string(), v.transform(degrees)) }),
  arktype: type({ ship: 'string', latitude: type('string').pipe(degrees) }),
} satisfies Record<string, StandardSchema<unknown, Sighting>>;

export const slow = {
  zod: z.string().refine(async () => true),
  valibot: v.pipeAsync(
    v.string(),
    v.checkAsync(async () => true),
  ),
} satisfies Record<string, StandardSchema>;
