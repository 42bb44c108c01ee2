import type { ObjectMessage } from '../../../objects/object-table';
import { checkDeclaredBody } from '../../../protocol/declared-body';
import type { SessionCore } from '../session-core';

/** OBJECT_DECLARE, OBJECT_REF, OBJECT_RELEASE, OBJECT_PATCH and OBJECT_DELTA of preview4. */
export function onObject(session: SessionCore, message: ObjectMessage): void {
  checkDeclaredBody(message, session.revision);
  session.stores.objects.receive(message);
}
