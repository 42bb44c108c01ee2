import type { ServerSession } from '../../../src/server/session/session';
import { MessageType } from '../../../src/wire/message-type';
import {
  PressureLevel,
  PressureMetadata,
  RetryAfterMetadata,
} from '../../../src/wire/preview4/control/pressure';
import {
  RecoverableErrorFlag,
  RecoverableErrorMetadata,
} from '../../../src/wire/preview4/control/recoverable-error';
import { RuntimeRole } from '../../../src/wire/preview4/control/runtime-role';
import { ErrorScope } from '../../../src/wire/messages/error-message';
import { sayToClient, speaksPreview4 } from '../innards';
import type { Random } from '../random';

/** Says what servers of preview4 may say of how much is to be submitted; this one says it by FLOW_UPDATE. */
export function sayPressure(session: ServerSession, random: Random): void {
  if (!speaksPreview4(session)) return;
  const retryAfterMs = random.int(1, 60);
  switch (random.pick(['credit', 'stop', 'soft', 'wait', 'retry', 'recoverable'] as const)) {
    case 'credit':
      say(session, MessageType.CreditUpdate, { creditWindow: BigInt(random.int(1, 4)) });
      return;
    case 'stop':
      say(session, MessageType.Backpressure, { pressureLevel: PressureLevel.Hard });
      return;
    case 'soft':
      say(session, MessageType.Backpressure, { pressureLevel: PressureLevel.Soft });
      return;
    case 'wait':
      say(session, MessageType.Backpressure, { pressureLevel: PressureLevel.Paused, retryAfterMs });
      return;
    case 'retry': {
      const metadata = RetryAfterMetadata.of({ retryAfterMs, sourceRole: RuntimeRole.Server });
      sayToClient(session, MessageType.RetryAfter, 0, RetryAfterMetadata.encode(metadata));
      return;
    }
    case 'recoverable': {
      const metadata = RecoverableErrorMetadata.of({
        errorScope: ErrorScope.Session,
        sourceRole: RuntimeRole.Server,
        flags: RecoverableErrorFlag.RetryAfter,
        retryAfterMs,
      });
      sayToClient(session, MessageType.ErrorRecoverable, 0, RecoverableErrorMetadata.encode(metadata));
    }
  }
}

function say(session: ServerSession, type: MessageType, fields: Partial<PressureMetadata>): void {
  sayToClient(session, type, 0, PressureMetadata.encode(PressureMetadata.of(fields)));
}
