/** Where a text is cut before anything is merged, as GPT-2 does it; digits stand alone. */
const PIECES = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const DIGIT = /(\p{N})/u;

/** The characters that stand for the 256 bytes: their own, where they can be seen. */
const CHARACTERS = byteCharacters();
const BYTES = new Map(CHARACTERS.map((character, byte) => [character, byte]));

export interface Vocabulary {
  /** By number. */
  readonly tokens: readonly string[];
  /** Pairs that are merged, those that are merged first first: `Ġ t`. */
  readonly merges: readonly string[];
}

/** Byte pair encoding over bytes: every text has tokens, and comes back from them as it was. */
export class ByteBpe {
  private readonly ids: ReadonlyMap<string, number>;
  private readonly ranks: ReadonlyMap<string, number>;

  constructor(private readonly vocabulary: Vocabulary) {
    this.ids = new Map(vocabulary.tokens.map((token, id) => [token, id]));
    this.ranks = new Map(vocabulary.merges.map((pair, rank) => [pair, rank]));
  }

  /** The number of a token that is written as it is, `<|im_end|>` say; undefined where there is none. */
  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  encode(text: string): number[] {
    return text
      .split(DIGIT)
      .flatMap((part) => (DIGIT.test(part) ? [part] : (part.match(PIECES) ?? [])))
      .flatMap((piece) => this.merged(piece))
      .map((token) => this.ids.get(token) ?? 0);
  }

  /** The bytes of a token, which may be a part of a character. */
  bytes(id: number): Uint8Array {
    return Uint8Array.from(this.vocabulary.tokens[id] ?? '', (character) => BYTES.get(character) ?? 0);
  }

  private merged(piece: string): string[] {
    let parts = Array.from(new TextEncoder().encode(piece), (byte) => CHARACTERS[byte]!);
    for (;;) {
      let best: { readonly rank: number; readonly left: string; readonly right: string } | undefined;
      for (let at = 1; at < parts.length; at++) {
        const [left, right] = [parts[at - 1]!, parts[at]!];
        const rank = this.ranks.get(`${left} ${right}`);
        if (rank !== undefined && rank < (best?.rank ?? Infinity)) best = { rank, left, right };
      }
      if (best === undefined) return parts;
      parts = joined(parts, best.left, best.right);
    }
  }
}

/** With every such pair as one. */
function joined(parts: readonly string[], left: string, right: string): string[] {
  const result: string[] = [];
  for (let at = 0; at < parts.length; at++) {
    const isPair = parts[at] === left && parts[at + 1] === right;
    result.push(isPair ? left + right : parts[at]!);
    if (isPair) at += 1;
  }
  return result;
}

function byteCharacters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isSeen = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCodePoint(isSeen ? byte : next++);
  });
}
