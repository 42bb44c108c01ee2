import { readFileSync } from 'node:fs';
import { CLIENT_DEFAULTS, RECONNECT_DEFAULTS, SESSION_DEFAULTS } from '../../src/client/options';
import { DEFAULT_OUTBOX_LIMITS } from '../../src/protocol/operation/result-outbox';
import { serverSettings } from '../../src/server/options';
import { DEFAULT_KEEP_ALIVE } from '../../src/transport/liveness/keep-alive';
import { DEFAULT_OBJECT_LIMITS } from '../../src/objects/object-limits';
import { DEFAULT_RETAIN } from '../../src/server/limits/retained-totals';
import { memory } from '../../src/transport/memory';
import { OPTION_DOCS, optionDocs, optionsOf, PAGES } from '../../scripts/option-docs';

const settings = serverSettings({ listen: memory() });

/** What the code fills in, by the interface of the options. */
const FILLED_IN: Readonly<Record<string, object>> = {
  ServerOptions: settings,
  QueueLimits: settings.queue,
  OutboxLimits: DEFAULT_OUTBOX_LIMITS,
  RetainLimits: DEFAULT_RETAIN,
  ObjectLimits: DEFAULT_OBJECT_LIMITS,
  KeepAlive: DEFAULT_KEEP_ALIVE,
  ClientOptions: CLIENT_DEFAULTS,
  SessionOptions: SESSION_DEFAULTS,
  ReconnectOptions: RECONNECT_DEFAULTS,
};

/** `8 MiB` is 8,388,608. */
function numberIn(text: string): number | undefined {
  const [, digits, unit] = /^(\d[\d,.]*|Infinity)( MiB)?(?=$|[,:; ])/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits.replace(/,/g, '')) * (unit === undefined ? 1 : 1024 * 1024);
}

describe('docs/options.md', () => {
  it('is what `npm run docs:options` writes: run it after a change of an option', () => {
    expect(readFileSync(OPTION_DOCS, 'utf8')).toBe(optionDocs());
  });

  it.each(PAGES.map((page) => [page.title, page] as const))(
    'says something of every option of %s',
    (_, { of }) => {
      for (const { name, says, byDefault } of optionsOf(of))
        expect({ name, text: says + (byDefault ?? '') }).not.toEqual({ name, text: '' });
    },
  );

  const numbers = PAGES.flatMap(({ of }) =>
    optionsOf(of).flatMap(({ name, byDefault = '' }) => {
      const filledIn = FILLED_IN[of[1]] as Readonly<Record<string, unknown>> | undefined;
      const value = filledIn?.[name];
      return typeof value === 'number' && numberIn(byDefault) !== undefined
        ? [[`${of[1]}.${name}`, numberIn(byDefault), value] as const]
        : [];
    }),
  );

  it('has the numbers that the code fills in', () => {
    expect(numbers.length).toBeGreaterThanOrEqual(25);
    for (const [option, said, filledIn] of numbers)
      expect({ option, value: said }).toEqual({ option, value: filledIn });
  });

  it('says what every number is that the code fills in', () => {
    const silent = PAGES.flatMap(({ of }) =>
      optionsOf(of)
        .filter(
          ({ name }) => typeof (FILLED_IN[of[1]] as Record<string, unknown> | undefined)?.[name] === 'number',
        )
        .filter(({ byDefault }) => byDefault === undefined)
        .map(({ name }) => `${of[1]}.${name}`),
    );
    expect(silent).toEqual([]);
  });
});
