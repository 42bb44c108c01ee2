import { agreeOn, type Capabilities } from '../../../protocol/capability/capabilities';
import { decodeCapabilities, encodeCapabilities } from '../../../protocol/revision/capabilities';
import { breaksRule } from '../../../wire/errors';
import type { MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { CAPABILITY_TOKENS } from '../../../wire/preview4/capability-tokens';
import { AwaitedAcks, type Patience } from '../../awaited-acks';
import { requireSent } from '../../submissions/require-sent';
import type { Submissions } from '../../submissions/submissions';
import type { SessionCarrier } from '../session-carrier';

/** CAPABILITY_NEGOTIATION, which answers itself, and DEGRADE_PROFILE. */
export class Negotiations extends AwaitedAcks<Capabilities, Capabilities> {
  /** The tokens of the last answer: beside those that are registered, what a degraded profile may be said in. */
  private agreed: readonly string[] = [];

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
    const [metadata, body] = encodeCapabilities(offer);
    this.carrier.send(MessageType.CapabilityNegotiation, 0, metadata, body);
    return this.add(offer);
  }

  /**
   * The answer to an offer, or an offer of the server's, which is answered with what of it this client can do. A server of
   * this project makes none: to answer what it answers too late would be an offer to it, and so on for ever.
   */
  onCapabilities({ metadata, body }: MessageOf<typeof MessageType.CapabilityNegotiation>): void {
    if (this.firstTurn === Infinity && !this.carrier.speech.takesBlocks) {
      const agreed = agreeOn(decodeCapabilities(metadata, body, []), CAPABILITY_TOKENS);
      this.carrier.answer(MessageType.CapabilityNegotiation, 0, ...encodeCapabilities(agreed));
      return;
    }
    this.settle(({ tokens = [] }) => {
      const agreed = decodeCapabilities(metadata, body, tokens);
      if (!agreed.tokens.every((token) => tokens.includes(token)))
        breaksRule('what CAPABILITY_NEGOTIATION is answered with must have been offered');
      this.agreed = agreed.tokens;
      return agreed;
    });
    this.carrier.noteAnswer();
  }

  /** What an answer goes on with; with frame 0 all that are under way. */
  onDegrade({ header, metadata, body }: MessageOf<typeof MessageType.DegradeProfile>): void {
    const { inFlight } = this.submissions;
    if (header.frameId !== 0) requireSent(this.submissions, header);
    const degraded = decodeCapabilities(metadata, body, this.agreed);
    const all = header.frameId === 0 ? inFlight.all() : [inFlight.get(header.frameId)];
    for (const each of all) each?.listener?.degraded(degraded);
  }

  /** Another session of the server's, with which nothing is agreed on yet. */
  begin(): void {
    this.agreed = [];
  }
}
