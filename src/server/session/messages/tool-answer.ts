import { decodeToolAnswer } from '../../../protocol/content/tool-call';
import { FrameSubmitMetadata } from '../../../wire/messages/frame-submit';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import type { Packet } from '../../../wire/packet';
import type { SessionCore } from '../session-core';
import { REFUSED, type Toll } from '../session-terms';
import { ReceivedSubmit } from '../submits/submit';

const { payloadKindBitmap, dependencyFrameId } = FrameSubmitMetadata.read;

/** Whether a submit answers a call of a tool. */
export function isToolAnswer({ sender }: SessionCore, metadata: Uint8Array): boolean {
  return (
    payloadKindBitmap(metadata) === PayloadKind.ToolDelta &&
    sender.takesTools &&
    dependencyFrameId(metadata) !== 0
  );
}

/**
 * FRAME_SUBMIT that answers a call of its parent's: it takes neither credit nor a slot, and is answered at once, so that
 * its client need not keep it. One that nobody has asked for is refused, without a word more. Throws an `NnrpError`
 * where it came before, or is no answer.
 */
export function onToolAnswer(session: SessionCore, packet: Packet, now: number): Toll | undefined {
  const { operations, names, dialect } = session;
  const context = { record: dialect.submit, objects: [], arrivedAt: now, deadline: Infinity };
  const submit = new ReceivedSubmit(packet, context, operations);
  names?.check(submit, operations);
  operations.settle(submit);
  names?.add(submit, operations);
  const answer = decodeToolAnswer(submit);
  if (answer === undefined) return REFUSED;
  const { dependencyFrameId: parentId } = submit.metadata;
  return operations.toolAnswered(parentId, answer.id, answer.outcome) ? undefined : REFUSED;
}
