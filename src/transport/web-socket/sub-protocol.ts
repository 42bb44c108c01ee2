import { rule, type Rule } from '../../protocol/options/rules';

/** As HTTP has tokens; anything else could not be asked for. */
const SUB_PROTOCOL = /^[\w!#$%&'*+.^`|~-]+$/;

export const subProtocol: Rule<string> = rule(
  'the name of a sub-protocol',
  (value) => typeof value === 'string' && SUB_PROTOCOL.test(value),
  'string',
);
