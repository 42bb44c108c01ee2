/**
 * Makes whole characters of a text that comes in strings: one whose halves are in two of them is given with the
 * second, for neither half alone is any character in UTF-8.
 */
export class WholeCharacters {
  private half = '';

  /** The text so far that is whole. */
  take(text: string): string {
    const known = this.half + text;
    const isCut = isHighSurrogate(known.charCodeAt(known.length - 1));
    this.half = isCut ? known.slice(-1) : '';
    return isCut ? known.slice(0, -1) : known;
  }

  /** A half whose other half has not come; empty where there is none. In UTF-8 it is U+FFFD. */
  rest(): string {
    const { half } = this;
    this.half = '';
    return half;
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
