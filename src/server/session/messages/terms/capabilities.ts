import { checkDeclaredBody } from '../../../../protocol/declared-body';
import { agreeOn } from '../../../../protocol/capability/capabilities';
import { decodeCapabilities, encodeCapabilities } from '../../../../protocol/revision/capabilities';
import type { MessageOf } from '../../../../wire/message';
import { MessageType } from '../../../../wire/message-type';
import { packet } from '../../../../wire/packet';
import type { SessionCore } from '../../session-core';

/** CAPABILITY_NEGOTIATION: an offer, which is answered with what of it this server can do. */
export function onCapabilities(
  session: SessionCore,
  message: MessageOf<typeof MessageType.CapabilityNegotiation>,
): void {
  const { sender, outlet, sessionId, server } = session;
  const { capabilities } = server.settings;
  checkDeclaredBody(message, session.revision);
  const agreed = agreeOn(decodeCapabilities(message.metadata, message.body, capabilities), capabilities);
  const [metadata, body] = encodeCapabilities(agreed);
  // The offer may be more than its own client takes.
  outlet.requireFit(body);
  sender.agreed = agreed;
  outlet.answer(packet({ messageType: MessageType.CapabilityNegotiation, sessionId }, metadata, body));
}

/** DEGRADE_PROFILE: what an operation's client makes do with, or with frame 0 that of all that the session submits. */
export function onDegrade(session: SessionCore, message: MessageOf<typeof MessageType.DegradeProfile>): void {
  const { server, schedule } = session;
  checkDeclaredBody(message, session.revision);
  const degraded = decodeCapabilities(message.metadata, message.body, server.settings.capabilities);
  schedule.say(message.frameId, { degraded });
}
