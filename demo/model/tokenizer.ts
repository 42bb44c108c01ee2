/** The token between two paragraphs. */
export const PARAGRAPH = '\n\n';

const ABBREVIATION = String.raw`(?:Mr|Mrs|Dr|St|Mt|Rev|Capt|lbs|etc)\.(?![\p{L}\d])|(?:\p{L}\.){2,}`;
const NUMBER = String.raw`\p{L}?\d{1,3}(?:,\d{3})+`;
// Elisions and possessives belong to the word: ’tis, don’t, goin’, sailors’, sou’-wester.
const WORD = String.raw`’?[\p{L}\p{M}\d]+(?:[’-]{1,2}[\p{L}\p{M}\d]+)*(?:’(?![\p{L}\p{M}\d]))?`;
const TOKEN = new RegExp(String.raw`\n\s*\n\s*|${ABBREVIATION}|${NUMBER}|${WORD}|\S`, 'gu');

const CLOSES_UP_TO_THE_LEFT = /^[,.;:!?)”—…]/u;
const CLOSES_UP_TO_THE_RIGHT = /[(“—$]$/u;

/**
 * Gives straight quotes their direction, and leaves every other character as it is.
 *
 * @example
 * curlQuotes(`"Aye," said I, "don't."`); // “Aye,” said I, “don’t.”
 */
export function curlQuotes(text: string): string {
  return text
    .replace(/(^|[\s(])"/gu, '$1“')
    .replace(/—"(?=[\p{L}\d’'])/gu, '—“')
    .replaceAll('"', '”')
    .replaceAll("'", '’');
}

/**
 * Splits text into words, numbers, single punctuation marks and {@link PARAGRAPH}. Case is kept; straight
 * quotes get their direction. Tokens carry no spaces: {@link spacing} knows where they go.
 *
 * @example
 * tokenize('Call me Ishmael.'); // ['Call', 'me', 'Ishmael', '.']
 */
export function tokenize(text: string): string[] {
  const tokens = curlQuotes(text.trim()).match(TOKEN) ?? [];
  return tokens.map((token) => (token.trim() === '' ? PARAGRAPH : token));
}

/** What separates `token` from `previous` in text: a space, nothing, or the end of a paragraph. */
export function spacing(previous: string | undefined, token: string): string {
  if (previous === PARAGRAPH) {
    return PARAGRAPH;
  }
  return previous === undefined ||
    token === PARAGRAPH ||
    CLOSES_UP_TO_THE_LEFT.test(token) ||
    CLOSES_UP_TO_THE_RIGHT.test(previous)
    ? ''
    : ' ';
}

/**
 * Text out of tokens: the inverse of {@link tokenize} for text spaced as books are.
 *
 * @example
 * detokenize(['“', 'Aye', ',', '”', 'said', 'I', '.']); // “Aye,” said I.
 */
export function detokenize(tokens: readonly string[]): string {
  return tokens
    .map((token, index) => spacing(tokens[index - 1], token) + (token === PARAGRAPH ? '' : token))
    .join('');
}
