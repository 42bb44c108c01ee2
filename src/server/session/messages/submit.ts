import { acceptsOperations } from '../../../protocol/session/session-lifecycle';
import { FrameSubmitMetadata } from '../../../wire/messages/frame-submit';
import type { Packet } from '../../../wire/packet';
import { cacheMiss } from '../../connection/error-packet';
import { NO_REFERENCES, refersToObjects } from '../session-cache';
import type { SessionCore } from '../session-core';
import { ReceivedSubmit } from '../submits/submit';
import { noteUnserved } from '../submits/unserved';
import { takenBack } from './cancel';
import { submitCrossed } from './close';
import { isToolAnswer, onToolAnswer } from './tool-answer';
import { QUEUED, REFUSED, type Toll } from '../session-terms';

const { latencyBudgetMs } = FrameSubmitMetadata.read;

/** FRAME_SUBMIT: starts, waits, or is refused. Its metadata are read where they are: most need no message made of them. */
export function onSubmit(session: SessionCore, packet: Packet, now: number): Toll | undefined {
  const { header, metadata, body } = packet;
  const { operations, names } = session;
  const record = session.dialect.submit;
  record.check(metadata);
  if (isToolAnswer(session, metadata)) return onToolAnswer(session, packet, now);
  if (!acceptsOperations(session.state)) return submitCrossed(session, header.frameId);
  const resolved = refersToObjects(metadata)
    ? session.stores.cache.resolve(record.decode(metadata), session.dialect.cache.references(body))
    : NO_REFERENCES;
  if (resolved.kind === 'miss') {
    operations.noteRefused(header.frameId);
    session.sender.refusal(cacheMiss(header, resolved.code));
    return REFUSED;
  }
  const budget = latencyBudgetMs(metadata) || session.open.defaultDeadlineMs;
  const deadline = budget === 0 ? Infinity : now + budget;
  const context = { record, objects: resolved.objects, arrivedAt: now, deadline };
  const submit = new ReceivedSubmit(packet, context, operations);
  if (names?.mayStartAnew === true && operations.has(header.frameId)) {
    names.mayStartAnew = false;
    operations.startAnew();
  }
  names?.check(submit, operations);
  if (session.madeSchedule?.foretold(submit) === 'late') {
    operations.noteRefused(header.frameId);
    session.sender.dropBecause(submit, 'late');
    return takenBack([submit], now);
  }
  const verdict = operations.submit(submit);
  names?.add(submit, operations);
  if (submit.scheduled !== undefined) session.schedule.watch(submit);
  switch (verdict) {
    case 'start':
      return undefined;
    case 'wait':
      noteUnserved(session);
      return QUEUED;
    case 'refuse':
      // No slot and no room to wait: the client did not keep to its credit.
      session.credit.stop();
      return REFUSED;
  }
}
