import { STATUS_OK } from '../../protocol/operation/result';
import { encodeTokens } from '../../protocol/content/token-delta';
import { MessageType } from '../../wire/message-type';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateReason,
  type FlowUpdateMetadata,
} from '../../wire/messages/flow-update';
import { SubmitMode } from '../../wire/messages/frame-submit';
import type { ResultHintMetadata } from '../../wire/messages/result-hint';
import { ResultClass, ResultFlag } from '../../wire/messages/result-push';
import { encodeObjectReferences, type ObjectReferenceBlock } from '../../wire/body/object-reference';
import { joinBody } from '../../wire/body/body-region';
import { EMPTY } from '../../wire/packet';
import { MEASURED } from '../matching/measured';
import { headerPacket, RecordPacket, partsOf, recordPacket, type BuiltPacket } from './built-packet';
import type { Bytes } from './bytes';

type SubmitType = typeof MessageType.FrameSubmit;

/** FRAME_SUBMIT. */
export class SubmitPacket extends RecordPacket<SubmitType> {
  /**
   * Refers to cached objects instead of carrying them. `objectRefMask` has a bit for each of the four
   * standard slots: camera block, tile index block, tensor section table, payload layout template.
   */
  referring(objectRefMask: number, ...blocks: readonly ObjectReferenceBlock[]): SubmitPacket {
    const body = joinBody({ objectReferences: encodeObjectReferences(blocks) });
    return this.withBody(body).with({ submitMode: SubmitMode.Reference, objectRefMask });
  }
}

/**
 * FRAME_SUBMIT as this project's client sends it: the body as it is, text as UTF-8.
 *
 * @example
 * peer.sends('a-b', { a: submit(42, 1, 'prompt'), b: submit(42, 2).with({ latencyBudgetMs: 20 }) });
 */
export function submit(sessionId: number, frameId: number, body: Bytes = EMPTY): SubmitPacket {
  return new SubmitPacket(partsOf(MessageType.FrameSubmit, { sessionId, frameId }, body), {});
}

/** FRAME_CANCEL. */
export function cancel(sessionId: number, frameId: number): BuiltPacket {
  return headerPacket(MessageType.FrameCancel, { sessionId, frameId });
}

type ResultType = typeof MessageType.ResultPush;

/** RESULT_PUSH. */
export class ResultPacket extends RecordPacket<ResultType> {
  /** Also the times that a server fills in, unless `with` says what they are to be. */
  override get ignored(): readonly string[] {
    const said = Object.keys(this.fields).map((name) => `metadata.${name}`);
    return [...super.ignored, ...MEASURED.filter((path) => !said.includes(path))];
  }

  /** A part of the answer; others follow. */
  partial(): ResultPacket {
    return this.with({ resultClass: ResultClass.Partial, resultFlags: ResultFlag.Partial });
  }
}

/**
 * RESULT_PUSH as `session.respond` sends it: a string is a TOKEN_CHUNK payload of the token delta
 * schema, several are as many frames, bytes are the body as it is, and without either it is the bare end of an answer.
 *
 * @example
 * peer.expects('--p-q', { p: result(42, 1, 'delta').partial(), q: result(42, 1) });
 */
export function result(
  sessionId: number,
  frameId: number,
  answer: Bytes | readonly string[] = EMPTY,
): ResultPacket {
  const tokens = typeof answer === 'string' ? [answer] : answer;
  const { body, fields } = tokens instanceof Uint8Array ? { body: tokens, fields: {} } : encodeTokens(tokens);
  const parts = {
    messageType: MessageType.ResultPush,
    header: { sessionId, frameId },
    body,
    ignored: [],
  };
  return new ResultPacket(parts, { statusCode: STATUS_OK, ...fields });
}

/** RESULT_DROP. */
export function drop(sessionId: number, frameId: number): BuiltPacket {
  return headerPacket(MessageType.ResultDrop, { sessionId, frameId });
}

/** RESULT_HINT. */
export function hint(
  sessionId: number,
  frameId: number,
  fields: Partial<ResultHintMetadata> = {},
): RecordPacket<typeof MessageType.ResultHint> {
  return recordPacket(MessageType.ResultHint, { sessionId, frameId }, fields);
}

type FlowType = typeof MessageType.FlowUpdate;

/** FLOW_UPDATE. Each maker below takes the scope's epoch, which rises from 1. */
export class FlowUpdatePacket extends RecordPacket<FlowType> {
  /** Grants credit: how many operations may be in flight. */
  grant(credit: number, creditEpoch: number): FlowUpdatePacket {
    return this.#saying({ updateReason: FlowUpdateReason.Grant, creditEpoch }, credit);
  }

  /** Asks the client to submit nothing more for now. */
  pause(creditEpoch: number): FlowUpdatePacket {
    const backpressureLevel = BackpressureLevel.Hard;
    return this.#saying({ updateReason: FlowUpdateReason.Pause, backpressureLevel, creditEpoch }, 0);
  }

  /** Takes a pause back. */
  resume(credit: number, creditEpoch: number): FlowUpdatePacket {
    return this.#saying({ updateReason: FlowUpdateReason.Resume, creditEpoch }, credit);
  }

  /** Stops the client, because there is no room for what it submits. */
  hard(creditEpoch: number): FlowUpdatePacket {
    const backpressureLevel = BackpressureLevel.Hard;
    return this.#saying({ updateReason: FlowUpdateReason.Congestion, backpressureLevel, creditEpoch }, 0);
  }

  #saying(fields: Partial<FlowUpdateMetadata>, credit: number): FlowUpdatePacket {
    const { scopeKind } = this.fields;
    return this.with({
      flowFlags: FlowFlag.CreditValid,
      connectionCredit: scopeKind === FlowScope.Connection ? credit : 0,
      sessionCredit: scopeKind === FlowScope.Session ? credit : 0,
      operationCredit: scopeKind === FlowScope.Operation ? credit : 0,
      ...fields,
    });
  }
}

/**
 * FLOW_UPDATE of the connection (session 0), of a session, or, with an operation, of that.
 *
 * @example
 * peer.expects('--h---g', { h: flowUpdate(42).hard(1), g: flowUpdate(42).grant(2, 2) });
 */
export function flowUpdate(sessionId = 0, operationId = 0): FlowUpdatePacket {
  const scopeKind =
    sessionId === 0 ? FlowScope.Connection : operationId === 0 ? FlowScope.Session : FlowScope.Operation;
  return new FlowUpdatePacket(partsOf(MessageType.FlowUpdate, { sessionId }), {
    scopeKind,
    operationId: BigInt(operationId),
  });
}
