import fc from 'fast-check';
import { takeTerms } from '../../../src/client/option-rules';
import type { OperationTerms } from '../../../src/client/submissions/operation-terms';
import { UNBOUNDED } from '../../../src/protocol/operation/budget';
import type { TraceContext } from '../../../src/protocol/operation/trace-context';
import { budgetAfter, budgetMetadata } from '../../../src/protocol/revision/budget';
import { decodeCapabilities, encodeCapabilities } from '../../../src/protocol/revision/capabilities';
import { progressOf, progressPacket } from '../../../src/protocol/revision/progress';
import { routeHintMetadata, routeHintOf } from '../../../src/protocol/revision/route-hint';
import { traceContextOf, tracePacket } from '../../../src/protocol/revision/trace-context';
import { decodeMessage, type MessageOf } from '../../../src/wire/message';
import { MessageType } from '../../../src/wire/message-type';
import { packet } from '../../../src/wire/packet';
import { MAX_SAID_BYTES, preview4 } from '../../../src/wire/preview4';
import { CapabilityMetadata } from '../../../src/wire/preview4/capability';
import { CAPABILITY_TOKENS, encodeCapabilityTokens } from '../../../src/wire/preview4/capability-tokens';
import { RouteHintMetadata, TraceContextMetadata } from '../../../src/wire/preview4/control/hints';
import { BudgetMetadata } from '../../../src/wire/preview4/control/scheduling';
import { recordValues } from '../../support/arbitraries';

/** What a handler reads may be given on as it is, and says the same on the wire as it did. */
function isGivenOn<Value>(
  read: Value,
  give: (terms: Value) => OperationTerms,
  write: (terms: OperationTerms) => Uint8Array,
  readAgain: (bytes: Uint8Array) => Value,
): void {
  const bytes = write(takeTerms(give(read)));
  expect(readAgain(bytes)).toEqual(read);
  expect(write(takeTerms(give(readAgain(bytes))))).toEqual(bytes);
}

const bodies = fc.uint8Array({ maxLength: 1024 });

describe('what a handler reads of a submit', () => {
  it.each(['routeHint', 'executionHint'] as const)('may be given on: %s', (name) => {
    fc.assert(
      fc.property(recordValues(RouteHintMetadata), bodies, (metadata, body) => {
        isGivenOn(
          routeHintOf(metadata, body),
          (hint) => ({ [name]: hint }),
          (terms) => routeHintMetadata(1, terms[name]!),
          (bytes) => routeHintOf(RouteHintMetadata.decode(bytes), body),
        );
      }),
    );
  });

  it('may be given on: a trace', () => {
    const real = recordValues(TraceContextMetadata).filter(
      ({ traceId, spanId }) => traceId !== 0n && spanId !== 0n,
    );
    const traceOf = (metadata: Uint8Array): TraceContext => {
      const said = packet({ messageType: MessageType.TraceContext, sessionId: 1, frameId: 1 }, metadata);
      return traceContextOf(decodeMessage(said, preview4) as MessageOf<typeof MessageType.TraceContext>);
    };
    fc.assert(
      fc.property(real, (metadata) => {
        isGivenOn(
          traceOf(TraceContextMetadata.encode(metadata)),
          (trace) => ({ trace }),
          ({ trace }) => tracePacket(1, 1, trace!).metadata,
          traceOf,
        );
      }),
    );
  });

  it('may be given on: what is left of a budget, however often it was said', () => {
    fc.assert(
      fc.property(fc.array(recordValues(BudgetMetadata), { maxLength: 4 }), (said) => {
        isGivenOn(
          said.reduce(budgetAfter, UNBOUNDED),
          (budget) => ({ budget }),
          ({ budget }) => budgetMetadata(1, budget!),
          (bytes) => budgetAfter(UNBOUNDED, BudgetMetadata.decode(bytes)),
        );
      }),
    );
  });

  it('may be given on: what its client makes do with', () => {
    const own = fc.uniqueArray(fc.stringMatching(/^acme\.[a-z0-9._-]{1,90}$/), { maxLength: 40 });
    const tokens = fc
      .tuple(fc.subarray([...CAPABILITY_TOKENS]), own)
      .map((both) => both.flat())
      .filter((all) => encodeCapabilityTokens(all).length <= MAX_SAID_BYTES);
    fc.assert(
      fc.property(recordValues(CapabilityMetadata), tokens, (fields, able) => {
        const body = encodeCapabilityTokens(able);
        const metadata = { ...fields, capabilityCount: able.length };
        isGivenOn(
          decodeCapabilities(metadata, body, able),
          (degraded) => ({ degraded }),
          ({ degraded }) => encodeCapabilities(degraded!)[0],
          (again) => decodeCapabilities(CapabilityMetadata.decode(again), body, able),
        );
      }),
    );
  });

  it('is none where it is Infinity, whatever a request says besides', () => {
    const hint = { deadlineAt: Infinity, routeId: 7 };
    expect(takeTerms({ routeHint: hint, deadlineAt: Infinity, budget: UNBOUNDED })).toEqual({
      routeHint: hint,
      deadlineAt: Infinity,
      budget: UNBOUNDED,
    });
    expect(RouteHintMetadata.decode(routeHintMetadata(1, hint)).deadlineUnixMs).toBe(0n);
    expect(BudgetMetadata.decode(budgetMetadata(1, UNBOUNDED)).tokenBudget).toBe(0);
  });
});

it('lets a server say how far it is as it has heard it', () => {
  const operation = { frameId: 1, idLow: 1, idHigh: 0, partCount: 0 };
  const texts = fc.string({ maxLength: 60, unit: 'grapheme-ascii' });
  const percents = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined });
  fc.assert(
    fc.property(percents, fc.integer({ min: 0, max: 11 }), texts, (x100, stage, text) => {
      const percent = x100 === undefined ? undefined : x100 / 100;
      const first = progressPacket(1, operation, { percent, stage, text }, 1);
      const read = progressOf(decodeMessage(first, preview4) as MessageOf<typeof MessageType.Progress>);
      expect(read).toEqual({ percent, stage, text });
      expect(progressPacket(1, operation, read, 1)).toEqual(first);
    }),
  );
});
