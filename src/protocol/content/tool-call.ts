import { failureStatus } from '../operation/failure';
import { PayloadKind } from '../../wire/messages/payload-kind';
import { decodeJson, jsonBody, jsonText, type JsonBody } from './json-body';
import type { TypedBody } from './token-decoder';

/** What a handler asks its client to do: a name that both know, and what JSON has. */
export interface ToolRequest {
  readonly name: string;
  /** Default: none. */
  readonly arguments?: unknown;
}

/** A call as it travels: by number, which only its session's server gives. */
export interface NumberedCall extends ToolRequest {
  readonly id: number;
}

/** What came of a call: a value of JSON, or why there is none. */
export type ToolOutcome =
  | { readonly value: unknown; readonly error?: never }
  | { readonly error: { readonly status: number; readonly text: string }; readonly value?: never };

/** As a TOOL_DELTA payload. Throws a `TypeError` where the arguments are none that JSON has. */
export function encodeToolCall({ id, name, arguments: given }: NumberedCall): JsonBody {
  const call = { type: 'call', id, name };
  if (given === undefined) return jsonBody(PayloadKind.ToolDelta, JSON.stringify(call));
  return withMember(call, 'arguments', jsonText(given, 'the arguments of submit.tool'));
}

/** Undefined where a part is no call of a tool, whatever else it is. */
export function decodeToolCall(part: TypedBody): NumberedCall | undefined {
  const call = messageOf(part, 'call');
  if (call === undefined || typeof call['name'] !== 'string') return undefined;
  return { id: call.id, name: call['name'], arguments: call['arguments'] };
}

/** As a TOOL_DELTA payload. Throws a `TypeError` where the value is none that JSON has. */
export function encodeToolAnswer(id: number, outcome: ToolOutcome): JsonBody {
  const answer = { type: 'answer', id };
  return outcome.error === undefined
    ? withMember(answer, 'value', jsonText(outcome.value, 'the result of a tool'))
    : withMember(answer, 'error', JSON.stringify(outcome.error));
}

/** Undefined where a submit is no answer of a tool. */
export function decodeToolAnswer(submit: TypedBody): { id: number; outcome: ToolOutcome } | undefined {
  const answer = messageOf(submit, 'answer');
  if (answer === undefined) return undefined;
  const { id, error, value } = answer;
  return { id, outcome: isRecord(error) ? { error: failureOf(error) } : { value } };
}

/** What an application gives is made JSON by itself: what is none is told from a member that is left out. */
function withMember(message: object, name: string, json: string): JsonBody {
  const members = JSON.stringify(message).slice(0, -1);
  return jsonBody(PayloadKind.ToolDelta, `${members},"${name}":${json}}`);
}

function messageOf(
  typed: TypedBody,
  type: string,
): (Readonly<Record<string, unknown>> & { readonly id: number }) | undefined {
  const [message] = decodeJson(PayloadKind.ToolDelta, typed);
  if (!isRecord(message) || message['type'] !== type) return undefined;
  const { id } = message;
  return Number.isSafeInteger(id) ? { ...message, id: id as number } : undefined;
}

function failureOf({ status, text }: Readonly<Record<string, unknown>>): { status: number; text: string } {
  return { status: failureStatus(status), text: typeof text === 'string' ? text : '' };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
