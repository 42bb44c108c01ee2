import { NnrpError } from '../../wire/errors';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { rule } from '../options/rules';
import { takeOptions, type Rules } from '../options/take-options';
import { jsonBody, type JsonBody } from '../content/json-body';
import type { TypedBody } from '../content/token-decoder';
import { typedPayloads } from '../content/typed-body';

/** What there is to say of a whole answer once it is there. */
export interface AnswerSummary {
  /** Tokens that were read and made. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  readonly model?: string;
  /** Why there is no more of it: `stop`, `length`, or what else the model says. */
  readonly finishReason?: string;
}

const TEXT = rule<string>('a string', (value) => typeof value === 'string');

const RULES: Rules<AnswerSummary> = {
  usage: {
    expected: 'an object with inputTokens and outputTokens, each an integer from 0',
    fits: isUsage,
    // Of a model's own report the rest is nobody's here.
    take: (value) => {
      const { inputTokens, outputTokens } = value as NonNullable<AnswerSummary['usage']>;
      return { inputTokens, outputTokens };
    },
  },
  model: TEXT,
  finishReason: TEXT,
};

/** How the event is called in whose JSON a summary travels. */
const EVENT_TYPE = 'summary';

/**
 * The summary of an answer as a STRUCTURED_EVENT payload, JSON of type `summary`: its one place is the last result.
 * Gives the body, and the fields of the record that declares it. Throws a `TypeError` that names what it cannot have.
 *
 * @example
 * const { body, fields } = encodeSummary({ usage: { inputTokens: 9, outputTokens: 12 }, finishReason: 'stop' });
 * yield submit.complete(body, fields);
 */
export function encodeSummary(summary: AnswerSummary): JsonBody {
  const { usage, model, finishReason } = takeOptions('encodeSummary', summary, RULES);
  const json = JSON.stringify({ type: EVENT_TYPE, usage, model, finishReason });
  return jsonBody(PayloadKind.StructuredEvent, json);
}

/** The summary that a result carries; empty where it has none, whatever else it has. */
export function decodeSummary({ metadata, body }: TypedBody): AnswerSummary {
  if ((metadata.payloadKindBitmap & PayloadKind.StructuredEvent) === 0) return {};
  for (const payload of payloadsOf(metadata, body)) {
    const summary = summaryOf(jsonOf(payload));
    if (summary !== undefined) return summary;
  }
  return {};
}

function payloadsOf(metadata: TypedBody['metadata'], body: Uint8Array): readonly Uint8Array[] {
  try {
    return typedPayloads(metadata, body);
  } catch (error) {
    // What the text of an answer does not need costs it nothing.
    if (error instanceof NnrpError) return [];
    throw error;
  }
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}

/** The summary that an event is, if it is one. A server's word for it: what is not of its type is left out. */
export function summaryOf(event: unknown): AnswerSummary | undefined {
  if (!isRecord(event) || event['type'] !== EVENT_TYPE) return undefined;
  const { usage, model, finishReason } = event;
  return {
    ...(isUsage(usage) && {
      usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens },
    }),
    ...(typeof model === 'string' && { model }),
    ...(typeof finishReason === 'string' && { finishReason }),
  };
}

function isUsage(value: unknown): value is NonNullable<AnswerSummary['usage']> {
  return isRecord(value) && isCount(value['inputTokens']) && isCount(value['outputTokens']);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
