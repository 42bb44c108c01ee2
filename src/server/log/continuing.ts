import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { AnsweringOptions } from '../option-rules';
import type { SessionCore } from '../session/session-core';
import type { Submit } from '../session/session-message';

/** A handler that goes on with what another node has begun. Has the bodies of submits logged, as the next needs them. */
export function continuing(
  core: SessionCore,
  handler: SubmitHandler<Submit>,
  continueWith: AnsweringOptions['continueWith'],
): SubmitHandler<Submit> {
  if (continueWith === undefined) return handler;
  core.outlet.log?.keepBodies();
  const { lost } = core;
  if (lost === undefined) return handler;
  lost.served({ continues: true });
  return (submit, context) => {
    const sent = lost.before(submit.frameId);
    return sent === undefined ? handler(submit, context) : continueWith(submit, sent, context);
  };
}
