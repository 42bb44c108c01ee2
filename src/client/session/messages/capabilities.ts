import { agreeOn, type Capabilities } from '../../../protocol/capability/capabilities';
import { decodeCapabilities, encodeCapabilities } from '../../../protocol/revision/capabilities';
import { breaksRule } from '../../../wire/errors';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { CAPABILITY_TOKENS } from '../../../wire/preview4/capability-tokens';
import { AwaitedAcks, type Patience } from '../../awaited-acks';
import type { Submissions } from '../../submissions/submissions';
import type { SessionCarrier } from '../session-carrier';

/** CAPABILITY_NEGOTIATION, which answers itself, and DEGRADE_PROFILE. */
export class Negotiations extends AwaitedAcks<Capabilities, Capabilities> {
  constructor(
    private readonly carrier: SessionCarrier,
    private readonly submissions: Submissions,
    patience: Patience,
  ) {
    super(MessageType.CapabilityNegotiation, MessageType.CapabilityNegotiation, patience);
  }

  ask(offer: Capabilities): Promise<Capabilities> {
    this.carrier.requireLink();
    this.carrier.requirePreview4('capabilities');
    this.say(offer);
    return this.add(offer);
  }

  /** The answer to an offer, or an offer of the server's, which is answered with what of it this client can do. */
  onCapabilities({ metadata, body }: MessageOf<typeof MessageType.CapabilityNegotiation>): void {
    if (this.firstTurn === Infinity) {
      this.say(agreeOn(decodeCapabilities(metadata, body, []), CAPABILITY_TOKENS));
      return;
    }
    this.settle(({ tokens = [] }) => {
      const agreed = decodeCapabilities(metadata, body, tokens);
      if (!agreed.tokens.every((token) => tokens.includes(token)))
        breaksRule('what CAPABILITY_NEGOTIATION is answered with must have been offered');
      return agreed;
    });
    this.carrier.noteAnswer();
  }

  /** What an answer goes on with; with frame 0 all that are under way. */
  onDegrade({ frameId, metadata, body }: MessageOf<typeof MessageType.DegradeProfile>): void {
    const { inFlight } = this.submissions;
    const degraded = decodeCapabilities(metadata, body, []);
    const asked = inFlight.get(frameId);
    const all = frameId === 0 ? inFlight.all() : [asked];
    for (const each of all) each?.listener?.degraded(degraded);
  }

  private say(capabilities: Capabilities): void {
    const [metadata, body] = encodeCapabilities(capabilities);
    this.carrier.send(MessageType.CapabilityNegotiation, 0, metadata, body);
  }
}
